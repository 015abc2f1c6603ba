use std::collections::VecDeque;

/// When to stop handling because most first tries fail, and how to find out that they would succeed again.
#[derive(Clone, Debug)]
pub struct BreakerSettings {
    /// How many of the last first tries are looked at; opens only when there are that many. Default: 20.
    pub window: usize,
    /// First tries older than that are forgotten, in milliseconds. Default: 60 000.
    pub window_ms: i64,
    /// The wait before the first probe, in milliseconds; doubles with every probe that fails. Default: 1 000.
    pub probe_after_ms: i64,
    /// The longest wait before a probe, in milliseconds. Default: 30 000.
    pub probe_max_ms: i64,
}

impl Default for BreakerSettings {
    fn default() -> Self {
        Self {
            window: 20,
            window_ms: 60_000,
            probe_after_ms: 1_000,
            probe_max_ms: 30_000,
        }
    }
}

/// Whether a job may start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Admission {
    Yes,
    /// Yes, and its outcome decides whether the breaker closes.
    Probe,
    No,
}

#[derive(Debug)]
enum State {
    Closed,
    /// Nothing starts before `probe_at_ms`; then one probe at a time.
    Open {
        probe_at_ms: i64,
        wait_ms: i64,
        probing: bool,
    },
}

/// Looks at first tries; open, it holds up every job but one probe at a time.
#[derive(Debug)]
pub(crate) struct Breaker {
    settings: BreakerSettings,
    /// First tries: when they ended, and whether they failed.
    window: VecDeque<(i64, bool)>,
    state: State,
}

impl Breaker {
    pub(crate) fn new(settings: BreakerSettings) -> Self {
        Self {
            settings,
            window: VecDeque::new(),
            state: State::Closed,
        }
    }

    pub(crate) fn is_open(&self) -> bool {
        matches!(self.state, State::Open { .. })
    }

    /// Whether a job may start now.
    pub(crate) fn admit(&self, now_ms: i64) -> Admission {
        match self.state {
            State::Closed => Admission::Yes,
            State::Open {
                probing: false,
                probe_at_ms,
                ..
            } if now_ms >= probe_at_ms => Admission::Probe,
            State::Open { .. } => Admission::No,
        }
    }

    /// When the next probe may start, where only time is missing.
    pub(crate) fn probe_at(&self) -> Option<i64> {
        match self.state {
            State::Open {
                probing: false,
                probe_at_ms,
                ..
            } => Some(probe_at_ms),
            _ => None,
        }
    }

    /// A probe has started (true), or was taken back before it ended (false).
    pub(crate) fn set_probing(&mut self, is_probing: bool) {
        if let State::Open { probing, .. } = &mut self.state {
            *probing = is_probing;
        }
    }

    /// A probe has ended; true when that closed the breaker.
    pub(crate) fn probed(&mut self, failed: bool, now_ms: i64) -> bool {
        let State::Open { wait_ms, .. } = self.state else {
            return false;
        };
        if failed {
            let wait_ms = wait_ms.saturating_mul(2).min(self.settings.probe_max_ms);
            self.state = State::Open {
                probe_at_ms: now_ms.saturating_add(wait_ms),
                wait_ms,
                probing: false,
            };
        } else {
            self.state = State::Closed;
            self.window.clear();
        }
        !failed
    }

    /// A first try has ended; answers how many of how many failed when that opened the breaker.
    pub(crate) fn record(&mut self, failed: bool, now_ms: i64) -> Option<(usize, usize)> {
        if self.is_open() {
            return None;
        }
        self.window.push_back((now_ms, failed));
        let oldest_ms = now_ms.saturating_sub(self.settings.window_ms);
        while self.window.len() > self.settings.window
            || self
                .window
                .front()
                .is_some_and(|&(at_ms, _)| at_ms < oldest_ms)
        {
            self.window.pop_front();
        }
        let failures = self.window.iter().filter(|(_, failed)| *failed).count();
        if self.window.len() < self.settings.window || failures * 2 <= self.window.len() {
            return None;
        }
        let wait_ms = self.settings.probe_after_ms;
        self.state = State::Open {
            probe_at_ms: now_ms.saturating_add(wait_ms),
            wait_ms,
            probing: false,
        };
        Some((failures, self.window.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::{Admission, Breaker, BreakerSettings};

    fn breaker() -> Breaker {
        Breaker::new(BreakerSettings::default())
    }

    fn opened() -> Breaker {
        let mut breaker = breaker();
        (0..20).for_each(|_| {
            breaker.record(true, 0);
        });
        assert!(breaker.is_open());
        breaker
    }

    #[test]
    fn stays_closed_while_half_of_the_window_fails() {
        let mut breaker = breaker();
        for n in 0..1_000 {
            assert_eq!(breaker.record(n % 2 == 0, n), None);
        }
    }

    #[test]
    fn stays_closed_before_the_window_is_full() {
        let mut breaker = breaker();
        assert!((0..19).all(|n| breaker.record(true, n).is_none()));
        assert_eq!(breaker.record(true, 19), Some((20, 20)));
    }

    #[test]
    fn forgets_old_failures() {
        let mut breaker = breaker();
        (0..19).for_each(|n| {
            breaker.record(true, n);
        });
        assert_eq!(breaker.record(true, 70_000), None);
    }

    #[test]
    fn lets_one_probe_through_at_a_time_and_waits_longer_after_each_failure() {
        let mut breaker = opened();
        assert_eq!(breaker.admit(999), Admission::No);
        assert_eq!(breaker.admit(1_000), Admission::Probe);
        breaker.set_probing(true);
        assert_eq!(breaker.admit(5_000), Admission::No);

        assert!(!breaker.probed(true, 5_000));
        assert_eq!(breaker.probe_at(), Some(7_000));
        assert!(breaker.probed(false, 7_500));
        assert_eq!(breaker.admit(7_500), Admission::Yes);
    }

    #[test]
    fn a_probe_that_was_taken_back_makes_room_for_another() {
        let mut breaker = opened();
        breaker.set_probing(true);
        breaker.set_probing(false);
        assert_eq!(breaker.admit(1_000), Admission::Probe);
    }
}
