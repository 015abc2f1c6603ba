use std::collections::{BTreeSet, VecDeque};

use crate::lane::LaneId;

/// Which lanes can go on, in whose turn, and which wait until when. A lane stands here at most once.
#[derive(Debug, Default)]
pub(crate) struct Agenda {
    ready: VecDeque<LaneId>,
    /// Lanes whose next job is to publish a dead letter: a breaker doesn't hold these up.
    letters: VecDeque<LaneId>,
    waiting: BTreeSet<(i64, LaneId, bool)>,
}

impl Agenda {
    /// Puts a lane behind the others that are ready.
    pub(crate) fn push(&mut self, lane: LaneId, is_letter: bool) {
        if is_letter {
            self.letters.push_back(lane)
        } else {
            self.ready.push_back(lane)
        }
    }

    /// Lets a lane wait until `due_ms`.
    pub(crate) fn wait(&mut self, lane: LaneId, due_ms: i64, is_letter: bool) {
        self.waiting.insert((due_ms, lane, is_letter));
    }

    /// Makes the lanes ready whose time has come.
    pub(crate) fn wake(&mut self, now_ms: i64) {
        while let Some(&(due_ms, lane, is_letter)) = self.waiting.first() {
            if due_ms > now_ms {
                break;
            }
            self.waiting.pop_first();
            self.push(lane, is_letter);
        }
    }

    /// When the next waiting lane is due.
    pub(crate) fn next_due(&self) -> Option<i64> {
        self.waiting.first().map(|&(due_ms, ..)| due_ms)
    }

    pub(crate) fn next_letter(&mut self) -> Option<LaneId> {
        self.letters.pop_front()
    }

    pub(crate) fn next_ready(&mut self) -> Option<LaneId> {
        self.ready.pop_front()
    }

    pub(crate) fn has_letter(&self) -> bool {
        !self.letters.is_empty()
    }

    pub(crate) fn has_ready(&self) -> bool {
        !self.ready.is_empty()
    }

    /// Empties the agenda and answers the lanes whose turn it was, in turn.
    pub(crate) fn take_turns(&mut self) -> Vec<LaneId> {
        self.waiting.clear();
        self.letters.drain(..).chain(self.ready.drain(..)).collect()
    }
}
