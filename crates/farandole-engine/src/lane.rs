use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use crate::Task;
use crate::partition::Assignment;

/// A record waiting in a lane, and how far it has come.
pub(crate) struct Entry<R> {
    pub(crate) assignment: Assignment,
    pub(crate) offset: i64,
    pub(crate) bytes: usize,
    pub(crate) record: Arc<R>,
    pub(crate) tasks: Vec<Task>,
    /// The task it is at.
    pub(crate) task: usize,
    /// Tries at that task, or at publishing its dead letter, that have ended.
    pub(crate) tries: u32,
    /// When the next try is due; `None` at once.
    pub(crate) due_ms: Option<i64>,
    /// The dead letter it has become.
    pub(crate) letter: Option<Letter>,
}

/// What a dead letter says.
#[derive(Clone)]
pub(crate) struct Letter {
    pub(crate) class: String,
    pub(crate) message: String,
    pub(crate) attempts: u32,
}

impl<R> Entry<R> {
    pub(crate) fn current(&self) -> &Task {
        &self.tasks[self.task]
    }

    /// Goes on to the next task; false when there is none.
    pub(crate) fn advance(&mut self) -> bool {
        self.task += 1;
        self.tries = 0;
        self.due_ms = None;
        self.letter = None;
        self.task < self.tasks.len()
    }
}

/// An ordered queue of records, of which the first may be at work.
pub(crate) struct Lane<R> {
    pub(crate) name: Arc<str>,
    pub(crate) queue: VecDeque<Entry<R>>,
    /// A job of it is running, of the first entry or of one that was revoked meanwhile.
    pub(crate) busy: bool,
}

/// The place of a lane in [`Lanes`]; stays valid while the lane has records or is busy.
pub(crate) type LaneId = usize;

/// All lanes that have records or a running job.
pub(crate) struct Lanes<R> {
    slots: Vec<Option<Lane<R>>>,
    free: Vec<LaneId>,
    by_name: HashMap<Arc<str>, LaneId>,
}

impl<R> Default for Lanes<R> {
    fn default() -> Self {
        Self {
            slots: Vec::new(),
            free: Vec::new(),
            by_name: HashMap::new(),
        }
    }
}

impl<R> Lanes<R> {
    /// The lane of that name, made where it is missing.
    pub(crate) fn open(&mut self, name: Arc<str>) -> LaneId {
        if let Some(&id) = self.by_name.get(&name) {
            return id;
        }
        let lane = Lane {
            name: name.clone(),
            queue: VecDeque::new(),
            busy: false,
        };
        let id = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            self.slots.len() - 1
        });
        self.slots[id] = Some(lane);
        self.by_name.insert(name, id);
        id
    }

    /// Forgets a lane without records and without a running job.
    pub(crate) fn free_if_idle(&mut self, id: LaneId) -> bool {
        let idle = self.slots[id]
            .as_ref()
            .is_none_or(|lane| lane.queue.is_empty() && !lane.busy);
        if idle && let Some(lane) = self.slots[id].take() {
            self.by_name.remove(&lane.name);
            self.free.push(id);
        }
        idle
    }

    pub(crate) fn get(&self, id: LaneId) -> Option<&Lane<R>> {
        self.slots.get(id)?.as_ref()
    }

    pub(crate) fn get_mut(&mut self, id: LaneId) -> Option<&mut Lane<R>> {
        self.slots.get_mut(id)?.as_mut()
    }

    pub(crate) fn ids(&self) -> std::ops::Range<LaneId> {
        0..self.slots.len()
    }

    pub(crate) fn len(&self) -> usize {
        self.by_name.len()
    }
}
