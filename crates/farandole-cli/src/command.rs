//! One file per command.

pub mod broker;
pub mod dead_letters;
pub mod events;
pub mod schema;
pub mod status;
pub mod topics;
pub mod track;
pub mod workflow;
