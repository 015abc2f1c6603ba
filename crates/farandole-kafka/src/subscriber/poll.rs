//! The thread that polls Kafka. It never waits for handlers, except to drain.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use farandole_engine::{Accepted, Exhausted, RetryPolicy, Task, TopicPartition};
use farandole_event::Record;
use rdkafka::ClientConfig;
use rdkafka::consumer::Consumer as _;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use tokio::sync::{oneshot, watch};

use super::leave::{self, Left};
use super::offsets::{self, Rhythm};
use super::overdue;
use super::pauses::Pauses;
use super::rebalance::{Client, Context};
use super::shared::Shared;
use super::{Status, SubscribeError, SubscriberSettings};
use crate::Route;

/// The step of a record that could not be routed.
pub(super) const UNROUTABLE: &str = "(unroutable)";
/// How long a poll waits for a record.
const WAIT: Duration = Duration::from_millis(50);
/// How much is taken in before the engine is asked again whether to pause.
const BATCH_RECORDS: usize = 256;
const BATCH_BYTES: usize = 1024 * 1024;
/// How often the status is renewed.
const STATUS_EVERY: Duration = Duration::from_millis(100);

/// What the thread starts with.
pub(super) struct Thread {
    pub(super) config: ClientConfig,
    pub(super) settings: SubscriberSettings,
    pub(super) shared: Arc<Shared>,
    pub(super) status: watch::Sender<Status>,
    /// Told when everything is drained and committed, as far as that goes.
    pub(super) left: oneshot::Sender<Left>,
    /// Dropped when the client is closed.
    pub(super) closed: oneshot::Sender<()>,
}

struct Loop {
    client: Arc<Client>,
    settings: SubscriberSettings,
    shared: Arc<Shared>,
    status: watch::Sender<Status>,
    pauses: Pauses,
    last_error: Option<String>,
    /// The assignment in which a repeated offset was complained about.
    complained: Option<u64>,
}

/// A record and where it goes.
struct Routed {
    record: Record,
    route: Route,
}

impl Thread {
    pub(super) fn spawn(self) -> Result<(), SubscribeError> {
        let name = format!("kafka-{}", self.settings.group);
        std::thread::Builder::new()
            .name(name)
            .spawn(move || self.run())
            .map(drop)
            .map_err(SubscribeError::Thread)
    }

    fn run(self) {
        let Self {
            config,
            settings,
            shared,
            status,
            left,
            closed,
        } = self;
        let (group, drain) = (settings.group.clone(), settings.drain);
        let context = Context::new(shared.clone(), drain.min(patience(&config)));
        let client: Arc<Client> = match config.create_with_context(context) {
            Ok(client) => Arc::new(client),
            Err(source) => {
                let _ = left.send(Left::failed(SubscribeError::Client { group, source }));
                return;
            }
        };
        let mut polling = Loop {
            client,
            settings,
            shared,
            status,
            pauses: Pauses::default(),
            last_error: None,
            complained: None,
        };
        let failure = polling.run(&group).err();
        let end = leave::leave(&polling.client, &polling.shared, drain, failure);
        polling.tell_status();
        // Nobody listens when the subscriber's future was dropped.
        let _ = left.send(end);
        // Closing can hang while no broker answers; whoever waits for `closed` gives up in time.
        drop(polling);
        drop(closed);
    }
}

impl Loop {
    /// Polls until it is told to stop or the client fails for good.
    fn run(&mut self, group: &str) -> Result<(), SubscribeError> {
        offsets::start(&self.client)?;
        self.until_stopped()
            .map_err(|source| SubscribeError::Fatal {
                group: group.to_owned(),
                source,
            })
    }

    fn until_stopped(&mut self) -> Result<(), KafkaError> {
        let topics: Vec<&str> = self.settings.topics.iter().map(String::as_str).collect();
        self.client.subscribe(&topics)?;
        let mut commits = Rhythm::new(self.settings.commit_interval);
        let mut statuses = Rhythm::new(STATUS_EVERY);
        while !self.shared.is_stopping() {
            let batch = self.poll()?;
            self.accept(batch);
            self.pauses.apply(&self.client);
            if commits.is_due() {
                offsets::commit(&self.client);
            }
            if statuses.is_due() {
                overdue::complain(&self.shared);
                self.tell_status();
            }
            if let Some(failure) = self.client.context().take_failure() {
                return Err(failure);
            }
        }
        Ok(())
    }

