//! The trip service: takes requests, follows the trip to its end.
//!
//! One request goes one way: [`router`] reads it, [`Trips`] opens a transaction, the trip's state machine ([`Status::verdict`]) decides,
//! the changed trip and the event that tells of it are committed together, and the outbox's relay publishes the event. What other
//! services tell comes in through the step `follow`; what the clock brings (searching again, giving up) through [`ring`].

mod alarm;
mod api;
mod error;
mod fare;
mod follow;
mod request;
mod status;
mod store;
mod trip;
mod trips;
mod view;

pub use alarm::ring;
pub use api::router;
pub use error::TripError;
pub use fare::Fare;
pub use request::{Place, TripRequest};
pub use status::{Happening, Status, Verdict};
pub use store::{Filter, Page};
pub use trip::{Patience, Trip};
pub use trips::{Requested, Trips};
pub use view::View;
