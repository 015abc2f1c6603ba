//! The fold: which instance a record belongs to, and the set of an instance's records.
//!
//! The state is a set that only grows, keyed by position. Adding is commutative, associative and idempotent, so the same
//! records give the same state in whatever order and however often they arrive.

mod fact;
mod instance;
mod reading;

pub use fact::{Content, EventFact, Fact, LetterFact, SignalFact};
pub use instance::Instance;
pub use reading::{Home, Reading, Seen, read};
