//! A topic: its name, its id, its settings and its partitions.

use std::sync::{Arc, Mutex};

use uuid::Uuid;

use crate::clock;
use crate::lock;
use crate::partition::{Partition, Rules};
use crate::settings::{MAX_MESSAGE_BYTES, Overrides};

/// A topic.
#[derive(Debug)]
pub(crate) struct Topic {
    pub(crate) name: String,
    pub(crate) id: Uuid,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    partitions: Vec<Arc<Partition>>,
    overrides: Overrides,
    max_bytes: usize,
    append_time: bool,
}

impl Topic {
    pub(crate) fn new(
        name: String,
        id: Uuid,
        partitions: Vec<Arc<Partition>>,
        overrides: Overrides,
    ) -> Topic {
        let (max_bytes, append_time) = rules(&overrides);
        let state = Mutex::new(State {
            partitions,
            overrides,
            max_bytes,
            append_time,
        });
        Topic { name, id, state }
    }

    pub(crate) fn partition(&self, number: i32) -> Option<Arc<Partition>> {
        let number = usize::try_from(number).ok()?;
        lock(&self.state).partitions.get(number).cloned()
    }

    pub(crate) fn partitions(&self) -> Vec<Arc<Partition>> {
        lock(&self.state).partitions.clone()
    }

    pub(crate) fn partition_count(&self) -> i32 {
        lock(&self.state).partitions.len() as i32
    }

    pub(crate) fn add_partitions(&self, more: Vec<Arc<Partition>>) {
        lock(&self.state).partitions.extend(more);
    }

    /// The rules for what is appended now.
    pub(crate) fn rules(&self) -> Rules {
        let state = lock(&self.state);
        Rules {
            max_bytes: state.max_bytes,
            append_time: state.append_time.then(clock::now_ms),
        }
    }

    /// The settings that differ from the defaults.
    pub(crate) fn overrides(&self) -> Overrides {
        lock(&self.state).overrides.clone()
    }

    pub(crate) fn set_overrides(&self, overrides: Overrides) {
        let (max_bytes, append_time) = rules(&overrides);
        let mut state = lock(&self.state);
        (state.max_bytes, state.append_time) = (max_bytes, append_time);
        state.overrides = overrides;
    }
}

fn rules(overrides: &Overrides) -> (usize, bool) {
    let max_bytes = overrides
        .get("max.message.bytes")
        .and_then(|v| v.parse().ok());
    let append_time = overrides
        .get("message.timestamp.type")
        .is_some_and(|t| t == "LogAppendTime");
    (max_bytes.unwrap_or(MAX_MESSAGE_BYTES), append_time)
}
