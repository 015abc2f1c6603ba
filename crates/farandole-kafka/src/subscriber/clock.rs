use std::time::{Duration, Instant};

/// Milliseconds since the Unix epoch that never go back: the wall clock is asked once.
#[derive(Debug)]
pub(super) struct Clock {
    started: Instant,
    started_ms: i64,
}

impl Clock {
    pub(super) fn new() -> Self {
        Self {
            started: Instant::now(),
            started_ms: farandole_runtime::now_ms(),
        }
    }

    pub(super) fn now_ms(&self) -> i64 {
        let elapsed = i64::try_from(self.started.elapsed().as_millis()).unwrap_or(i64::MAX);
        self.started_ms.saturating_add(elapsed)
    }

    /// The moment of a time of this clock's.
    pub(super) fn instant(&self, at_ms: i64) -> Instant {
        let since = at_ms
            .saturating_sub(self.started_ms)
            .clamp(0, i64::from(u32::MAX));
        self.started + Duration::from_millis(since.unsigned_abs())
    }
}
