//! The handle of a running broker.

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;

use crate::cluster::Cluster;
use crate::request_log::{Request, RequestLog};
use crate::topics::MAX_PARTITIONS;
use crate::{BrokerError, Config, connection};

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
        // A caller that stopped waiting drops the broker, which stops it.
        let starting = launch(config, move |started| drop(tell.send(started)))?;
        match told.await {
            Ok(started) => started.map(|parts| parts.broker(starting)),
            Err(_) => Err(died()),
        }
    }

    /// Starts a broker and waits until it listens; for callers without an async runtime.
    ///
    /// # Errors
    /// When the address or the data folder cannot be used; see [`BrokerError`].
    pub fn start_blocking(config: Config) -> Result<Broker, BrokerError> {
        let (tell, told) = std::sync::mpsc::channel();
        let starting = launch(config, move |started| drop(tell.send(started)))?;
        match told.recv() {
            Ok(started) => started.map(|parts| parts.broker(starting)),
            Err(_) => Err(died()),
        }
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

/// What a broker that has started tells its handle.
struct Started {
    address: SocketAddr,
    log: Arc<RequestLog>,
    stop: watch::Sender<bool>,
    stopped: oneshot::Receiver<()>,
}

impl Started {
    fn broker(self, thread: JoinHandle<()>) -> Broker {
        let Started {
            address,
            log,
            stop,
            stopped,
        } = self;
        Broker {
            address,
            log,
            stop,
            stopped: Some(stopped),
            thread: Some(thread),
        }
    }
}

fn died() -> BrokerError {
    BrokerError::Threads(std::io::Error::other(
        "the broker's thread died while it started",
    ))
}

/// Starts the broker's own thread, which tells when it has started or why it has not.
fn launch(
    config: Config,
    tell: impl FnOnce(Result<Started, BrokerError>) + Send + 'static,
) -> Result<JoinHandle<()>, BrokerError> {
    let thread = std::thread::Builder::new().name("farandole-broker".into());
    let run = move || match prepare(config) {
        Err(error) => tell(Err(error)),
        Ok((runtime, listener, cluster, address)) => {
            let (stop, stopping) = watch::channel(false);
            let (done, stopped) = oneshot::channel();
            tracing::info!(%address, "an embedded broker, for development and tests, is listening");
            let log = Arc::clone(&cluster.requests);
            tell(Ok(Started {
                address,
                log,
                stop,
                stopped,
            }));
            run(runtime, listener, cluster, stopping);
            // An error means that nobody waits for the end.
            let _ = done.send(());
        }
    };
    thread.spawn(run).map_err(BrokerError::Threads)
}

/// Checks the settings, reads the data folder and listens.
fn prepare(
    config: Config,
) -> Result<(Runtime, TcpListener, Arc<Cluster>, SocketAddr), BrokerError> {
    check(&config)?;
    let wanted = config.listen;
    let listen = |source| BrokerError::Listen {
        address: wanted,
        source,
    };
    let log = Arc::new(RequestLog::new(config.request_log));
    let cluster = Arc::new(Cluster::open(config, log)?);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("farandole-broker")
        .enable_all()
        .build()
        .map_err(BrokerError::Threads)?;
    let listener = runtime
        .block_on(TcpListener::bind(wanted))
        .map_err(listen)?;
    let address = listener.local_addr().map_err(listen)?;
    Ok((runtime, listener, cluster, address))
}

fn check(config: &Config) -> Result<(), BrokerError> {
    if !config.listen.ip().is_loopback() && !config.allow_remote {
        return Err(BrokerError::NotLoopback(config.listen));
    }
    if !(1..=MAX_PARTITIONS).contains(&config.default_partitions) {
        return Err(BrokerError::Setting {
            name: "default_partitions",
            value: config.default_partitions.to_string(),
            problem: "must be between 1 and 10000",
        });
    }
    Ok(())
}

/// Runs the broker until it is told to stop.
fn run(
    runtime: Runtime,
    listener: TcpListener,
    cluster: Arc<Cluster>,
    mut stopping: watch::Receiver<bool>,
) {
    runtime.block_on(async {
        let mut tasks = JoinSet::new();
        let timed = Arc::clone(&cluster);
        tasks.spawn(async move { timed.groups.keep_time().await });
        tokio::select! {
            // An error means that the handle is gone, which is a stop as well.
            _ = stopping.wait_for(|stop| *stop) => {}
            () = accept(&listener, &cluster, &mut tasks) => {}
        }
        drop(listener);
        tasks.shutdown().await;
    });
    // Here the last of the files are closed and the data folder is given free.
    drop(runtime);
    drop(cluster);
}

/// Accepts connections, for ever.
async fn accept(listener: &TcpListener, cluster: &Arc<Cluster>, tasks: &mut JoinSet<()>) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                tasks.spawn(connection::serve(Arc::clone(cluster), stream));
            }
            Err(error) => {
                // Out of file descriptors, most likely: leave others time to close some.
                tracing::warn!(%error, "a connection was not accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
        while let Some(ended) = tasks.try_join_next() {
            if let Err(error) = ended
                && error.is_panic()
            {
                tracing::error!("a connection ended by a panic: {error}");
            }
        }
    }
}
