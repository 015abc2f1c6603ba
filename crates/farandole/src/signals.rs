//! What a service says about its own work, on `farandole.signals`. Best effort: never in the way of handling.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use farandole_event::system::{SIGNALS, Signal};
use farandole_event::{
    CONTENT_TYPE_AVRO, Codec, Envelope, Event, Outgoing, Record, SchemaError, dataschema, ids,
};
use farandole_kafka::{Notice, Publisher};
use tokio::sync::mpsc;

/// Signals that may wait to be published; more are dropped and counted.
const QUEUE: usize = 1024;

/// Takes signals without ever blocking.
#[derive(Clone)]
pub(crate) struct Signals {
    queue: mpsc::Sender<Signal>,
    dropped: Arc<AtomicU64>,
    participant: String,
    instance: String,
}

/// Publishes the signals taken.
pub(crate) struct Outlet {
    queue: mpsc::Receiver<Signal>,
    publisher: Publisher,
    dropped: Arc<AtomicU64>,
}

pub(crate) fn channel(
    participant: &str,
    instance: &str,
    publisher: Publisher,
) -> (Signals, Outlet) {
    let (sender, queue) = mpsc::channel(QUEUE);
    let dropped = Arc::new(AtomicU64::new(0));
    let signals = Signals {
        queue: sender,
        dropped: dropped.clone(),
        participant: participant.to_owned(),
        instance: instance.to_owned(),
    };
    (
        signals,
        Outlet {
            queue,
            publisher,
            dropped,
        },
    )
}

impl Signals {
    /// Says something about the service as a whole.
    pub(crate) fn say(&self, kind: &str, reason: Option<String>) {
        self.send(Signal {
            reason,
            ..self.signal(kind)
        });
    }

    /// Says what the engine noticed.
    pub(crate) fn notice(&self, notice: &Notice) {
        self.send(self.of_notice(notice));
    }

    fn send(&self, signal: Signal) {
        if self.queue.try_send(signal).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn signal(&self, kind: &str) -> Signal {
        Signal {
            kind: kind.to_owned(),
            participant: self.participant.clone(),
            at_ms: farandole_runtime::now_ms(),
            instance: self.instance.clone(),
            ..Signal::default()
        }
    }

    fn of_notice(&self, notice: &Notice) -> Signal {
        match notice {
            Notice::Retrying {
                about,
                attempt,
                next_try_ms,
                message,
            } => Signal {
                attempts: count(*attempt),
                next_try_ms: Some(*next_try_ms),
                reason: Some(message.clone()),
                ..self.about("retrying", &about.step, &about.record)
            },
            Notice::DeadLettered {
                about,
                attempts,
                class,
                message,
            } => Signal {
                attempts: count(*attempts),
                reason: Some(format!("{class}: {message}")),
                ..self.about("dead-lettered", &about.step, &about.record)
            },
            Notice::Stopped {
                about,
                attempts,
                message,
            } => Signal {
                attempts: count(*attempts),
                reason: Some(message.clone()),
                ..self.about("stopped", &about.step, &about.record)
            },
            Notice::Paused { reason } => Signal {
                reason: Some(reason.clone()),
                ..self.signal("paused")
            },
            Notice::Resumed => self.signal("resumed"),
        }
    }

    fn about(&self, kind: &str, step: &str, record: &Record) -> Signal {
        let header = |name: &str| record.headers.text(name).map(str::to_owned);
        Signal {
            step: Some(step.to_owned()),
            topic: Some(record.topic.to_string()),
            partition: Some(record.partition),
            offset: Some(record.offset),
            event_id: header("ce_id"),
            correlation: header("ce_correlationid"),
            ..self.signal(kind)
        }
    }
}

fn count(attempts: u32) -> Option<i32> {
    i32::try_from(attempts).ok()
}

impl Outlet {
    /// Publishes until every [`Signals`] is gone.
    pub(crate) async fn run(mut self) {
        while let Some(signal) = self.queue.recv().await {
            let published = match outgoing(&signal, &format!("/{}", signal.participant)) {
                Ok(record) => self
                    .publisher
                    .publish(record)
                    .await
                    .map(drop)
                    .map_err(|error| error.to_string()),
                Err(error) => Err(error.to_string()),
            };
            if let Err(error) = published {
                tracing::warn!(kind = signal.kind, error, "a signal was not published");
            }
            let dropped = self.dropped.swap(0, Ordering::Relaxed);
            if dropped > 0 {
                tracing::warn!(
                    dropped,
                    "signals were dropped because too many came at once"
                );
            }
        }
    }
}

fn outgoing(signal: &Signal, source: &str) -> Result<Outgoing, SystemError> {
    system_record(
        SIGNALS,
        signal,
        source,
        ids::fresh().to_string(),
        signal.at_ms,
    )
}

/// Why a record of the toolkit's own could not be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SystemError {
    #[error(transparent)]
    Schema(#[from] SchemaError),
    #[error(transparent)]
    Encode(#[from] farandole_event::EncodeError),
}

/// A record of one of the toolkit's own topics.
pub(crate) fn system_record<E: Event>(
    topic: &str,
    event: &E,
    source: &str,
    id: String,
    now_ms: i64,
) -> Result<Outgoing, SystemError> {
    let value = Codec::<E>::of()?.encode(event)?;
    let envelope = Envelope {
        id,
        source: source.to_owned(),
        event: E::NAME.to_owned(),
        time_ms: Some(now_ms),
        dataschema: Some(dataschema(E::NAME, E::VERSION)),
        content_type: Some(CONTENT_TYPE_AVRO.to_owned()),
        ..Envelope::default()
    };
    Ok(Outgoing {
        topic: topic.to_owned(),
        key: event.key().map(String::into_bytes),
        value: Some(value),
        headers: envelope.to_headers(),
    })
}
