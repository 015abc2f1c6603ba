use std::{io, net::SocketAddr};

use farandole_read::{Inspector, ReadError};
use farandole_runtime::{Probes, SettingsError, Shutdown, http};
use tokio::net::TcpListener;

use crate::{
    Options,
    api::{self, App},
    follow::Follower,
    inspect::{self, Latest},
    store::{Store, StoreError, StoreOptions},
};

/// Why the tracker can't run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// Kafka settings are refused.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The store can't be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Kafka can't be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The address is taken or not ours.
    #[error("can't listen on {address}: {source}. Choose another with --listen")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The system's words.
        source: io::Error,
    },
    /// Serving ended.
    #[error("the HTTP server has failed: {0}")]
    Serve(#[source] io::Error),
}

/// Follows and serves until `shutdown`. `ready` is told the address once it is served.
///
/// # Errors
/// Settings, store, address or Kafka client are refused. A broker that can't be reached is waited for.
pub async fn run(
    options: Options,
    shutdown: Shutdown,
    ready: impl FnOnce(SocketAddr),
) -> Result<(), RunError> {
    let kafka = options.common.kafka()?;
    let listen = |source| RunError::Listen {
        address: options.listen,
        source,
    };
    let listener = TcpListener::bind(options.listen).await.map_err(listen)?;
    let address = listener.local_addr().map_err(listen)?;
    let store = Store::open(
        &options.data,
        StoreOptions {
            default_within_ms: options.default_within,
        },
    )?;
    let (books, latest, probes) = (store.books(), Latest::default(), Probes::new());
    let inspector = Inspector::open(&kafka, &options.client_id)?;
    let follower = Follower::open(
        kafka,
        &options.client_id,
        inspector.clone(),
        store,
        options.topics.clone(),
        probes.clone(),
    )?;
    let inspecting = tokio::spawn(inspect::keep(
        inspector,
        books.clone(),
        latest.clone(),
        shutdown.clone(),
    ));
    let following = tokio::spawn(follower.run(shutdown.clone()));
    ready(address);
    let served = http::serve(
        listener,
        api::router(App::new(books, latest), &probes),
        shutdown,
    )
    .await;
    // The store is closed after its last batch; questions to a silent broker are not waited for.
    let _ = following.await;
    inspecting.abort();
    served.map_err(RunError::Serve)
}
