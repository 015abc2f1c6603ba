use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::{Problem, guard};
use crate::Shutdown;

/// What one server allows.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How long a client may take to send a request's head, and how long a connection may idle.
    pub header_read: Duration,
    /// Connections at one time; more wait to be accepted.
    pub connections: usize,
    /// How long connections may take to finish after the end was requested.
    pub graceful_end: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            header_read: Duration::from_secs(10),
            connections: 1024,
            graceful_end: Duration::from_secs(5),
        }
    }
}

/// Serves `app` (with [`defaults`](super::defaults) around it) until `shutdown`, then lets open requests finish for 5 s.
///
/// A listener on a loopback address answers only requests whose `Host` is this machine, so that a page from
/// elsewhere can't reach it by a name of its own.
///
/// # Errors
/// The listener's address can't be told. Failures of single connections are logged.
pub async fn serve(listener: TcpListener, app: Router, shutdown: Shutdown) -> io::Result<()> {
    serve_with(listener, app, shutdown, Limits::default()).await
}

/// [`serve`] with other limits.
///
/// # Errors
/// As [`serve`].
pub async fn serve_with(
    listener: TcpListener,
    app: Router,
    shutdown: Shutdown,
    limits: Limits,
) -> io::Result<()> {
    let mut app = guard::defaults(app);
    if listener.local_addr()?.ip().is_loopback() {
        app = app.layer(middleware::from_fn(this_machine));
    }
    let places = Arc::new(Semaphore::new(limits.connections));
    let mut connections = JoinSet::new();
    loop {
        let (stream, place) = tokio::select! {
            () = shutdown.requested() => break,
            Some(ended) = connections.join_next() => { report(ended); continue }
            accepted = accept(&listener, &places) => match accepted {
                Ok(accepted) => accepted,
                Err(error) => { pause_after(&error).await; continue }
            },
        };
        let (app, shutdown) = (app.clone(), shutdown.clone());
        connections.spawn(async move {
            connection(stream, app, shutdown, limits.header_read).await;
            drop(place);
        });
    }
    drop(listener);
    let finish = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(limits.graceful_end, finish)
        .await
        .is_err()
    {
        tracing::warn!(
            open = connections.len(),
            "connections are cut off after waiting {:?}",
            limits.graceful_end
        );
        connections.shutdown().await;
    }
    Ok(())
}

async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> io::Result<(TcpStream, tokio::sync::OwnedSemaphorePermit)> {
    let place = places
        .clone()
        .acquire_owned()
        .await
        .map_err(io::Error::other)?;
    let (stream, _) = listener.accept().await?;
    Ok((stream, place))
}

/// Running out of file descriptors must not become a busy loop.
async fn pause_after(error: &io::Error) {
    let of_one_connection = matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
    );
    if !of_one_connection {
        tracing::warn!(%error, "a connection can't be accepted; trying again in a second");
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

async fn connection(stream: TcpStream, app: Router, shutdown: Shutdown, header_read: Duration) {
    let _ = stream.set_nodelay(true);
    // Without a timer hyper's own header limit does nothing.
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(header_read)
        .max_buf_size(64 * 1024)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(app));
    let mut serving = std::pin::pin!(serving);
    let ended = tokio::select! {
        ended = serving.as_mut() => ended,
        () = shutdown.requested() => {
            serving.as_mut().graceful_shutdown();
            serving.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}

fn report(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "a connection's task failed");
    }
}

async fn this_machine(request: Request, next: Next) -> Response {
    let host = request
        .headers()
        .get(header::HOST)
        .map(|host| host.to_str().unwrap_or_default());
    if host.is_none_or(local) {
        return next.run(request).await;
    }
    Problem::new(StatusCode::MISDIRECTED_REQUEST)
        .detail("this server answers only for localhost; to be reached by another name, let it listen on another address")
        .into_response()
}

fn local(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name.eq_ignore_ascii_case("localhost")
        || name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}
