//! A subscriber against the embedded broker.

mod delivery;
mod ends;
mod failures;
mod hostile;
mod rebalances;
mod support;
