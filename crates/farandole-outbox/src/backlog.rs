//! Which row is published next. Rows of one key go one after the other, in order of commit; different keys don't wait for each
//! other. A decision without I/O: time is an argument.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use crate::row::Row;

/// The first wait after a failed try; doubles up to [`LONGEST`].
const FIRST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(10);

/// Rows of one key share their record key, across topics; rows without a key their topic.
type Key = (Option<String>, Option<Vec<u8>>);

/// The rows that are loaded and not yet published.
#[derive(Debug, Default)]
pub(crate) struct Backlog {
    keys: HashMap<Key, Line>,
    ready: VecDeque<Key>,
    loaded: usize,
}

#[derive(Debug, Default)]
struct Line {
    rows: VecDeque<Row>,
    failures: u32,
    state: State,
}

#[derive(Debug, Default, PartialEq)]
enum State {
    #[default]
    Ready,
    /// Its first row is on its way.
    Busy,
    /// Its first row has failed and is tried again then.
    Waiting(Instant),
}

impl Backlog {
    /// How many rows it holds.
    pub(crate) fn len(&self) -> usize {
        self.loaded
    }

    pub(crate) fn push(&mut self, row: Row) {
        let key = key(&row);
        let line = self.keys.entry(key.clone()).or_default();
        line.rows.push_back(row);
        self.loaded += 1;
        if line.rows.len() == 1 {
            self.ready.push_back(key);
        }
    }

    /// The next row to publish. Its key waits until [`Backlog::done`] or [`Backlog::failed`].
    pub(crate) fn next(&mut self, now: Instant) -> Option<Row> {
        self.wake(now);
        let key = self.ready.pop_front()?;
        let line = self.keys.get_mut(&key)?;
        line.state = State::Busy;
        line.rows.front().cloned()
    }

    /// The row is published or put aside: the next of its key may go.
    pub(crate) fn done(&mut self, row: &Row) {
        let key = key(row);
        let Some(line) = self.keys.get_mut(&key) else {
            return;
        };
        line.rows.pop_front();
        self.loaded -= 1;
        if line.rows.is_empty() {
            self.keys.remove(&key);
        } else {
            (line.failures, line.state) = (0, State::Ready);
            self.ready.push_back(key);
        }
    }

    /// The row was not published: it and what follows in its key wait. Answers for how long.
    pub(crate) fn failed(&mut self, row: &Row, now: Instant) -> Duration {
        let Some(line) = self.keys.get_mut(&key(row)) else {
            return FIRST;
        };
        let wait = (FIRST * 2u32.saturating_pow(line.failures.min(16))).min(LONGEST);
        line.failures += 1;
        line.state = State::Waiting(now + wait);
        wait
    }

    /// When the next failed row is due.
    pub(crate) fn wake_at(&self) -> Option<Instant> {
        self.keys.values().filter_map(Line::due).min()
    }

    fn wake(&mut self, now: Instant) {
        if self
            .keys
            .values()
            .all(|line| line.due().is_none_or(|due| due > now))
        {
            return;
        }
        for (key, line) in &mut self.keys {
            if line.due().is_some_and(|due| due <= now) {
                line.state = State::Ready;
                self.ready.push_back(key.clone());
            }
        }
    }
}

impl Line {
    fn due(&self) -> Option<Instant> {
        if let State::Waiting(due) = self.state {
            Some(due)
        } else {
            None
        }
    }
}

fn key(row: &Row) -> Key {
    match &row.outgoing.key {
        Some(key) => (None, Some(key.clone())),
        None => (Some(row.outgoing.topic.clone()), None),
    }
}

#[cfg(test)]
mod tests {
    use farandole::{Headers, Outgoing};

    use super::*;

    fn row(seq: i64, key: &str) -> Row {
        let outgoing = Outgoing {
            topic: "trips".into(),
            key: Some(key.into()),
            value: None,
            headers: Headers::new(),
        };
        Row { seq, outgoing }
    }

    fn sendable(backlog: &mut Backlog, now: Instant) -> Vec<i64> {
        std::iter::from_fn(|| backlog.next(now))
            .map(|row| row.seq)
            .collect()
    }

    #[test]
    fn a_key_has_one_row_on_its_way_and_others_go_beside() {
        let (mut backlog, now) = (Backlog::default(), Instant::now());
        for row in [row(1, "a"), row(2, "a"), row(3, "b")] {
            backlog.push(row);
        }
        assert_eq!(sendable(&mut backlog, now), [1, 3]);
        backlog.done(&row(3, "b"));
        assert_eq!(
            sendable(&mut backlog, now),
            [] as [i64; 0],
            "row 2 waits for row 1"
        );
        backlog.done(&row(1, "a"));
        assert_eq!(sendable(&mut backlog, now), [2]);
        backlog.done(&row(2, "a"));
        assert_eq!(backlog.len(), 0);
    }

    #[test]
    fn a_failed_row_keeps_its_key_waiting_longer_and_longer() {
        let (mut backlog, mut now) = (Backlog::default(), Instant::now());
        for row in [row(1, "a"), row(2, "a"), row(3, "b")] {
            backlog.push(row);
        }
        let mut waits = Vec::new();
        for _ in 0..9 {
            let first = backlog.next(now).expect("row 1 is due");
            assert_eq!(first.seq, 1);
            waits.push(backlog.failed(&first, now).as_millis());
            while let Some(other) = backlog.next(now) {
                assert_eq!(other.seq, 3, "row 2 must not pass row 1");
                backlog.done(&other);
            }
            now = backlog.wake_at().expect("row 1 waits");
        }
        assert_eq!(
            waits,
            [100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000]
        );
        assert_eq!(sendable(&mut backlog, now), [1]);
    }
}