    /// What has arrived: waits a little for the first record, not at all for the others.
    fn poll(&mut self) -> Result<Vec<Routed>, KafkaError> {
        let mut batch = Vec::new();
        let (mut bytes, mut wait) = (0, WAIT);
        let assignments = self.client.context().assignments();
        while batch.len() < BATCH_RECORDS && bytes < BATCH_BYTES {
            let record = match self.client.poll(wait) {
                None => break,
                Some(Ok(message)) => farandole_read::to_record(&message),
                Some(Err(error)) => {
                    self.noticed(error)?;
                    break;
                }
            };
            bytes += record.size();
            let route = self.route(&record);
            batch.push(Routed { record, route });
            wait = Duration::ZERO;
        }
        if self.client.context().assignments() != assignments {
            // A poll ends with the event of an assignment, so all of these were read before it, and will be read again.
            batch.clear();
            self.last_error = None;
        }
        Ok(batch)
    }

    fn route(&self, record: &Record) -> Route {
        catch_unwind(AssertUnwindSafe(|| self.shared.handler.route(record)))
            .unwrap_or_else(|_| unroutable(record))
    }

    fn accept(&mut self, batch: Vec<Routed>) {
        if batch.is_empty() {
            return;
        }
        let mut repeated = None;
        let mut state = self.shared.state();
        for Routed { record, route } in batch {
            let name = TopicPartition {
                topic: record.topic.clone(),
                partition: record.partition,
            };
            let (offset, size) = (record.offset, record.size());
            let accepted = state.engine.accept(
                &name,
                offset,
                route.lane,
                size,
                Arc::new(record),
                route.tasks,
            );
            if accepted == Accepted::Repeated {
                repeated = Some((name, offset));
            }
        }
        drop(state);
        self.shared.wake();
        if let Some((name, offset)) = repeated {
            self.complain_about_repeated(&name, offset);
        }
    }

    /// Once per assignment: a client may deliver a record again after a pause, but a topic that was created anew also
    /// looks like this.
    fn complain_about_repeated(&mut self, name: &TopicPartition, offset: i64) {
        let assignments = self.client.context().assignments();
        if self.complained.replace(assignments) != Some(assignments) {
            tracing::warn!(
                partition = %name,
                offset,
                "records at or before the last offset read are ignored; if the topic was created anew, restart this process"
            );
        }
    }

    /// Looks at an error of the client's: most of them pass by themselves.
    fn noticed(&mut self, error: KafkaError) -> Result<(), KafkaError> {
        if matches!(error, KafkaError::MessageConsumptionFatal(_)) {
            return Err(error);
        }
        let is_connection = matches!(
            error.rdkafka_error_code(),
            Some(
                RDKafkaErrorCode::AllBrokersDown
                    | RDKafkaErrorCode::BrokerTransportFailure
                    | RDKafkaErrorCode::Resolve
            )
        );
        if error.rdkafka_error_code() == Some(RDKafkaErrorCode::AllBrokersDown) {
            self.client.context().set_connected(false);
        }
        let message = if is_connection {
            format!("{error}; waiting for a broker")
        } else {
            format!(
                "{error}; check the topics and this principal's rights to read them and the group"
            )
        };
        if self.last_error.as_ref() != Some(&message) {
            tracing::warn!("{message}");
            self.last_error = Some(message);
        }
        Ok(())
    }

    fn tell_status(&self) {
        let context = self.client.context();
        let state = self.shared.state();
        let now = Status {
            connected: context.is_connected(),
            assigned: state.engine.assigned(),
            paused: state.engine.want_paused(),
            stopped: state.engine.stopped(),
            in_flight: state.engine.in_flight(),
            buffered_records: state.engine.buffered_records(),
            buffered_bytes: state.engine.buffered_bytes(),
            last_error: self.last_error.clone(),
        };
        drop(state);
        self.status.send_if_modified(|status| {
            let changed = *status != now;
            *status = now;
            changed
        });
    }
}

/// How long a rebalance may be held up without being thrown out of the group for not polling.
fn patience(config: &ClientConfig) -> Duration {
    let interval = config
        .get("max.poll.interval.ms")
        .and_then(|text| text.parse().ok());
    Duration::from_millis(interval.unwrap_or(300_000)) / 2
}

/// The way of a record whose routing panicked: alone, to the dead letters.
fn unroutable(record: &Record) -> Route {
    let policy = RetryPolicy {
        attempts: 1,
        then: Exhausted::Skip,
        ..RetryPolicy::default()
    };
    let task = Task {
        step: UNROUTABLE.into(),
        policy: Arc::new(policy),
    };
    Route {
        lane: format!("{UNROUTABLE}:{}", record.position()).into(),
        tasks: vec![task],
    }
}

/// The end of a wait of at most `limit`.
pub(super) fn deadline(limit: Duration) -> Instant {
    Instant::now() + limit
}
