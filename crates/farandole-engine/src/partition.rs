use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use crate::watermark::Watermark;

/// A partition of a topic. Shown as `trips[3]`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TopicPartition {
    /// The topic's name.
    pub topic: Arc<str>,
    /// The partition's number.
    pub partition: i32,
}

impl TopicPartition {
    /// The partition of that number.
    pub fn new(topic: impl Into<Arc<str>>, partition: i32) -> Self {
        Self {
            topic: topic.into(),
            partition,
        }
    }
}

impl fmt::Display for TopicPartition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}[{}]", self.topic, self.partition)
    }
}

/// Numbers the assignments of an engine: what carries the number of an older one is not ours any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Assignment(u64);

/// One assignment of a partition.
#[derive(Debug)]
pub(crate) struct Partition {
    pub(crate) name: TopicPartition,
    pub(crate) watermark: Watermark,
    /// Hands out no more jobs and takes no more records: about to be revoked.
    pub(crate) closing: bool,
    /// Hands out no more jobs: a step said so.
    pub(crate) stopped: bool,
    /// Has run too far ahead of its first unfinished record.
    pub(crate) far_ahead: bool,
    /// Jobs of it that are running.
    pub(crate) running: usize,
}

impl Partition {
    /// Whether its records may be handed out.
    pub(crate) fn is_open(&self) -> bool {
        !self.closing && !self.stopped
    }

    /// Looks again at how far it is ahead: too far from `limit` on, until it is back at half.
    pub(crate) fn measure(&mut self, limit: i64) {
        let ahead = self.watermark.ahead();
        self.far_ahead = if self.far_ahead {
            ahead > limit / 2
        } else {
            ahead >= limit
        };
    }
}

/// The assigned partitions.
#[derive(Debug, Default)]
pub(crate) struct Partitions {
    current: HashMap<TopicPartition, Assignment>,
    by_assignment: HashMap<Assignment, Partition>,
    last: u64,
}

impl Partitions {
    pub(crate) fn assign(&mut self, name: &TopicPartition) {
        self.last += 1;
        let assignment = Assignment(self.last);
        let partition = Partition {
            name: name.clone(),
            watermark: Watermark::default(),
            closing: false,
            stopped: false,
            far_ahead: false,
            running: 0,
        };
        self.current.insert(name.clone(), assignment);
        self.by_assignment.insert(assignment, partition);
    }

    pub(crate) fn revoke(&mut self, name: &TopicPartition) {
        if let Some(assignment) = self.current.remove(name) {
            self.by_assignment.remove(&assignment);
        }
    }

    pub(crate) fn current(&self, name: &TopicPartition) -> Option<Assignment> {
        self.current.get(name).copied()
    }

    pub(crate) fn named(&self, name: &TopicPartition) -> Option<&Partition> {
        self.get(self.current(name)?)
    }

    pub(crate) fn named_mut(&mut self, name: &TopicPartition) -> Option<&mut Partition> {
        self.get_mut(self.current(name)?)
    }

    /// The partition of an assignment that still holds.
    pub(crate) fn get(&self, assignment: Assignment) -> Option<&Partition> {
        self.by_assignment.get(&assignment)
    }

    pub(crate) fn get_mut(&mut self, assignment: Assignment) -> Option<&mut Partition> {
        self.by_assignment.get_mut(&assignment)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Partition> {
        self.by_assignment.values()
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Partition> {
        self.by_assignment.values_mut()
    }
}
