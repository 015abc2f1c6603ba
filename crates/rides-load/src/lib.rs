//! Plays the riders and the drivers' apps: requests, positions, pick-ups and drop-offs.
//!
//! A plan ([`plan`], [`input`]) says who asks for what; each rider is a story ([`rider`]) that talks to the trip service ([`client`]) and
//! looks at what it says of the trip ([`board`]); drivers report where they are ([`drivers`], [`positions`]); at the end everything is summed
//! up ([`summary`]) and compared with the tracker's view ([`tracker`]).

pub mod accepted;
pub mod board;
pub mod city;
pub mod client;
pub mod drivers;
pub mod input;
pub mod plan;
pub mod positions;
pub mod progress;
pub mod rider;
mod run;
mod settings;
pub mod summary;
pub mod tally;
pub mod tracker;

pub use run::run;
pub use settings::Settings;
