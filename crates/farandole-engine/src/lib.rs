//! The delivery decisions, as a state machine without I/O, clock, threads or async: what to handle next, what may be
//! committed, when to try again, when to stop reading. Time is an argument, so a test can drive it through a million
//! schedules.
//!
//! The driver (`farandole-kafka`) tells the [`Engine`] what happened ([`Engine::assign`], [`Engine::accept`],
//! [`Engine::finish`], [`Engine::revoke`]) and asks what to do ([`Engine::next`], [`Engine::commits`],
//! [`Engine::want_paused`], [`Engine::wake_at`]).
//!
//! The rules:
//!
//! * A **lane** is an ordered queue of records across all topics; one job of a lane runs at a time, and any ready lane
//!   takes any free slot, in turn.
//! * The **watermark** of a partition is the offset of its first unfinished record, else the offset after its last
//!   accepted one. It goes by accepted offsets, so gaps (compaction, control records) don't hold it up.
//! * A failed try waits with **backoff** at the head of its lane while other lanes go on. After the last try the record
//!   becomes a dead letter or stops its partition; a dead letter is published or tried again for ever, never skipped.
//! * Every assignment of a partition has its own number: what belongs to an older one changes nothing any more.
//! * **Memory** is bounded by records and bytes, with hysteresis; a lane without records costs nothing.
//! * A **breaker** stops handling when most first tries fail: the fault is then with something the handlers need.
//!
//! Reading routes: order or fairness → `lane.rs`, `agenda.rs`; commits → `watermark.rs`; tries → `retry.rs`;
//! rebalances → `partition.rs`; pausing → `engine.rs`, `breaker.rs`.

mod agenda;
mod breaker;
mod engine;
mod job;
mod lane;
mod notice;
mod partition;
mod retry;
mod settings;
mod watermark;

pub use breaker::BreakerSettings;
pub use engine::{Accepted, Engine};
pub use job::{Duty, Job, JobId, Outcome, Task};
pub use notice::{About, Notice};
pub use partition::TopicPartition;
pub use retry::{Exhausted, RetryPolicy};
pub use settings::Settings;
