use std::sync::Arc;

use crate::TopicPartition;

/// Which record and step a notice is about.
#[derive(Debug)]
pub struct About<R> {
    /// Where the record was read.
    pub partition: TopicPartition,
    /// The record's offset.
    pub offset: i64,
    /// The lane it stands in.
    pub lane: Arc<str>,
    /// The step that handles it.
    pub step: Arc<str>,
    /// The record.
    pub record: Arc<R>,
}

/// Something an operator wants to know about.
#[derive(Debug)]
pub enum Notice<R> {
    /// A try failed and another will follow.
    Retrying {
        /// Which record and step.
        about: About<R>,
        /// The try that failed, from 1.
        attempt: u32,
        /// When the next try is due, in milliseconds of the driver's time.
        next_try_ms: i64,
        /// Why it failed.
        message: String,
    },
    /// The record is on the dead-letter topic and the lane goes on.
    DeadLettered {
        /// Which record and step.
        about: About<R>,
        /// How often it was tried.
        attempts: u32,
        /// The error class.
        class: String,
        /// Why the last try failed.
        message: String,
    },
    /// The partition is not handled any more, because the step says so and its tries are used up.
    Stopped {
        /// Which record and step.
        about: About<R>,
        /// How often it was tried.
        attempts: u32,
        /// Why the last try failed.
        message: String,
    },
    /// Handling has paused because most first tries fail.
    Paused {
        /// How many failed, and how the last one did.
        reason: String,
    },
    /// Handling goes on.
    Resumed,
}

// Derived impls would ask for `R: Clone`, which an `Arc` doesn't need.
impl<R> Clone for About<R> {
    fn clone(&self) -> Self {
        Self {
            partition: self.partition.clone(),
            offset: self.offset,
            lane: self.lane.clone(),
            step: self.step.clone(),
            record: self.record.clone(),
        }
    }
}
