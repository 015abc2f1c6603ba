//! Serving HTTP: an accept loop with limits, problems as RFC 9457 has them, a JSON extractor that speaks them.

mod guard;
mod json;
mod problem;
mod server;

pub use guard::defaults;
pub use json::Json;
pub use problem::{Problem, not_found};
pub use server::{Limits, serve, serve_with};

/// Most bytes of a request body: 1 MiB.
pub const BODY_LIMIT: usize = 1 << 20;
