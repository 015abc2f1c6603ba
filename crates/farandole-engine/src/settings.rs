use crate::{BreakerSettings, RetryPolicy};

/// Limits of an engine.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How many jobs may run at once. Default: 128.
    pub max_in_flight: usize,
    /// How many records may be held, running ones included, before reading pauses. Default: 10 000.
    pub max_buffered_records: usize,
    /// How many bytes of records may be held before reading pauses. Default: 64 MiB.
    pub max_buffered_bytes: usize,
    /// How far (in offsets) a partition may run ahead of its first unfinished record before it is held back. Bounds what is
    /// delivered again after a crash. Default: 100 000.
    pub max_ahead: i64,
    /// The tries at publishing a dead letter; `attempts` and `then` don't matter, it is tried for ever.
    pub dead_letter: RetryPolicy,
    /// When to stop handling because most first tries fail; `None` never does.
    pub breaker: Option<BreakerSettings>,
    /// What the jitter of waiting times is derived from; give every copy of a service another one. Default: 0.
    pub seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            max_in_flight: 128,
            max_buffered_records: 10_000,
            max_buffered_bytes: 64 * 1024 * 1024,
            max_ahead: 100_000,
            dead_letter: RetryPolicy::default(),
            breaker: Some(BreakerSettings::default()),
            seed: 0,
        }
    }
}
