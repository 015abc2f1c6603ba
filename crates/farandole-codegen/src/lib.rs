//! From `schemas/` to Rust: a type for every event, and for every workflow a module with one trait per participant. For build
//! scripts:
//!
//! ```no_run
//! // build.rs
//! fn main() {
//!     farandole_codegen::Generator::new("schemas").workflow("trip").build();
//! }
//! ```
//! ```ignore
//! // src/lib.rs
//! include!(concat!(env!("OUT_DIR"), "/farandole.rs"));
//! ```
//!
//! The folder holds `events/<name>/v<N>.avsc` and `workflows/<name>/v<N>.yaml`. A step that has no method, or a method that emits what
//! the workflow doesn't allow, is then a compile error of the service.
//!
//! Reading routes: which files are read → `sources`; how Avro becomes Rust → `types`; what a workflow becomes → `workflow`.

mod error;
mod events;
mod generator;
mod names;
mod sources;
mod text;
mod types;
mod workflow;

pub use error::GenerateError;
pub use generator::{FILE, Generator};
