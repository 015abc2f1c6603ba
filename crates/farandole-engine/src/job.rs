use std::fmt;
use std::sync::Arc;

use crate::{RetryPolicy, TopicPartition};

/// One thing to do for a record: a step of the participant. Several tasks of a record run one after the other, each with
/// its own tries.
#[derive(Clone, Debug)]
pub struct Task {
    /// The step's name, for notices.
    pub step: Arc<str>,
    /// How often to try, and what to do after the last try.
    pub policy: Arc<RetryPolicy>,
}

/// Names a running job; never used twice by one engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct JobId(pub(crate) u64);

/// One try at one task of one record, to be run by the driver and answered with [`Engine::finish`](crate::Engine::finish).
pub struct Job<R> {
    /// Names the job in `finish`.
    pub id: JobId,
    /// Where the record was read.
    pub partition: TopicPartition,
    /// The record's offset.
    pub offset: i64,
    /// The lane the record stands in.
    pub lane: Arc<str>,
    /// The record.
    pub record: Arc<R>,
    /// Which of the record's tasks this is, from 0.
    pub task: usize,
    /// The task's step.
    pub step: Arc<str>,
    /// Which try this is, from 1; for a dead letter, which try at publishing it.
    pub attempt: u32,
    /// What to do.
    pub duty: Duty,
}

impl<R> fmt::Debug for Job<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Job")
            .field("id", &self.id.0)
            .field("at", &format_args!("{}@{}", self.partition, self.offset))
            .field("lane", &self.lane)
            .field("step", &self.step)
            .field("attempt", &self.attempt)
            .field("duty", &self.duty)
            .finish_non_exhaustive()
    }
}

/// What a job is to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Duty {
    /// Run the handler of the task.
    Handle,
    /// Publish the record as a dead letter and answer [`Outcome::Done`] after the broker has acknowledged it.
    DeadLetter {
        /// The error class, as dead letters spell it: `exhausted`, `panicked`, or what the handler said.
        class: String,
        /// What the handler said last.
        message: String,
        /// How often the task was tried.
        attempts: u32,
    },
}

/// How a job ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is done.
    Done,
    /// It failed and may succeed later.
    Retry {
        /// Why.
        message: String,
    },
    /// It failed and would fail again: no more tries.
    Reject {
        /// The error class, as dead letters spell it.
        class: String,
        /// Why.
        message: String,
    },
    /// The handler panicked; counts as a try.
    Panicked {
        /// The panic's message.
        message: String,
    },
    /// The driver took it back before it ended (drain): it counts as never tried.
    Abandoned,
}
