use std::time::Duration;

/// Settings of an outbox.
#[derive(Clone, Debug)]
pub struct OutboxSettings {
    /// How long to wait for other processes that write to the file. Default: 5 s.
    pub busy_timeout: Duration,
    /// Whether every commit reaches the disk before it counts (`PRAGMA synchronous = FULL`). Without, the last commits can be lost
    /// when the machine dies, not when the process does. Default: true.
    pub synchronous: bool,
    /// How long a firing is remembered. A redelivery after that works again. Default: 7 days.
    pub inbox_retention: Duration,
    /// How long published rows stay. Default: zero, they go at once.
    pub keep_published: Duration,
    /// How often the relay looks for rows that other processes have written; those of its own it is told of. Default: 10 ms.
    pub poll: Duration,
    /// How many rows may be on their way at once. Default: 256.
    pub in_flight: usize,
    /// How long the relay may go on after the shutdown. Default: 3 s.
    pub end: Duration,
}

impl Default for OutboxSettings {
    fn default() -> Self {
        Self {
            busy_timeout: Duration::from_secs(5),
            synchronous: true,
            inbox_retention: Duration::from_secs(7 * 24 * 60 * 60),
            keep_published: Duration::ZERO,
            poll: Duration::from_millis(10),
            in_flight: 256,
            end: Duration::from_secs(3),
        }
    }
}
