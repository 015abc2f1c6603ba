//! From the client's delivery reports to whoever waits for them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use farandole_event::Position;
use rdkafka::ClientContext;
use rdkafka::error::KafkaError;
use rdkafka::message::{DeliveryResult, Message as _};
use rdkafka::producer::ProducerContext;
use tokio::sync::{Notify, oneshot};

use super::PublishError;

/// How many records are on their way.
#[derive(Default)]
pub(super) struct Outstanding {
    count: AtomicUsize,
    changed: Notify,
}

impl Outstanding {
    pub(super) fn count(&self) -> usize {
        self.count.load(Ordering::Acquire)
    }

    /// Waits until none is.
    pub(super) async fn none(&self) {
        loop {
            let changed = self.changed.notified();
            if self.count() == 0 {
                return;
            }
            changed.await;
        }
    }
}

/// Whoever waits for the delivery of one record.
pub(super) struct Waiter {
    tell: Option<oneshot::Sender<Result<Position, PublishError>>>,
    size: usize,
    outstanding: Arc<Outstanding>,
}

impl Waiter {
    pub(super) fn new(
        tell: oneshot::Sender<Result<Position, PublishError>>,
        size: usize,
        outstanding: Arc<Outstanding>,
    ) -> Self {
        outstanding.count.fetch_add(1, Ordering::AcqRel);
        Self {
            tell: Some(tell),
            size,
            outstanding,
        }
    }

    pub(super) fn tell(mut self, result: Result<Position, PublishError>) {
        if let Some(tell) = self.tell.take() {
            // Nobody has to wait for a delivery.
            let _ = tell.send(result);
        }
    }

    pub(super) fn fail(self, topic: &str, error: KafkaError) {
        let error = PublishError::from_kafka(topic, self.size, error);
        self.tell(Err(error));
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        if self.outstanding.count.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.outstanding.changed.notify_waiters();
        }
    }
}

/// The client's context: takes its delivery reports.
pub(super) struct Deliveries;

impl ClientContext for Deliveries {
    fn error(&self, error: KafkaError, reason: &str) {
        tracing::warn!(%error, reason, "producer");
    }
}

impl ProducerContext for Deliveries {
    type DeliveryOpaque = Box<Waiter>;

    fn delivery(&self, result: &DeliveryResult<'_>, waiter: Box<Waiter>) {
        match result {
            Ok(message) => waiter.tell(Ok(Position {
                topic: message.topic().to_owned(),
                partition: message.partition(),
                offset: message.offset(),
            })),
            Err((error, message)) => waiter.fail(message.topic(), error.clone()),
        }
    }
}
