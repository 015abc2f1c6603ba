//! What the engine should do, said as plainly as possible and without a thought about speed.

use std::collections::BTreeMap;
use std::sync::Arc;

use farandole_engine::{
    Duty, Exhausted, Job, JobId, Outcome, RetryPolicy, Settings, TopicPartition,
};

/// A record as the model keeps it.
pub(crate) struct Held {
    pub(crate) partition: TopicPartition,
    pub(crate) epoch: u64,
    pub(crate) offset: i64,
    pub(crate) lane: Arc<str>,
    pub(crate) bytes: usize,
    pub(crate) policies: Vec<RetryPolicy>,
    pub(crate) task: usize,
    pub(crate) tries: u32,
    pub(crate) due_ms: i64,
    pub(crate) letter: Option<(String, u32)>,
}

pub(crate) struct Part {
    pub(crate) epoch: u64,
    pub(crate) accepted: Vec<i64>,
    pub(crate) unfinished: Vec<i64>,
    pub(crate) reported: Option<i64>,
    pub(crate) closing: bool,
    pub(crate) stopped: bool,
}

pub(crate) struct Running {
    pub(crate) id: JobId,
    pub(crate) partition: TopicPartition,
    pub(crate) epoch: u64,
    pub(crate) offset: i64,
    pub(crate) lane: Arc<str>,
    pub(crate) handles: bool,
}

/// What must follow from the end of a job.
#[derive(Debug, PartialEq)]
pub(crate) enum Follows {
    Nothing,
    TryAgain { after_ms: i64 },
    DeadLetter,
    DeadLettered,
    Stopped,
}

#[derive(Default)]
pub(crate) struct Model {
    pub(crate) parts: BTreeMap<TopicPartition, Part>,
    /// In order of arrival.
    pub(crate) held: Vec<Held>,
    pub(crate) running: Vec<Running>,
    pub(crate) full: bool,
    epochs: u64,
}

impl Model {
    pub(crate) fn assign(&mut self, name: &TopicPartition) {
        self.revoke(name);
        self.epochs += 1;
        let part = Part {
            epoch: self.epochs,
            accepted: vec![],
            unfinished: vec![],
            reported: None,
            closing: false,
            stopped: false,
        };
        self.parts.insert(name.clone(), part);
    }

    pub(crate) fn revoke(&mut self, name: &TopicPartition) {
        self.parts.remove(name);
        self.held.retain(|held| held.partition != *name);
    }

    pub(crate) fn is_ours(&self, running: &Running) -> bool {
        self.parts
            .get(&running.partition)
            .is_some_and(|part| part.epoch == running.epoch)
    }

    pub(crate) fn accept(&mut self, mut held: Held) {
        let part = self.parts.get_mut(&held.partition).expect("assigned");
        held.epoch = part.epoch;
        part.accepted.push(held.offset);
        part.reported.get_or_insert(held.offset);
        if !held.policies.is_empty() {
            part.unfinished.push(held.offset);
            self.held.push(held);
        }
    }

    /// The index of the first held record of each lane.
    fn heads(&self) -> Vec<usize> {
        let is_first = |index: usize| {
            self.held[..index]
                .iter()
                .all(|before| before.lane != self.held[index].lane)
        };
        (0..self.held.len())
            .filter(|&index| is_first(index))
            .collect()
    }

    /// The records that may start now.
    pub(crate) fn ready(&self, now_ms: i64) -> Vec<usize> {
        let may_start = |index: &usize| {
            let held = &self.held[*index];
            let part = &self.parts[&held.partition];
            let lane_is_free = self.running.iter().all(|running| running.lane != held.lane);
            lane_is_free && !part.closing && !part.stopped && held.due_ms <= now_ms
        };
        self.heads().into_iter().filter(may_start).collect()
    }

