//! The write side of Kafka: [`Publisher`] publishes, [`Admin`] creates and describes topics, [`Subscriber`] reads as a
//! member of a consumer group and drives the delivery engine (`farandole-engine`).
//!
//! This crate and `farandole-read` are the only ones that name rdkafka.
//!
//! Reading routes: what is published and how errors read → `publisher.rs`; what a client is configured with → `config.rs`;
//! a record's way from the poll to the handler and back → `subscriber/poll.rs`, `subscriber/worker.rs`; rebalances →
//! `subscriber/rebalance.rs`; dead letters → `subscriber/dead_letter.rs`; the end → `subscriber/leave.rs`.

mod admin;
mod config;
mod handler;
mod publisher;
mod subscriber;
mod topic;

pub use admin::{Admin, AdminError};
pub use farandole_engine::{Exhausted, Outcome, RetryPolicy, Task, TopicPartition};
pub use handler::{Handler, Notice, Route};
pub use publisher::{PublishError, Publisher, Sent};
pub use subscriber::{Ended, Status, SubscribeError, Subscriber, SubscriberSettings};
pub use topic::{Change, Difference, TopicChange, TopicDescription, TopicSpec};

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks a mutex whether or not a thread panicked while holding it: the state behind our locks is changed in steps that
/// each leave it whole.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
