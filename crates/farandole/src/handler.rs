//! A [`Node`] on Kafka: publishes what its firings emit, and reads the catalog when a writer is newer than this binary.

use std::sync::Arc;
use std::time::{Duration, Instant};

use farandole_event::{Envelope, Outgoing, Record};
use farandole_kafka::{Handler, Notice, Outcome, Publisher, Route};
use farandole_runtime::KafkaSettings;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::sync::Mutex;
use tracing::Instrument as _;

use crate::firing::{Fired, Node};
use crate::signals::Signals;

/// How long the catalog as read counts as new: many events of one unknown writer cost one reading.
const CATALOG_AGE: Duration = Duration::from_secs(1);

pub(crate) struct KafkaHandler(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) node: Node,
    pub(crate) publisher: Publisher,
    pub(crate) signals: Signals,
    pub(crate) catalog: CatalogReader,
}

/// Reads the catalog topic again when an event's writer is unknown.
pub(crate) struct CatalogReader {
    kafka: KafkaSettings,
    client_id: String,
    last: Mutex<Option<Instant>>,
}

impl CatalogReader {
    pub(crate) fn new(kafka: KafkaSettings, client_id: String) -> Self {
        Self {
            kafka,
            client_id,
            last: Mutex::new(None),
        }
    }

    /// Brings the node's schemas up to date. Handlers that wait here at the same time share one reading.
    async fn refresh(&self, node: &Node) {
        let asked = Instant::now();
        let mut last = self.last.lock().await;
        if last.is_some_and(|read| read > asked || asked - read < CATALOG_AGE) {
            return;
        }
        match farandole_read::catalog::load(&self.kafka, &self.client_id).await {
            Ok(known) => {
                let (learned, _) = node.schemas.learn(&known.catalog);
                tracing::info!(
                    learned,
                    "read the catalog because an event's schema is unknown"
                );
            }
            Err(error) => tracing::warn!(%error, "the catalog can't be read"),
        }
        *last = Some(Instant::now());
    }
}

impl Handler for KafkaHandler {
    fn route(&self, record: &Record) -> Route {
        self.0.node.route(record)
    }

    fn handle(
        &self,
        record: Arc<Record>,
        task: usize,
        attempt: u32,
    ) -> BoxFuture<'static, Outcome> {
        let inner = self.0.clone();
        let span = process_span(&record, inner.node.name());
        async move { inner.handle(&record, task, attempt).await }
            .instrument(span)
            .boxed()
    }

    fn dead_letter(
        &self,
        record: Arc<Record>,
        task: Option<usize>,
        class: &str,
        message: &str,
        attempts: u32,
    ) -> Outgoing {
        self.0
            .node
            .dead_letter(&record, task, class, message, attempts)
    }

    fn notice(&self, notice: &Notice) {
        log(notice);
        self.0.signals.notice(notice);
    }
}

impl Inner {
    pub(crate) async fn handle(&self, record: &Arc<Record>, task: usize, attempt: u32) -> Outcome {
        let mut fired = self.node.fire(record, task, attempt).await;
        if matches!(fired, Fired::UnknownSchema { .. }) {
            self.catalog.refresh(&self.node).await;
            fired = self.node.fire(record, task, attempt).await;
        }
        match fired {
            Fired::Publish(outgoing) => self.publish(outgoing).await,
            // Its writer may be about to publish it; retries give it time.
            Fired::UnknownSchema { message } | Fired::Retry { message } => {
                Outcome::Retry { message }
            }
            Fired::Reject { class, message } => Outcome::Reject { class, message },
            Fired::Panicked { message } => Outcome::Panicked { message },
        }
    }

    /// Publishes all, in order, and waits for the acknowledgements.
    async fn publish(&self, outgoing: Vec<Outgoing>) -> Outcome {
        let sent: Vec<_> = outgoing
            .into_iter()
            .map(|record| {
                let span = send_span(&record);
                let sent = span.in_scope(|| self.publisher.send(record));
                sent.instrument(span)
            })
            .collect();
        let mut failure = None;
        for delivery in sent {
            if let Err(error) = delivery.await {
                failure = failure.or(Some(error));
            }
        }
        match failure {
            None => Outcome::Done,
            Some(error) if error.is_too_large() => Outcome::Reject {
                class: "oversized".to_owned(),
                message: error.to_string(),
            },
            Some(error) => Outcome::Retry {
                message: error.to_string(),
            },
        }
    }
}

fn process_span(record: &Record, group: &str) -> tracing::Span {
    tracing::info_span!(
        "process",
        otel.name = %format_args!("process {}", record.topic),
        otel.kind = "consumer",
        messaging.system = "kafka",
        messaging.operation.name = "process",
        messaging.operation.r#type = "process",
        messaging.destination.name = &*record.topic,
        messaging.destination.partition.id = record.partition,
        messaging.consumer.group.name = group,
        messaging.kafka.offset = record.offset,
        messaging.message.id = record.headers.text("ce_id"),
        messaging.message.conversation_id = record.headers.text("ce_correlationid"),
    )
}

fn send_span(record: &Outgoing) -> tracing::Span {
    tracing::info_span!(
        "send",
        otel.name = %format_args!("send {}", record.topic),
        otel.kind = "producer",
        messaging.system = "kafka",
        messaging.operation.name = "send",
        messaging.operation.r#type = "send",
        messaging.destination.name = record.topic,
        messaging.message.body.size = record.value.as_ref().map(Vec::len),
        messaging.message.id = record.headers.text("ce_id"),
        messaging.message.conversation_id = record.headers.text("ce_correlationid"),
    )
}

fn log(notice: &Notice) {
    match notice {
        Notice::Retrying {
            about,
            attempt,
            message,
            ..
        } => tracing::warn!(
            position = %about.record.position(), step = &*about.step, attempt, event_id = event_id(&about.record),
            "a try has failed: {message}"
        ),
        Notice::DeadLettered {
            about,
            attempts,
            class,
            message,
        } => tracing::error!(
            position = %about.record.position(), step = &*about.step, attempts, class, event_id = event_id(&about.record),
            "the event is a dead letter now: {message}"
        ),
        Notice::Stopped {
            about,
            attempts,
            message,
        } => tracing::error!(
            position = %about.record.position(), step = &*about.step, attempts, event_id = event_id(&about.record),
            "the partition is stopped: {message}"
        ),
        Notice::Paused { reason } => tracing::error!("handling has paused: {reason}"),
        Notice::Resumed => tracing::info!("handling goes on"),
    }
}

fn event_id(record: &Record) -> String {
    Envelope::read(record)
        .map(|parsed| parsed.envelope.id)
        .unwrap_or_default()
}
