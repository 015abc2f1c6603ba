use std::collections::HashMap;
use std::sync::Arc;

use crate::agenda::Agenda;
use crate::breaker::{Admission, Breaker};
use crate::lane::{Entry, LaneId, Lanes};
use crate::partition::{Assignment, Partitions};
use crate::{Duty, Job, JobId, Notice, Settings, Task, TopicPartition};

mod assignment;
mod finish;

/// Decides what to handle next, what may be committed, when to try again and when to stop reading.
///
/// `R` is what a record carries; the engine never looks into it. All times are milliseconds of one clock of the driver's
/// that never goes back.
pub struct Engine<R> {
    settings: Settings,
    lanes: Lanes<R>,
    agenda: Agenda,
    partitions: Partitions,
    breaker: Option<Breaker>,
    running: HashMap<JobId, Running>,
    last_job: u64,
    held: Held,
    notices: Vec<Notice<R>>,
}

/// A job that has been handed out.
struct Running {
    lane: LaneId,
    assignment: Assignment,
    /// Its outcome decides whether the breaker closes.
    probe: bool,
    /// Its partition was revoked: its outcome changes nothing.
    stale: bool,
}

/// What is in memory.
#[derive(Default)]
struct Held {
    records: usize,
    bytes: usize,
    /// Reading pauses until half of it is gone.
    full: bool,
}

/// What became of a record given to [`Engine::accept`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accepted {
    /// It stands in its lane.
    Queued,
    /// There was nothing to do for it.
    Done,
    /// Its offset is not beyond the last one of this assignment: ignored.
    Repeated,
    /// Its partition is not assigned, or is closing: ignored.
    NotOurs,
}

impl<R> Engine<R> {
    /// An engine without partitions.
    pub fn new(settings: Settings) -> Self {
        Self {
            breaker: settings.breaker.clone().map(Breaker::new),
            settings,
            lanes: Lanes::default(),
            agenda: Agenda::default(),
            partitions: Partitions::default(),
            running: HashMap::new(),
            last_job: 0,
            held: Held::default(),
            notices: Vec::new(),
        }
    }

    /// Takes a record in. `bytes` counts against the memory limit; `tasks` run in order, one after the other; a record
    /// without tasks is done at once.
    pub fn accept(
        &mut self,
        partition: &TopicPartition,
        offset: i64,
        lane: Arc<str>,
        bytes: usize,
        record: Arc<R>,
        tasks: Vec<Task>,
    ) -> Accepted {
        let Some(assignment) = self.partitions.current(partition) else {
            return Accepted::NotOurs;
        };
        let Some(partition) = self.partitions.get_mut(assignment) else {
            return Accepted::NotOurs;
        };
        if partition.closing {
            return Accepted::NotOurs;
        }
        if !partition.watermark.accept(offset) {
            return Accepted::Repeated;
        }
        if tasks.is_empty() {
            partition.watermark.finish(offset);
        }
        partition.measure(self.settings.max_ahead);
        if tasks.is_empty() {
            return Accepted::Done;
        }
        let entry = Entry {
            assignment,
            offset,
            bytes,
            record,
            tasks,
            task: 0,
            tries: 0,
            due_ms: None,
            letter: None,
        };
        self.enqueue(lane, entry);
        Accepted::Queued
    }

    fn enqueue(&mut self, name: Arc<str>, entry: Entry<R>) {
        self.held.records += 1;
        self.held.bytes += entry.bytes;
        self.measure();
        let id = self.lanes.open(name);
        if let Some(lane) = self.lanes.get_mut(id) {
            lane.queue.push_back(entry);
            // Otherwise the lane has its turn already, or gets it when its first record is through.
            if lane.queue.len() == 1 && !lane.busy {
                self.place(id);
            }
        }
    }

    /// The next job to run, if one is ready and a slot is free.
    pub fn next(&mut self, now_ms: i64) -> Option<Job<R>> {
        self.agenda.wake(now_ms);
        if self.running.len() >= self.settings.max_in_flight {
            return None;
        }
        if let Some(lane) = self.agenda.next_letter() {
            return self.start(lane, false);
        }
        match self
            .breaker
            .as_ref()
            .map_or(Admission::Yes, |breaker| breaker.admit(now_ms))
        {
            Admission::No => None,
            Admission::Yes => self
                .agenda
                .next_ready()
                .and_then(|lane| self.start(lane, false)),
            Admission::Probe => self
                .agenda
                .next_ready()
                .and_then(|lane| self.start(lane, true)),
        }
    }

