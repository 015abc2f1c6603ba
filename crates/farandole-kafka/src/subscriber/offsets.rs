//! Committing progress without holding up the poll.
//!
//! A synchronous commit has no time limit, and rdkafka 0.39 never reports the end of an asynchronous one
//! (librdkafka posts it only to a callback that rdkafka doesn't set). So a thread of its own commits synchronously, and
//! whoever needs the end waits for it no longer than it can afford.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, OnceLock, PoisonError, Weak};
use std::time::{Duration, Instant};

use farandole_engine::TopicPartition;
use rdkafka::TopicPartitionList;
use rdkafka::consumer::{CommitMode, Consumer as _};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::topic_partition_list::Offset;

use super::SubscribeError;
use super::rebalance::Client;
use crate::lock;

type Offsets = Vec<(TopicPartition, i64)>;

/// Commits that wait, are on their way, or have failed.
#[derive(Default)]
pub(super) struct Commits {
    state: Mutex<State>,
    answered: Condvar,
    requests: OnceLock<Sender<Offsets>>,
}

#[derive(Default)]
struct State {
    waiting: usize,
    failed: bool,
}

impl Commits {
    /// Whether a commit has not been answered yet.
    pub(super) fn is_waiting(&self) -> bool {
        lock(&self.state).waiting > 0
    }

    fn has_failed(&self) -> bool {
        lock(&self.state).failed
    }

    fn request(&self, offsets: Offsets) {
        let Some(requests) = self.requests.get().filter(|_| !offsets.is_empty()) else {
            return;
        };
        lock(&self.state).waiting += 1;
        if requests.send(offsets).is_err() {
            lock(&self.state).waiting -= 1;
        }
    }

    fn answer(&self, result: &KafkaResult<()>) {
        let mut state = lock(&self.state);
        state.waiting -= 1;
        state.failed = result.is_err();
        drop(state);
        self.answered.notify_all();
    }

    /// Waits until every commit has been answered, or `deadline`; true when all were and the last one went well.
    pub(super) fn wait(&self, deadline: Instant) -> bool {
        let mut state = lock(&self.state);
        while state.waiting > 0 {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            state = self
                .answered
                .wait_timeout(state, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        !state.failed
    }
}

/// Starts the thread that commits. It ends with the client.
pub(super) fn start(client: &Arc<Client>) -> Result<(), SubscribeError> {
    let (requests, requested) = channel();
    // Set once, by the one thread that makes the client.
    let _ = client.context().commits.requests.set(requests);
    let client = Arc::downgrade(client);
    let name = "kafka-commit".to_owned();
    std::thread::Builder::new()
        .name(name)
        .spawn(move || serve(&client, &requested))
        .map(drop)
        .map_err(SubscribeError::Thread)
}

fn serve(client: &Weak<Client>, requested: &Receiver<Offsets>) {
    while let Ok(offsets) = requested.recv() {
        let Some(client) = client.upgrade() else {
            return;
        };
        let context = client.context().clone();
        let result = match client.commit(&list(&offsets), CommitMode::Sync) {
            Err(error) if error.rdkafka_error_code() == Some(RDKafkaErrorCode::NoOffset) => Ok(()),
            other => other,
        };
        match &result {
            Ok(()) => context.set_connected(true),
            Err(error) => complain(error),
        }
        context.commits.answer(&result);
    }
}

fn complain(error: &KafkaError) {
    tracing::warn!(%error, "a commit of offsets failed; it is repeated while the partitions are ours");
}

fn list(offsets: &Offsets) -> TopicPartitionList {
    let mut list = TopicPartitionList::with_capacity(offsets.len());
    for (name, offset) in offsets {
        if let Err(error) =
            list.add_partition_offset(&name.topic, name.partition, Offset::Offset(*offset))
        {
            tracing::error!(%error, partition = %name, offset, "an offset can't be committed");
        }
    }
    list
}

/// When to do something next.
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

/// Has committed what has moved, and all of it again after a failure. Nothing while a commit is on its way: when no broker
/// answers they would pile up.
pub(super) fn commit(client: &Client) {
    let context = client.context();
    if context.commits.is_waiting() {
        return;
    }
    let mut state = context.shared.state();
    let moved = state.engine.commits();
    let assigned = if context.commits.has_failed() {
        state.engine.assigned()
    } else {
        Vec::new()
    };
    drop(state);
    if assigned.is_empty() {
        context.commits.request(moved)
    } else {
        commit_all_of(client, &assigned)
    }
}

/// Has committed how far these partitions have come, moved or not.
pub(super) fn commit_all_of(client: &Client, partitions: &[TopicPartition]) {
    let state = client.context().shared.state();
    let at = |name: &TopicPartition| Some((name.clone(), state.engine.watermark(name)?));
    let offsets = partitions.iter().filter_map(at).collect();
    drop(state);
    client.context().commits.request(offsets);
}
