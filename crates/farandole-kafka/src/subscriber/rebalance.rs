//! What happens when partitions come and go. Called inside the client's poll, on the polling thread.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use farandole_engine::TopicPartition;
use rdkafka::consumer::{BaseConsumer, Consumer as _, ConsumerContext};
use rdkafka::error::KafkaError;
use rdkafka::types::RDKafkaRespErr;
use rdkafka::{ClientContext, TopicPartitionList};

use super::offsets::{self, Commits};
use super::pauses;
use super::shared::Shared;
use crate::lock;

/// How long the commit of revoked partitions may take before they are given back all the same.
const COMMIT: Duration = Duration::from_secs(3);

pub(super) type Client = BaseConsumer<Context>;

/// What the client calls back.
pub(super) struct Context {
    pub(super) shared: Arc<Shared>,
    drain: Duration,
    pub(super) commits: Commits,
    assignments: AtomicU64,
    connected: AtomicBool,
    failure: Mutex<Option<KafkaError>>,
}

impl Context {
    pub(super) fn new(shared: Arc<Shared>, drain: Duration) -> Self {
        Self {
            shared,
            drain,
            commits: Commits::default(),
            assignments: AtomicU64::new(0),
            connected: AtomicBool::new(false),
            failure: Mutex::default(),
        }
    }

    /// How many assignments there have been.
    pub(super) fn assignments(&self) -> u64 {
        self.assignments.load(Ordering::Relaxed)
    }

    pub(super) fn is_connected(&self) -> bool {
        self.connected.load(Ordering::Relaxed)
    }

    pub(super) fn set_connected(&self, connected: bool) {
        self.connected.store(connected, Ordering::Relaxed);
    }

    /// What made going on impossible.
    pub(super) fn take_failure(&self) -> Option<KafkaError> {
        lock(&self.failure).take()
    }

    fn fail(&self, error: KafkaError) {
        lock(&self.failure).get_or_insert(error);
    }

    fn assigned(&self, client: &Client, list: &TopicPartitionList) {
        let partitions = names(list);
        self.shared.state().engine.assign(&partitions);
        self.assignments.fetch_add(1, Ordering::Relaxed);
        self.set_connected(true);
        tracing::info!(partitions = %shown(&partitions), "assigned");
        if let Err(error) = client.assign(list) {
            return self.fail(error);
        }
        // Nothing is paused from here on, as `Pauses` believes; a partition that isn't paused is left alone by this.
        if let Err(error) = client.resume(&pauses::list(&partitions)) {
            tracing::debug!(%error, "resuming newly assigned partitions");
        }
    }

    /// Lets running handlers end, commits, and forgets the partitions. Polling stops meanwhile: the client's own thread
    /// goes on with heartbeats, and the group waits for us up to `max.poll.interval.ms`.
    fn revoked(&self, client: &Client, list: &TopicPartitionList) {
        // Valid only here, and only before the next call that assigns.
        let lost = client.assignment_lost();
        let partitions = names(list);
        let patience = if lost { Duration::ZERO } else { self.drain };
        let late = self.shared.drain(&partitions, Instant::now() + patience);
        if !lost {
            offsets::commit_all_of(client, &partitions);
            self.commits.wait(Instant::now() + COMMIT);
        }
        self.shared.state().engine.revoke(&partitions);
        tracing::info!(partitions = %shown(&partitions), lost, late, "revoked");
        if let Err(error) = client.unassign() {
            self.fail(error);
        }
    }
}

impl ConsumerContext for Context {
    fn rebalance(&self, client: &Client, what: RDKafkaRespErr, list: &mut TopicPartitionList) {
        match what {
            RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS => self.assigned(client, list),
            _ => self.revoked(client, list),
        }
    }
}

impl ClientContext for Context {
    /// The client's statistics say whether any broker is up; parsing them whole would cost more than it tells.
    fn stats_raw(&self, statistics: &[u8]) {
        const UP: &[u8] = br#""state":"UP""#;
        self.set_connected(statistics.windows(UP.len()).any(|window| window == UP));
    }
}

fn names(list: &TopicPartitionList) -> Vec<TopicPartition> {
    list.elements()
        .iter()
        .map(|element| TopicPartition::new(element.topic(), element.partition()))
        .collect()
}

fn shown(partitions: &[TopicPartition]) -> String {
    let names: Vec<String> = partitions.iter().map(ToString::to_string).collect();
    names.join(" ")
}