    /// Whether [`Engine::next`] would answer a job: a driver with several workers tells the others.
    pub fn has_next(&self, now_ms: i64) -> bool {
        let admitted = || {
            self.breaker
                .as_ref()
                .is_none_or(|breaker| breaker.admit(now_ms) != Admission::No)
        };
        self.running.len() < self.settings.max_in_flight
            && (self.agenda.has_letter() || (self.agenda.has_ready() && admitted()))
    }

    fn start(&mut self, id: LaneId, probe: bool) -> Option<Job<R>> {
        let lane = self.lanes.get_mut(id)?;
        let entry = lane.queue.front()?;
        let partition = self.partitions.get_mut(entry.assignment)?;
        self.last_job += 1;
        let job = Job {
            id: JobId(self.last_job),
            partition: partition.name.clone(),
            offset: entry.offset,
            lane: lane.name.clone(),
            record: entry.record.clone(),
            task: entry.task,
            step: entry.current().step.clone(),
            attempt: entry.tries + 1,
            duty: duty(entry),
        };
        partition.running += 1;
        self.running.insert(
            job.id,
            Running {
                lane: id,
                assignment: entry.assignment,
                probe,
                stale: false,
            },
        );
        lane.busy = true;
        if let Some(breaker) = self.breaker.as_mut().filter(|_| probe) {
            breaker.set_probing(true);
        }
        Some(job)
    }

    /// Gives a lane its place on the agenda, or forgets it when it is idle.
    fn place(&mut self, id: LaneId) {
        if self.lanes.free_if_idle(id) {
            return;
        }
        let Some(lane) = self.lanes.get(id).filter(|lane| !lane.busy) else {
            return;
        };
        let Some(entry) = lane.queue.front() else {
            return;
        };
        if !self
            .partitions
            .get(entry.assignment)
            .is_some_and(|partition| partition.is_open())
        {
            return;
        }
        match entry.due_ms {
            Some(due_ms) => self.agenda.wait(id, due_ms, entry.letter.is_some()),
            None => self.agenda.push(id, entry.letter.is_some()),
        }
    }

    fn measure(&mut self) {
        let (records, bytes) = (
            self.settings.max_buffered_records,
            self.settings.max_buffered_bytes,
        );
        let held = &mut self.held;
        held.full = if held.full {
            held.records > records / 2 || held.bytes > bytes / 2
        } else {
            held.records >= records || held.bytes >= bytes
        };
    }

    /// When to call [`Engine::next`] again although nothing else happens: the next try or probe that is due.
    pub fn wake_at(&self) -> Option<i64> {
        if self.running.len() >= self.settings.max_in_flight {
            return None; // the next job that ends makes room, and nothing can start before that
        }
        let probe = self
            .breaker
            .as_ref()
            .and_then(Breaker::probe_at)
            .filter(|_| self.agenda.has_ready());
        self.agenda.next_due().into_iter().chain(probe).min()
    }

    /// Whether reading should pause: too much is in memory, or the breaker is open.
    pub fn want_paused(&self) -> bool {
        self.held.full || (self.breaker.as_ref().is_some_and(Breaker::is_open) && self.has_probe())
    }

    /// Whether a probe can come of what is held. If not, reading must go on, or an open breaker would stay open.
    fn has_probe(&self) -> bool {
        self.agenda.has_ready() || self.agenda.next_due().is_some() || !self.running.is_empty()
    }

    /// What happened since the last call that an operator wants to know about.
    pub fn notices(&mut self) -> Vec<Notice<R>> {
        std::mem::take(&mut self.notices)
    }

    /// How many jobs are running, of revoked partitions too.
    pub fn in_flight(&self) -> usize {
        self.running.len()
    }

    /// How many records are held, running ones included.
    pub fn buffered_records(&self) -> usize {
        self.held.records
    }

    /// How many bytes the held records count for.
    pub fn buffered_bytes(&self) -> usize {
        self.held.bytes
    }

    /// How many lanes have records or a running job.
    pub fn lanes(&self) -> usize {
        self.lanes.len()
    }
}

fn duty<R>(entry: &Entry<R>) -> Duty {
    match &entry.letter {
        None => Duty::Handle,
        Some(letter) => Duty::DeadLetter {
            class: letter.class.clone(),
            message: letter.message.clone(),
            attempts: letter.attempts,
        },
    }
}

#[cfg(test)]
mod tests;