    /// Checks a job that the engine has handed out, and counts it as running.
    pub(crate) fn started<R>(&mut self, job: &Job<R>, now_ms: i64) {
        let ready = self.ready(now_ms);
        let found = ready
            .iter()
            .map(|&index| &self.held[index])
            .find(|held| held.partition == job.partition && held.offset == job.offset);
        let held = found.unwrap_or_else(|| panic!("{job:?} may not start now"));
        assert_eq!(
            (job.task, job.attempt, &job.lane),
            (held.task, held.tries + 1, &held.lane),
            "{job:?}"
        );
        match (&job.duty, &held.letter) {
            (Duty::Handle, None) => {}
            (
                Duty::DeadLetter {
                    class, attempts, ..
                },
                Some(letter),
            ) => assert_eq!((class, attempts), (&letter.0, &letter.1)),
            other => panic!("{job:?}: duty and letter are {other:?}"),
        }
        let handles = job.duty == Duty::Handle;
        let (partition, epoch) = (job.partition.clone(), held.epoch);
        self.running.push(Running {
            id: job.id,
            partition,
            epoch,
            offset: job.offset,
            lane: job.lane.clone(),
            handles,
        });
    }

    /// A job ends; answers what must follow.
    pub(crate) fn finished(
        &mut self,
        id: JobId,
        outcome: &Outcome,
        settings: &Settings,
    ) -> Follows {
        let index = self
            .running
            .iter()
            .position(|running| running.id == id)
            .expect("running");
        let running = self.running.remove(index);
        if !self.is_ours(&running) || *outcome == Outcome::Abandoned {
            return Follows::Nothing;
        }
        let index = self
            .held
            .iter()
            .position(|held| held.partition == running.partition && held.offset == running.offset)
            .expect("a running record is held");
        if *outcome == Outcome::Done {
            return self.done(index);
        }
        self.failed(index, outcome, settings)
    }

    fn done(&mut self, index: usize) -> Follows {
        let held = &mut self.held[index];
        let follows = if held.letter.take().is_some() {
            Follows::DeadLettered
        } else {
            Follows::Nothing
        };
        held.task += 1;
        held.tries = 0;
        held.due_ms = 0;
        if held.task == held.policies.len() {
            let held = self.held.remove(index);
            let part = self.parts.get_mut(&held.partition).expect("assigned");
            part.unfinished.retain(|offset| *offset != held.offset);
        }
        follows
    }

    fn failed(&mut self, index: usize, outcome: &Outcome, settings: &Settings) -> Follows {
        let held = &mut self.held[index];
        held.tries += 1;
        if held.letter.is_some() {
            return Follows::TryAgain {
                after_ms: settings.dead_letter.delay_ms(held.tries),
            };
        }
        let policy = &held.policies[held.task];
        let class = match outcome {
            Outcome::Reject { class, .. } => class.clone(),
            Outcome::Panicked { .. } => "panicked".to_owned(),
            _ => "exhausted".to_owned(),
        };
        let is_last = matches!(outcome, Outcome::Reject { .. }) || held.tries == policy.attempts;
        if !is_last {
            return Follows::TryAgain {
                after_ms: policy.delay_ms(held.tries),
            };
        }
        if policy.then == Exhausted::Stop {
            self.parts
                .get_mut(&held.partition)
                .expect("assigned")
                .stopped = true;
            return Follows::Stopped;
        }
        held.letter = Some((class, held.tries));
        held.tries = 0;
        held.due_ms = 0;
        Follows::DeadLetter
    }

    /// Sets when the record that stands first in a lane is tried again.
    pub(crate) fn due(&mut self, partition: &TopicPartition, offset: i64, due_ms: i64) {
        let held = self
            .held
            .iter_mut()
            .find(|held| held.partition == *partition && held.offset == offset);
        held.expect("held").due_ms = due_ms;
    }

    pub(crate) fn position(part: &Part) -> Option<i64> {
        part.unfinished
            .first()
            .copied()
            .or(part.accepted.last().map(|last| last + 1))
    }

    pub(crate) fn bytes(&self) -> usize {
        self.held.iter().map(|held| held.bytes).sum()
    }

    /// How many lanes have records or a running job.
    pub(crate) fn lanes(&self) -> usize {
        let held = self.held.iter().map(|held| &held.lane);
        held.chain(self.running.iter().map(|running| &running.lane))
            .collect::<std::collections::BTreeSet<_>>()
            .len()
    }

    /// Looks at the memory limits again.
    pub(crate) fn measure(&mut self, settings: &Settings) {
        let (records, bytes) = (self.held.len(), self.bytes());
        self.full = if self.full {
            records > settings.max_buffered_records / 2 || bytes > settings.max_buffered_bytes / 2
        } else {
            records >= settings.max_buffered_records || bytes >= settings.max_buffered_bytes
        };
    }
}
