//! A transactional outbox and inbox for services with a database of their own.
//!
//! A handler that changes a database and emits an event wants both or neither. [`Outbox::handle`] writes three things in one
//! transaction: the firing's id (the *inbox*: the same firing never works twice), the service's own rows, and the events that the
//! framework would publish, byte for byte (the *outbox*). A [relay](Outbox::relay) publishes them in the order of commit and
//! removes them after the broker's acknowledgement. [`Outbox::transact`] does the same for steps taken from outside.
//!
//! What is guaranteed: a committed row is published at least once, rows of one key in order of commit; a row that was rolled back
//! is never published. The one window for a repeat is a crash between the acknowledgement and the removal; the repeat is identical,
//! so consumers recognise it by its id.
//!
//! The table `outbox` has Debezium's column names (`id`, `aggregatetype`, `aggregateid`, `type`, `payload`), so Debezium's event
//! router could take the relay's place. Any number of processes may share one file; one of them relays.
//!
//! Reading routes: what is written together → `outbox.rs`; how many transactions share one sync of the disk → `writer.rs`; in which
//! order rows are published → `backlog.rs`; who relays → `relay.rs`, `lock.rs`,
//! `watch.rs`.

mod backlog;
mod error;
mod lock;
mod outbox;
mod publish;
mod relay;
mod row;
mod settings;
mod store;
mod watch;
mod writer;

pub use error::OutboxError;
pub use outbox::{Outbox, Parked, Tx};
pub use publish::{Publish, Refused};
pub use settings::OutboxSettings;
