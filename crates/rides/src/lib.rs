//! The rides example: event types and participant traits, generated from `schemas/`.
//!
//! Every event of `schemas/events` is a struct here ([`TripRequested`], [`DriverAssigned`] …). The workflow [`trip`] has one trait
//! per participant with a method per step; what its `external` steps begin or change is a function.

include!(concat!(env!("OUT_DIR"), "/farandole.rs"));

/// The Rust of README.md and docs/ compiles, and its tests run: they use these types.
#[cfg(doctest)]
mod documentation {
    #[doc = include_str!("../../../README.md")]
    struct Readme;
    #[doc = include_str!("../../../docs/subscribers.md")]
    struct Subscribers;
    #[doc = include_str!("../../../docs/tutorial.md")]
    struct Tutorial;
}
