//! What runs beside the subscriber: HTTP servers, probes, background work.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use farandole_runtime::{Probes, Shutdown, http};
use futures_util::future::BoxFuture;
use tokio::net::TcpListener;
use tokio::task::{JoinError, JoinSet};

use crate::ServiceError;

/// How long everything beside may take to end after the shutdown. HTTP bounds itself to five seconds.
const END: Duration = Duration::from_secs(6);

pub(super) struct Beside(JoinSet<Result<(), ServiceError>>);

impl Beside {
    /// Binds every address first, so that a taken one is an error at start.
    pub(super) async fn start(
        listen: Vec<(Router, SocketAddr)>,
        mut serve: Vec<(Router, TcpListener)>,
        probe_listen: Option<SocketAddr>,
        background: Vec<BoxFuture<'static, ()>>,
        probes: &Probes,
        shutdown: &Shutdown,
    ) -> Result<Self, ServiceError> {
        for (app, address) in listen {
            serve.push((app, bind(address).await?));
        }
        let mut beside = JoinSet::new();
        if let Some(address) = probe_listen {
            let listener = bind(address).await?;
            beside.spawn(server(probes.router(), listener, shutdown.clone()));
        }
        for (app, listener) in serve {
            beside.spawn(server(
                app.merge(probes.router()),
                listener,
                shutdown.clone(),
            ));
        }
        for work in background {
            beside.spawn(async {
                work.await;
                Ok(())
            });
        }
        Ok(Self(beside))
    }

    /// Waits for something to fail; what ends without an error is none.
    pub(super) async fn failed(&mut self) -> ServiceError {
        while let Some(ended) = self.0.join_next().await {
            if let Err(error) = flat(ended) {
                return error;
            }
        }
        std::future::pending().await
    }

    /// Waits a bounded time for everything to end.
    pub(super) async fn end(mut self) {
        let all = async {
            while let Some(ended) = self.0.join_next().await {
                if let Err(error) = flat(ended) {
                    tracing::error!(%error, "while ending");
                }
            }
        };
        if tokio::time::timeout(END, all).await.is_err() {
            tracing::warn!(
                left = self.0.len(),
                "background work did not end in time and is cut off"
            );
        }
    }
}

async fn bind(address: SocketAddr) -> Result<TcpListener, ServiceError> {
    TcpListener::bind(address)
        .await
        .map_err(|source| ServiceError::Listen { address, source })
}

async fn server(
    app: Router,
    listener: TcpListener,
    shutdown: Shutdown,
) -> Result<(), ServiceError> {
    let failed = |error: std::io::Error| ServiceError::Beside {
        what: "the HTTP server",
        message: error.to_string(),
    };
    let address = listener.local_addr().map_err(failed)?;
    tracing::info!(%address, "serving HTTP");
    http::serve(listener, app, shutdown).await.map_err(failed)
}

fn flat(ended: Result<Result<(), ServiceError>, JoinError>) -> Result<(), ServiceError> {
    ended.unwrap_or_else(|error| {
        Err(ServiceError::Beside {
            what: "background work",
            message: error.to_string(),
        })
    })
}
