//! The workflow language: parse, check, project, draw, and the firing rules themselves.
//!
//! Pure: no I/O, no clock, no async. [`parse`] turns the text of a workflow file into a [`Workflow`] or a [`Report`] of everything
//! that is wrong with it; [`check`] holds a workflow against the schemas of its events; [`unsupported`] names what the runtime
//! can't do yet; [`project`] gives one participant's [`Contract`]; [`draw`] makes a diagram.
//!
//! ```
//! let text = "
//! workflow: greeting
//! version: 1
//! key: guest_id
//! steps:
//!   arrive: {by: door, external: start, emits: guest.arrived}
//!   greet: {by: host, on: guest.arrived, emits: guest.greeted, within: 10s}
//! ends: {completed: guest.greeted}
//! ";
//! let workflow = farandole_workflow::parse("greeting/v1.yaml", text).unwrap();
//! let fired: Vec<&str> = workflow.triggered_by("guest.arrived").map(|step| step.name.as_str()).collect();
//! assert_eq!(fired, ["greet"]);
//! ```
//!
//! Reading routes: a file is refused → `tree` (YAML), then `read` (the language); a finding about events → `check`; what fires
//! when → `firing`.

mod check;
mod contract;
pub mod draw;
mod duration;
mod firing;
mod model;
mod name;
mod place;
mod read;
mod report;
mod support;
mod tree;

pub use check::check;
pub use contract::{Contract, ContractStep, StartKind, project};
pub use duration::{MAX_DURATION_MS, format_duration, parse_duration};
pub use model::{Compensate, Emits, EndKind, Ends, Step, StepStart, Trigger, Workflow};
pub use name::did_you_mean;
pub use read::{MAX_STEPS, parse};
pub use report::{Finding, Report, Severity};
pub use support::unsupported;
pub use tree::MAX_FILE_BYTES;
