use std::sync::Arc;

use farandole_engine::{Outcome, Task};
use farandole_event::{Outgoing, Record};
use futures_util::future::BoxFuture;

/// A notice about a Kafka record.
pub type Notice = farandole_engine::Notice<Record>;

/// What a [`Subscriber`](crate::Subscriber) does with records.
pub trait Handler: Send + Sync + 'static {
    /// Says in which lane a record stands and what there is to do for it. Runs on the thread that polls Kafka, so it must be
    /// fast and must not block. If it panics the record becomes a dead letter of class `panicked`.
    fn route(&self, record: &Record) -> Route;

    /// Does one task of a record, the publishing of what it emits included. `task` is the index in [`Route::tasks`],
    /// `attempt` counts from 1. The future may be dropped at any point where it waits (deadline, drain).
    fn handle(&self, record: Arc<Record>, task: usize, attempt: u32)
    -> BoxFuture<'static, Outcome>;

    /// Makes the dead letter of a record whose task was rejected or has used up its attempts. `task` is `None` where the
    /// record could not be routed.
    fn dead_letter(
        &self,
        record: Arc<Record>,
        task: Option<usize>,
        class: &str,
        message: &str,
        attempts: u32,
    ) -> Outgoing;

    /// Hears what an operator wants to know. Must not block.
    fn notice(&self, notice: &Notice);
}

/// Where a record stands and what there is to do for it.
#[derive(Clone, Debug)]
pub struct Route {
    /// Records of one lane are handled one after the other, in the order they were read.
    pub lane: Arc<str>,
    /// What to do, one after the other. Empty: the record is done at once.
    pub tasks: Vec<Task>,
}
