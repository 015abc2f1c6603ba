use std::future::Future;

use farandole::{Outgoing, Publisher};

/// Publishes a record: Kafka's [`Publisher`], or something else in tests.
pub trait Publish: Clone + Send + Sync + 'static {
    /// Publishes and waits for the acknowledgement.
    fn publish(&self, record: Outgoing) -> impl Future<Output = Result<(), Refused>> + Send;
}

/// Why a record was not published.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Refused {
    /// The publisher's words.
    pub reason: String,
    /// Whether the same record could never be published: it is parked then.
    pub for_good: bool,
}

impl Publish for Publisher {
    async fn publish(&self, record: Outgoing) -> Result<(), Refused> {
        Publisher::publish(self, record)
            .await
            .map(drop)
            .map_err(|error| Refused {
                reason: error.to_string(),
                for_good: error.is_too_large(),
            })
    }
}
