//! How far everybody has come, counted while the run goes on.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use crate::client::Status;

/// Counts of trips.
#[derive(Debug, Default)]
pub struct Tally {
    planned: AtomicUsize,
    requested: AtomicUsize,
    completed: AtomicUsize,
    cancelled: AtomicUsize,
    unfulfilled: AtomicUsize,
    wrong: AtomicUsize,
}

impl Tally {
    /// Nothing has happened yet, of so many trips.
    pub fn of(planned: usize) -> Self {
        Self {
            planned: planned.into(),
            ..Self::default()
        }
    }

    /// A request was accepted.
    pub fn requested(&self) {
        self.requested.fetch_add(1, Relaxed);
    }

    /// A story has ended; `None`: not as it should.
    pub fn ended(&self, end: Option<Status>) {
        let counter = match end {
            Some(Status::Completed) => &self.completed,
            Some(Status::Cancelled) => &self.cancelled,
            Some(Status::Unfulfilled) => &self.unfulfilled,
            _ => &self.wrong,
        };
        counter.fetch_add(1, Relaxed);
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let get = |counter: &AtomicUsize| counter.load(Relaxed);
        let (requested, wrong) = (get(&self.requested), get(&self.wrong));
        let (completed, cancelled, unfulfilled) = (
            get(&self.completed),
            get(&self.cancelled),
            get(&self.unfulfilled),
        );
        let open = requested.saturating_sub(completed + cancelled + unfulfilled + wrong);
        write!(
            f,
            "requested {requested}/{} · in flight {open} · completed {completed} · cancelled {cancelled} · unfulfilled {unfulfilled}",
            get(&self.planned)
        )?;
        if wrong > 0 {
            write!(f, " · wrong {wrong}")?;
        }
        Ok(())
    }
}
