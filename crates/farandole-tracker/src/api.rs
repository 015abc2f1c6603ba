//! The HTTP API. Every answer carries `as_of`: when it was computed, and how far the tracker had read.

mod ask;
mod groups;
mod id;
mod instances;
mod metrics;
mod openapi;
mod query;
mod stream;
mod topology;
mod workflows;

use std::sync::Arc;

use axum::{Router, routing::get};
use farandole_runtime::{Probes, http};

use crate::{inspect::Latest, page, store::Books};

/// What the API answers from.
#[derive(Clone)]
pub struct App {
    books: Books,
    latest: Latest,
    clock: Arc<dyn Fn() -> i64 + Send + Sync>,
}

impl App {
    /// Answers from these books and offsets, at the time of this machine's clock.
    pub fn new(books: Books, latest: Latest) -> Self {
        Self {
            books,
            latest,
            clock: Arc::new(farandole_runtime::now_ms),
        }
    }

    /// The same with another clock, in milliseconds since the Unix epoch.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Fn() -> i64 + Send + Sync + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    fn now_ms(&self) -> i64 {
        (self.clock)()
    }
}

/// Every route: the API, the page, the probes.
pub fn router(app: App, probes: &Probes) -> Router {
    Router::new()
        .route("/api/workflows", get(workflows::list))
        .route("/api/workflows/{name}", get(workflows::one))
        .route("/api/instances", get(instances::list))
        .route("/api/instances/{id}", get(instances::one))
        .route("/api/instances/{id}/events", get(instances::events))
        .route("/api/instances/{id}/why", get(instances::why))
        .route("/api/topology", get(topology::topology))
        .route("/api/groups", get(groups::groups))
        .route("/api/stream", get(stream::stream))
        .route("/metrics", get(metrics::metrics))
        .route("/openapi.json", get(openapi::document))
        .with_state(app)
        .merge(page::router())
        .merge(probes.router())
        .fallback(http::not_found)
}
