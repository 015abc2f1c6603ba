//! An in-process broker that speaks the Kafka protocol, for development and tests.
//!
//! One node, no authentication, no replication, no transactions. It answers real Kafka clients
//! (librdkafka above all) for topics, producing, consuming, consumer groups, committed offsets and
//! administration, starts in milliseconds and needs neither Java nor containers.
//!
//! ```
//! # fn main() -> Result<(), farandole_broker::BrokerError> {
//! use farandole_broker::{Broker, Config};
//!
//! let broker = Broker::start_blocking(Config::default())?; // loopback, a free port, memory only
//! assert!(broker.bootstrap_servers().starts_with("127.0.0.1:"));
//! # Ok(())
//! # }
//! ```
//!
//! The broker runs on threads of its own, so a caller that blocks its thread, or an async test on a
//! single-threaded runtime, cannot starve it. It stops when dropped.
//!
//! What it is not: there are no transactions (a transactional producer is refused for good), no
//! retention and no compaction (those settings are kept and shown, records stay until they are
//! deleted), no authentication (it listens on loopback unless [`Config::allow_remote`] says
//! otherwise), no record formats older than record batches. A look-up of an offset by time finds
//! the very record in an uncompressed batch, and the first of its batch in a compressed one.
//!
//! With [`Config::data`] everything is written to disk before it is acknowledged, without syncing
//! the disk: it survives the death of the process, not the death of the machine.

mod api;
mod batch;
mod broker;
mod clock;
mod cluster;
mod config;
mod connection;
mod data;
mod error;
mod frame;
mod group;
mod groups;
mod journal;
mod log;
mod partition;
mod producers;
mod request_log;
mod settings;
mod shape;
mod topic;
mod topics;

pub use broker::Broker;
pub use config::Config;
pub use error::BrokerError;
pub use request_log::Request;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks a mutex whether or not a thread panicked while holding it: the state behind our locks is
/// changed in steps that each leave it whole.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
