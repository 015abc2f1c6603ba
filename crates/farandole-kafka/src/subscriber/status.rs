use farandole_engine::TopicPartition;

/// How a subscriber is doing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// Whether a broker is reachable, as of the last few seconds.
    pub connected: bool,
    /// The partitions it owns, in order. Empty before the first assignment.
    pub assigned: Vec<TopicPartition>,
    /// Whether it has stopped reading for a while: too much is in memory, or most first tries fail.
    pub paused: bool,
    /// The partitions that a step has stopped; they stay so until they are assigned anew.
    pub stopped: Vec<TopicPartition>,
    /// Handlers and dead letters at work.
    pub in_flight: usize,
    /// Records held, those in flight included.
    pub buffered_records: usize,
    /// Bytes of the records held.
    pub buffered_bytes: usize,
    /// What went wrong last with the client, until the next assignment.
    pub last_error: Option<String>,
}

/// How a subscriber ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Handlers that had not ended within the drain: their records will be delivered again.
    pub abandoned: usize,
    /// Whether the broker has acknowledged the last commit, or there was nothing to commit.
    pub committed: bool,
    /// Whether the client's thread did not end in time and goes on until the process ends.
    pub left_behind: bool,
}

impl Ended {
    /// Whether everything that was begun was finished and committed.
    pub fn is_clean(&self) -> bool {
        self.abandoned == 0 && self.committed && !self.left_behind
    }
}
