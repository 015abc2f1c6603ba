//! What an instance's facts mean: status, timeline, firings, what it waits for, deviations, progress, why it is stuck.
//!
//! Two layers, both pure. [`assess`] needs facts and definitions only. [`status`] and [`why`] add what changes without any
//! new fact: the time, and the groups' offsets (rule 15). Offsets explain a status; they never decide it.

mod assessment;
mod deviations;
mod firings;
mod history;
mod offsets;
mod outside;
mod progress;
mod status;
mod timeline;
mod why;

pub use assessment::{Assessment, Context, Ended, assess};
pub use deviations::{Deviation, DeviationKind};
pub use firings::{Cause, Firing, FiringState, Lettered, Output, Said};
pub use offsets::{Group, Member, Offsets, Partition, Positions};
pub use outside::Awaited;
pub use progress::{Progress, Remaining};
pub use status::{Flags, Status, WaitKind, WaitsFor, flags, status, waits_for};
pub use timeline::{Entry, EntryKind};
pub use why::{Asked, Reason, Why, missing, why};
