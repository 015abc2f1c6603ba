//! Services on the embedded broker, from start to dead letter.

#[path = "../ride/mod.rs"]
mod ride;

mod chain;
mod failures;
mod foreign;
mod starts;
mod support;
