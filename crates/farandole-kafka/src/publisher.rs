use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use farandole_event::{Outgoing, Position};
use farandole_runtime::KafkaSettings;
use rdkafka::ClientConfig;
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseRecord, Producer as _, ThreadedProducer};
use tokio::sync::oneshot;

use crate::lock;

mod delivery;
mod error;

use delivery::{Deliveries, Outstanding, Waiter};
pub use error::PublishError;

/// How long the pump waits before it offers a record to a full queue again.
const QUEUE_FULL_PAUSE: Duration = Duration::from_millis(5);

/// Publishes records: idempotent, acknowledged by all in-sync replicas, in the order of the calls. Clones share one
/// client. Dropping the last clone gives up what is not delivered yet; [`Publisher::flush`] first.
#[derive(Clone)]
pub struct Publisher {
    inner: Arc<Inner>,
}

struct Inner {
    config: ClientConfig,
    outstanding: Arc<Outstanding>,
    line: Mutex<Line>,
}

/// What goes to the client next, in the order of the calls.
struct Line {
    producer: ThreadedProducer<Deliveries>,
    /// What didn't fit the client's queue. While it isn't empty, a pump works it off and calls queue up behind it.
    waiting: VecDeque<(Outgoing, Waiter)>,
}

/// The delivery of one record. Resolves when the broker has acknowledged it or it has failed for good; the record is on
/// its way whether or not this is awaited.
#[derive(Debug)]
#[must_use = "a record may fail to be delivered"]
pub struct Sent {
    topic: String,
    result: oneshot::Receiver<Result<Position, PublishError>>,
}

impl Publisher {
    /// A publisher; connects in the background, so an unreachable broker shows when publishing.
    ///
    /// # Errors
    /// When the settings make no client.
    pub fn open(kafka: &KafkaSettings, client_id: &str) -> Result<Self, PublishError> {
        let config = crate::config::producer(kafka, client_id);
        let outstanding = Arc::new(Outstanding::default());
        let line = Line {
            producer: connect(&config)?,
            waiting: VecDeque::new(),
        };
        Ok(Self {
            inner: Arc::new(Inner {
                config,
                outstanding,
                line: Mutex::new(line),
            }),
        })
    }

    /// Publishes a record and waits for the acknowledgement.
    ///
    /// # Errors
    /// When it can't be delivered; the record may still have arrived after [`PublishError::TimedOut`].
    pub async fn publish(&self, out: Outgoing) -> Result<Position, PublishError> {
        self.send(out).await
    }

    /// Queues a record now and answers its delivery. Records go out in the order of the calls. Never blocks: what exceeds
    /// the client's queue waits in memory, so await deliveries now and then.
    pub fn send(&self, out: Outgoing) -> Sent {
        let (tell, result) = oneshot::channel();
        let topic = out.topic.clone();
        let waiter = Waiter::new(tell, out.size(), self.inner.outstanding.clone());
        if crate::topic::is_valid_name(&out.topic) {
            self.inner.enqueue(out, waiter);
        } else {
            waiter.tell(Err(PublishError::TopicName { topic: out.topic }));
        }
        Sent { topic, result }
    }

    /// Waits until every record sent so far and meanwhile has been delivered or has failed; false when `deadline` passes
    /// first.
    pub async fn flush(&self, deadline: Duration) -> bool {
        tokio::time::timeout(deadline, self.inner.outstanding.none())
            .await
            .is_ok()
    }

    /// How many records are on their way.
    pub fn outstanding(&self) -> usize {
        self.inner.outstanding.count()
    }
}

fn connect(config: &ClientConfig) -> Result<ThreadedProducer<Deliveries>, PublishError> {
    config
        .create_with_context(Deliveries)
        .map_err(PublishError::Open)
}

impl Inner {
    fn enqueue(self: &Arc<Self>, out: Outgoing, waiter: Waiter) {
        let mut line = lock(&self.line);
        if !line.waiting.is_empty() {
            line.waiting.push_back((out, waiter));
        } else if let Some(refused) = self.offer(&mut line, out, waiter) {
            line.waiting.push_back(refused);
            let inner = self.clone();
            if let Err(error) = std::thread::Builder::new()
                .name("farandole-publisher".into())
                .spawn(move || inner.pump())
            {
                for (_, waiter) in line.waiting.drain(..) {
                    waiter.tell(Err(PublishError::Thread(error.kind().into())));
                }
            }
        }
    }

    /// Works off what didn't fit the queue.
    fn pump(&self) {
        loop {
            let mut line = lock(&self.line);
            let Some((out, waiter)) = line.waiting.pop_front() else {
                return;
            };
            if let Some(refused) = self.offer(&mut line, out, waiter) {
                line.waiting.push_front(refused);
                drop(line);
                std::thread::sleep(QUEUE_FULL_PAUSE);
            }
        }
    }

    /// Hands a record to the client; answers it back when the client's queue is full.
    fn offer(&self, line: &mut Line, out: Outgoing, waiter: Waiter) -> Option<(Outgoing, Waiter)> {
        self.replace_if_broken(line);
        let mut record =
            BaseRecord::with_opaque_to(&out.topic, Box::new(waiter)).headers(headers(&out));
        record.key = out.key.as_deref();
        record.payload = out.value.as_deref();
        let Err((error, record)) = line.producer.send(record) else {
            return None;
        };
        let waiter = *record.delivery_opaque;
        if error.rdkafka_error_code() == Some(RDKafkaErrorCode::QueueFull) {
            return Some((out, waiter));
        }
        waiter.fail(&out.topic, error);
        None
    }

    /// An idempotent client that has met a fatal error never delivers again: a new one takes its place.
    fn replace_if_broken(&self, line: &mut Line) {
        let Some((code, reason)) = line.producer.client().fatal_error() else {
            return;
        };
        tracing::error!(%code, reason, "the producer has failed for good and is replaced by a new one");
        match connect(&self.config) {
            // Its end can take half a second, too long for whoever publishes.
            Ok(producer) => {
                let broken = std::mem::replace(&mut line.producer, producer);
                let _detached = std::thread::Builder::new()
                    .name("farandole-publisher-end".into())
                    .spawn(move || drop(broken));
            }
            Err(error) => tracing::error!(%error, "the failed producer can't be replaced yet"),
        }
    }
}

fn headers(out: &Outgoing) -> OwnedHeaders {
    let empty = OwnedHeaders::new_with_capacity(out.headers.len());
    out.headers.iter().fold(empty, |headers, header| {
        headers.insert(Header {
            key: &header.name,
            value: header.value.as_deref(),
        })
    })
}

impl Future for Sent {
    type Output = Result<Position, PublishError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let result = ready!(Pin::new(&mut self.result).poll(cx));
        Poll::Ready(result.unwrap_or_else(|_| {
            Err(PublishError::Closed {
                topic: self.topic.clone(),
            })
        }))
    }
}

impl std::fmt::Debug for Publisher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Publisher")
            .field("outstanding", &self.outstanding())
            .finish_non_exhaustive()
    }
}
