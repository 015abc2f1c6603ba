//! The trip service: takes requests, follows the trip to its end.

mod fare;
mod request;
mod status;

pub use fare::Fare;
pub use request::{Place, TripRequest};
pub use status::{Happening, Status, Verdict};
