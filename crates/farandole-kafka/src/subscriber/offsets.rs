//! Committing progress, without ever waiting for it.

use std::time::{Duration, Instant};

use farandole_engine::TopicPartition;
use rdkafka::TopicPartitionList;
use rdkafka::consumer::{CommitMode, Consumer as _};
use rdkafka::error::KafkaError;
use rdkafka::topic_partition_list::Offset;

use super::rebalance::Client;

/// Commits that are on their way or have failed. One at a time is on its way: when no broker answers they would pile up.
#[derive(Debug, Default)]
pub(super) struct Commits {
    in_flight: usize,
    failed: bool,
}

impl Commits {
    /// The last commit has been answered.
    pub(super) fn answered(&mut self, result: Result<(), KafkaError>) {
        self.in_flight = self.in_flight.saturating_sub(1);
        if let Err(error) = result {
            tracing::warn!(%error, "a commit of offsets failed and will be repeated while the partitions are ours");
            self.failed = true;
        } else {
            self.failed = false;
        }
    }

    pub(super) fn is_waiting(&self) -> bool {
        self.in_flight > 0
    }

    pub(super) fn has_failed(&self) -> bool {
        self.failed
    }
}

/// When to commit next.
pub(super) struct Rhythm {
    interval: Duration,
    last: Instant,
}

impl Rhythm {
    pub(super) fn new(interval: Duration) -> Self {
        Self {
            interval,
            last: Instant::now(),
        }
    }

    pub(super) fn is_due(&mut self) -> bool {
        let due = self.last.elapsed() >= self.interval;
        if due {
            self.last = Instant::now();
        }
        due
    }
}

/// Commits what has moved, and all of it again after a failure.
pub(super) fn commit(client: &Client) {
    let context = client.context();
    if context.commits().is_waiting() {
        return;
    }
    let offsets = {
        let mut state = context.shared.state();
        let moved = state.engine.commits();
        if context.commits().has_failed() {
            let assigned = state.engine.assigned();
            assigned
                .into_iter()
                .filter_map(|name| Some((state.engine.watermark(&name)?, name)))
                .map(|(at, name)| (name, at))
                .collect()
        } else {
            moved
        }
    };
    send(client, &offsets);
}

/// Commits how far these partitions have come, moved or not.
pub(super) fn commit_all_of(client: &Client, partitions: &[TopicPartition]) {
    let state = client.context().shared.state();
    let at = |name: &TopicPartition| Some((name.clone(), state.engine.watermark(name)?));
    let offsets: Vec<_> = partitions.iter().filter_map(at).collect();
    drop(state);
    send(client, &offsets);
}

fn send(client: &Client, offsets: &[(TopicPartition, i64)]) {
    if offsets.is_empty() {
        return;
    }
    let mut list = TopicPartitionList::with_capacity(offsets.len());
    for (name, offset) in offsets {
        if let Err(error) =
            list.add_partition_offset(&name.topic, name.partition, Offset::Offset(*offset))
        {
            tracing::error!(%error, partition = %name, offset, "an offset can't be committed");
        }
    }
    // Counted before it is sent: the answer is only heard by this thread, in a later poll.
    context_sent(client);
    if let Err(error) = client.commit(&list, CommitMode::Async) {
        client.context().commits().answered(Err(error));
    }
}

fn context_sent(client: &Client) {
    client.context().commits().in_flight += 1;
}
