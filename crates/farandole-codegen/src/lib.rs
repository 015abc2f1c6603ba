//! From schemas/ to Rust event types and one trait per participant, for build scripts.
