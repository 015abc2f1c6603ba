//! Where the batches of a log begin.

use std::collections::VecDeque;

/// The beginning of a batch.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    pub(super) base_offset: i64,
    pub(super) position: u64,
    pub(super) max_timestamp: i64,
}

/// The beginnings of all batches, in order.
#[derive(Debug, Default)]
pub(super) struct Index {
    entries: VecDeque<Entry>,
    /// Where the next batch begins.
    pub(super) size: u64,
}

impl Index {
    pub(super) fn push(&mut self, entry: Entry) {
        self.entries.push_back(entry);
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The batch that holds an offset, or the next one where a batch is missing.
    pub(super) fn holding(&self, offset: i64) -> Option<usize> {
        let after = self.entries.partition_point(|e| e.base_offset <= offset);
        if self.entries.is_empty() {
            None
        } else {
            Some(after.saturating_sub(1))
        }
    }

    /// Where a batch begins; for the one after the last, the end.
    pub(super) fn position(&self, batch: usize) -> u64 {
        self.entries.get(batch).map_or(self.size, |e| e.position)
    }

    /// The batch that is not whole before `position`: the number of those that are.
    pub(super) fn first_at(&self, position: u64) -> usize {
        if position >= self.size {
            return self.entries.len();
        }
        self.entries
            .partition_point(|e| e.position <= position)
            .saturating_sub(1)
    }

    pub(super) fn first_with(&self, wanted: impl Fn(&Entry) -> bool) -> Option<Entry> {
        self.entries.iter().copied().find(|e| wanted(e))
    }

    pub(super) fn newest(&self) -> Option<Entry> {
        // The first of equals: `max_by_key` would give the last.
        self.entries.iter().copied().reduce(|a, b| {
            if b.max_timestamp > a.max_timestamp {
                b
            } else {
                a
            }
        })
    }

    pub(super) fn drop_first(&mut self, batches: usize) {
        self.entries.drain(..batches);
    }
}
