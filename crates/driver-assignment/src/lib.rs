//! The driver-assignment service: keeps the fleet and gives each trip a driver, and no driver two trips.
//!
//! The copies of the service share one folder with two SQLite files: the *ledger* (who is on which trip, with the inbox and the outbox: a
//! step's decision, its memory and its events are one transaction) and the *positions* of the fleet. The three steps are
//! functions over the ledger: [`offer`], [`decide`] and [`release`]; they are right in whatever order their events arrive.

mod decide;
mod dispatcher;
mod fleet;
mod ledger;
mod offer;
mod release;
mod sphere;

pub use decide::{Decision, Reason, decide};
pub use dispatcher::Dispatcher;
pub use fleet::{Driver, Fleet};
pub use ledger::TABLES;
pub use offer::{Offer, offer};
pub use release::{Released, release};
