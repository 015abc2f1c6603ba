//! From `schemas/` to Rust: a type for every event, and for every workflow a module with one trait per participant. For build
//! scripts:
//!
//! ```no_run
//! // fn main of build.rs
//! farandole_codegen::Generator::new("schemas").workflow("trip").build();
//! ```
//!
//! and in the crate's `lib.rs`: `include!(concat!(env!("OUT_DIR"), "/farandole.rs"));`. That crate depends on `farandole`, `serde` and `uuid`, and on
//! `rust_decimal` where events have decimals. Where a schema says `"upgrade": true`, it has a module `upgrades` with a function per such event,
//! named after it: `fn trip_requested(version: u32, writer: &farandole::EventSchema, body: &[u8]) -> Option<Result<TripRequested, farandole::DecodeError>>`.
//! The struct that such a function decodes the old version into carries the record's name (`#[serde(rename = "TripRequested")]`): apache-avro compares it.
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
