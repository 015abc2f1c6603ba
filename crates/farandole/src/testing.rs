//! Tests of services without a broker: handlers, stamping, encoding and decoding are the real ones; topics are in memory, time and
//! interleaving are the test's.
//!
//! One participant, one firing, as a specification:
//!
//! ```ignore
//! Scenario::of(driver_assignment(dispatcher))
//!     .given(events![DriverPositioned { .. }])
//!     .when(TripRequested { .. })
//!     .await
//!     .then_emits([DriverOffered { .. }]);
//! ```
//!
//! Several participants, run until nothing moves any more, in an order that a seed decides:
//!
//! ```ignore
//! let mut services = Services::of(trip(..)).and(driver_assignment(..)).seeded(seed);
//! services.publish(&trip::request(&requested, StartOptions::default())?);
//! services.run().await;
//! assert_eq!(services.names(), ["trip.requested", "driver.offered", "driver.assigned"]);
//! ```
//!
//! A scenario says first what was and then what happens; another order does not compile:
//!
//! ```compile_fail
//! # use farandole::testing::Scenario;
//! # fn test(participant: farandole::Participant) {
//! let _ = Scenario::of(participant).then_nothing();
//! # }
//! ```

mod random;
mod sample;
mod scenario;
mod seen;
mod services;
mod topics;

pub use crate::events;
pub use sample::Sample;
pub use scenario::{Scenario, Then};
pub use seen::Seen;
pub use services::Services;
