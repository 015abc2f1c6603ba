//! Plays the riders and the drivers' apps: requests, positions, pick-ups and drop-offs.

pub mod board;
pub mod city;
pub mod client;
pub mod drivers;
pub mod input;
pub mod plan;
pub mod progress;
pub mod rider;
pub mod summary;
pub mod tally;
