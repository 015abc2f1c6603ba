//! The handle of a running broker.

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;

use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::{oneshot, watch};

use crate::request_log::{Request, RequestLog};
use crate::{BrokerError, Config};

/// A running broker. Dropping it stops it.
#[derive(Debug)]
pub struct Broker {
    address: SocketAddr,
    log: Arc<RequestLog>,
    stop: watch::Sender<bool>,
    stopped: Option<oneshot::Receiver<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Broker {
    /// Starts a broker and waits until it listens.
    ///
    /// # Errors
    /// When the address or the data folder cannot be used; see [`BrokerError`].
    pub async fn start(config: Config) -> Result<Broker, BrokerError> {
        let (tell, told) = oneshot::channel();
        std::thread::Builder::new()
            .name("farandole-broker-start".into())
            .spawn(move || {
                // A caller that stopped waiting drops the broker, which stops it.
                let _ = tell.send(Broker::start_blocking(config));
            })
            .map_err(BrokerError::Threads)?;
        told.await.unwrap_or_else(|_| {
            Err(BrokerError::Threads(std::io::Error::other(
                "the start-up thread died",
            )))
        })
    }

    /// Starts a broker and waits until it listens; for callers without an async runtime.
    ///
    /// # Errors
    /// When the address or the data folder cannot be used; see [`BrokerError`].
    pub fn start_blocking(config: Config) -> Result<Broker, BrokerError> {
        check(&config)?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("farandole-broker")
            .enable_all()
            .build()
            .map_err(BrokerError::Threads)?;
        let listen = |source| BrokerError::Listen {
            address: config.listen,
            source,
        };
        let listener = runtime
            .block_on(TcpListener::bind(config.listen))
            .map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let log = Arc::new(RequestLog::new(config.request_log));
        let (stop, stopping) = watch::channel(false);
        let (tell, stopped) = oneshot::channel();
        let thread = std::thread::Builder::new()
            .name("farandole-broker".into())
            .spawn(move || {
                run(runtime, listener, stopping);
                let _ = tell.send(());
            })
            .map_err(BrokerError::Threads)?;
        tracing::info!(%address, "embedded broker for development and tests is listening");
        Ok(Broker {
            address,
            log,
            stop,
            stopped: Some(stopped),
            thread: Some(thread),
        })
    }

    /// The address the broker listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The value for a client's `bootstrap.servers`: `127.0.0.1:9092`.
    pub fn bootstrap_servers(&self) -> String {
        self.address.to_string()
    }

    /// The requests received since the start or the last [`clear_requests`](Self::clear_requests),
    /// oldest first. Empty unless [`Config::request_log`] is set.
    pub fn requests(&self) -> Vec<Request> {
        self.log.all()
    }

    /// Forgets the requests received so far.
    pub fn clear_requests(&self) {
        self.log.clear();
    }

    /// Stops the broker: closes every connection and its files, and gives the data folder free.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        if let Some(stopped) = self.stopped.take() {
            // An error means that the thread has ended already.
            let _ = stopped.await;
        }
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the embedded broker's thread ended by a panic");
        }
    }
}

fn check(config: &Config) -> Result<(), BrokerError> {
    if !config.listen.ip().is_loopback() && !config.allow_remote {
        return Err(BrokerError::NotLoopback(config.listen));
    }
    if !(1..=10_000).contains(&config.default_partitions) {
        return Err(BrokerError::Setting {
            name: "default_partitions",
            value: config.default_partitions.to_string(),
            problem: "must be between 1 and 10000",
        });
    }
    Ok(())
}

/// Runs the broker until it is told to stop.
fn run(runtime: Runtime, listener: TcpListener, mut stopping: watch::Receiver<bool>) {
    runtime.block_on(async {
        // An error means that the handle is gone, which is a stop as well.
        let _ = stopping.wait_for(|stop| *stop).await;
        drop(listener);
    });
}
