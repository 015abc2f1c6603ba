//! A cluster, a driver and handlers, all of them random.

use std::collections::BTreeMap;
use std::sync::Arc;

use farandole_engine::{
    Accepted, BreakerSettings, Engine, JobId, Notice, Outcome, RetryPolicy, Settings,
    TopicPartition,
};

use super::fault::Fault;
use super::log::{self, Log};
use super::model::{Follows, Held, Model};
use super::random::Random;

pub(crate) struct World {
    random: Random,
    settings: Settings,
    engine: Engine<()>,
    model: Model,
    logs: BTreeMap<TopicPartition, Log>,
    now_ms: i64,
    fault: Option<Fault>,
    /// Handlers succeed from here on.
    healthy: bool,
}

impl World {
    pub(crate) fn new(seed: u64, fault: Option<Fault>) -> Self {
        let mut random = Random::new(seed);
        let settings = Settings {
            max_in_flight: 1 + random.below(4),
            max_buffered_records: 2 + random.below(20),
            max_buffered_bytes: 50 + random.below(2_000),
            max_ahead: 1_000_000,
            dead_letter: RetryPolicy {
                initial_ms: 10,
                ..RetryPolicy::default()
            },
            breaker: random.one_in(4).then(|| BreakerSettings {
                window: 5,
                ..BreakerSettings::default()
            }),
            seed,
        };
        Self {
            engine: Engine::new(settings.clone()),
            settings,
            model: Model::default(),
            logs: log::write(&mut random),
            now_ms: 1_000,
            fault,
            healthy: false,
            random,
        }
    }

    /// Random actions, then a quiet end in which everything must come through.
    pub(crate) fn run(mut self) {
        for _ in 0..150 {
            self.act();
            self.check();
        }
        self.healthy = true;
        for _ in 0..3_000 {
            if self.is_through() {
                return self.check_end();
            }
            self.go_on();
            self.check();
        }
        panic!(
            "not through: {} held, {} running at {}",
            self.model.held.len(),
            self.model.running.len(),
            self.now_ms
        );
    }

    fn act(&mut self) {
        match self.random.below(100) {
            0..8 => self.assign(),
            8..11 => self.revoke(),
            11..13 => self.close(),
            13..45 => self.deliver(),
            45..48 => self.deliver_amiss(),
            48..68 => self.start(),
            68..90 => self.finish(),
            90..95 => self.now_ms += self.random.below(200) as i64,
            95..99 => self.commit(),
            _ => self.crash(),
        }
    }

    /// One step towards the end, whatever is needed.
    fn go_on(&mut self) {
        let wanting: Vec<TopicPartition> = self
            .logs
            .keys()
            .filter(|name| self.wants_assignment(name))
            .cloned()
            .collect();
        wanting.iter().for_each(|name| self.assign_one(name));
        self.deliver();
        self.start();
        self.finish();
        self.commit();
        if self.model.running.is_empty()
            && let Some(at_ms) = self.engine.wake_at()
        {
            self.now_ms = self.now_ms.max(at_ms);
        }
    }

    fn wants_assignment(&self, name: &TopicPartition) -> bool {
        self.model
            .parts
            .get(name)
            .is_none_or(|part| part.closing || part.stopped)
    }

    fn is_through(&self) -> bool {
        let through = |log: &Log| {
            log.next == log.records.len() && (log.records.is_empty() || log.committed == log.end)
        };
        self.model.held.is_empty()
            && self.model.running.is_empty()
            && self.logs.values().all(through)
    }

    fn check_end(&self) {
        for (name, log) in &self.logs {
            let lost: Vec<i64> = log
                .records
                .iter()
                .filter(|record| !record.settled)
                .map(|record| record.offset)
                .collect();
            assert!(lost.is_empty(), "{name}: never handled: {lost:?}");
        }
        assert_eq!(
            (
                self.engine.lanes(),
                self.engine.buffered_records(),
                self.engine.in_flight()
            ),
            (0, 0, 0)
        );
    }

    fn any_partition(&mut self) -> TopicPartition {
        let index = self.random.below(self.logs.len());
        self.logs.keys().nth(index).expect("there are some").clone()
    }

    fn assign(&mut self) {
        let name = self.any_partition();
        self.assign_one(&name);
    }

    /// Reading begins at the committed offset, as with a consumer group.
    fn assign_one(&mut self, name: &TopicPartition) {
        self.engine.assign(std::slice::from_ref(name));
        self.model.assign(name);
        self.model.measure(&self.settings);
        let log = self.logs.get_mut(name).expect("known");
        log.next = log
            .records
            .iter()
            .position(|record| record.offset >= log.committed)
            .unwrap_or(log.records.len());
    }

    fn revoke(&mut self) {
        let name = self.any_partition();
        if self.fault != Some(Fault::IgnoresRevoke) {
            self.engine.revoke(std::slice::from_ref(&name));
        }
        self.model.revoke(&name);
        self.model.measure(&self.settings);
    }

    fn close(&mut self) {
        let name = self.any_partition();
        if self.fault != Some(Fault::IgnoresClose) {
            self.engine.close(std::slice::from_ref(&name));
        }
        if let Some(part) = self.model.parts.get_mut(&name) {
            part.closing = true;
        }
    }

    fn crash(&mut self) {
        self.engine = Engine::new(self.settings.clone());
        self.model = Model::default();
    }

    fn deliver(&mut self) {
        let paused = self.engine.want_paused();
        if self.settings.breaker.is_none() && self.fault != Some(Fault::NeverPauses) {
            assert_eq!(paused, self.model.full, "paused");
        }
        if paused && self.fault != Some(Fault::NeverPauses) {
            return;
        }
        let name = self.any_partition();
        let Some(part) = self.model.parts.get(&name).filter(|part| !part.closing) else {
            return;
        };
        let epoch = part.epoch;
        let log = self.logs.get_mut(&name).expect("known");
        let Some(record) = log.records.get_mut(log.next) else {
            return;
        };
        log.next += 1;
        record.settled |= record.tasks.is_empty();
        let held = Held {
            partition: name.clone(),
            epoch,
            offset: record.offset,
            lane: record.lane.clone(),
            bytes: record.bytes,
            policies: record
                .tasks
                .iter()
                .map(|task| RetryPolicy::clone(&task.policy))
                .collect(),
            task: 0,
            tries: 0,
            due_ms: 0,
            letter: None,
        };
        let (offset, bytes, mut tasks) = (record.offset, record.bytes, record.tasks.clone());
        let wanted = if tasks.is_empty() {
            Accepted::Done
        } else {
            Accepted::Queued
        };
        let lane = self.faulty_lane(held.lane.clone(), offset);
        self.model.accept(held);
        self.model.measure(&self.settings);
        if self.fault == Some(Fault::LosesRecords) && self.random.one_in(10) {
            return;
        }
        if self.fault == Some(Fault::TriesOnceMore) {
            for task in &mut tasks {
                let attempts = task.policy.attempts + 1;
                task.policy = Arc::new(RetryPolicy {
                    attempts,
                    ..RetryPolicy::clone(&task.policy)
                });
            }
        }
        assert_eq!(
            self.engine
                .accept(&name, offset, lane, bytes, Arc::new(()), tasks),
            wanted
        );
    }

    fn faulty_lane(&mut self, lane: Arc<str>, offset: i64) -> Arc<str> {
        match self.fault {
            Some(Fault::ForgetsLanes) => format!("lane-of-{offset}").into(),
            Some(Fault::MixesUpLanes) if self.random.one_in(5) => "lane-0".into(),
            _ => lane,
        }
    }

    /// What isn't ours, and what was delivered before, changes nothing.
    fn deliver_amiss(&mut self) {
        let name = self.any_partition();
        let part = self.model.parts.get(&name).filter(|part| !part.closing);
        let last = part.and_then(|part| part.accepted.last()).copied();
        let (offset, wanted) = match (part, last) {
            (None, _) => (5, Accepted::NotOurs),
            (Some(_), None) => return,
            (Some(_), Some(last)) => (last - self.random.below(3) as i64, Accepted::Repeated),
        };
        let tasks = vec![log::task(&mut self.random, 0)];
        assert_eq!(
            self.engine
                .accept(&name, offset, "lane-0".into(), 1, Arc::new(()), tasks),
            wanted
        );
    }

    fn start(&mut self) {
        let has_next = self.engine.has_next(self.now_ms);
        match self.engine.next(self.now_ms) {
            Some(job) => self.model.started(&job, self.now_ms),
            None => {
                assert!(!has_next, "a job was announced and did not come");
                let has_slot = self.model.running.len() < self.settings.max_in_flight;
                let ready = self.model.ready(self.now_ms);
                if has_slot && self.settings.breaker.is_none() {
                    assert!(
                        ready.is_empty(),
                        "{} lanes could go on and don't",
                        ready.len()
                    );
                }
            }
        }
    }

    fn finish(&mut self) {
        if self.model.running.is_empty() {
            return;
        }
        let index = self.random.below(self.model.running.len());
        let (id, handles) = (
            self.model.running[index].id,
            self.model.running[index].handles,
        );
        let is_ours = self.model.is_ours(&self.model.running[index]);
        let outcome = self.outcome(handles);
        if self.fault == Some(Fault::LosesEnds) && self.random.one_in(20) {
            self.model.finished(id, &outcome, &self.settings);
            return;
        }
        self.end(id, &outcome, is_ours);
    }

    fn outcome(&mut self, handles: bool) -> Outcome {
        let message = || "no".to_owned();
        match self.random.below(10) {
            _ if self.healthy => Outcome::Done,
            0..4 => Outcome::Done,
            4..8 => Outcome::Retry { message: message() },
            8 if handles && self.random.one_in(2) => Outcome::Reject {
                class: "rejected".into(),
                message: message(),
            },
            8 => Outcome::Panicked { message: message() },
            _ => Outcome::Abandoned,
        }
    }

    fn end(&mut self, id: JobId, outcome: &Outcome, is_ours: bool) {
        let running = self
            .model
            .running
            .iter()
            .find(|running| running.id == id)
            .expect("running");
        let (partition, offset) = (running.partition.clone(), running.offset);
        let follows = self.model.finished(id, outcome, &self.settings);
        self.model.measure(&self.settings);
        let told = match outcome {
            Outcome::Reject { message, .. } if self.fault == Some(Fault::TakesRejectForRetry) => {
                Outcome::Retry {
                    message: message.clone(),
                }
            }
            other => other.clone(),
        };
        self.engine.finish(id, told, self.now_ms);
        self.engine.finish(id, Outcome::Done, self.now_ms); // an end that is told twice counts once
        self.hear(&follows, &partition, offset);
        let is_settled = is_ours
            && !self
                .model
                .held
                .iter()
                .any(|held| held.partition == partition && held.offset == offset);
        if is_settled {
            let log = self.logs.get_mut(&partition).expect("known");
            log.records
                .iter_mut()
                .filter(|record| record.offset == offset)
                .for_each(|record| record.settled = true);
        }
    }

    /// The engine says what the model expects, and nothing else.
    fn hear(&mut self, follows: &Follows, partition: &TopicPartition, offset: i64) {
        let notices = self.engine.notices();
        let mut said = notices
            .iter()
            .filter(|notice| !matches!(notice, Notice::Paused { .. } | Notice::Resumed));
        match (follows, said.next()) {
            (Follows::Nothing | Follows::DeadLetter, None) => {}
            (
                Follows::TryAgain { after_ms },
                Some(Notice::Retrying {
                    about, next_try_ms, ..
                }),
            ) => {
                assert_eq!((&about.partition, about.offset), (partition, offset));
                let wait_ms = next_try_ms - self.now_ms;
                assert!(
                    (*after_ms..=after_ms + after_ms / 4).contains(&wait_ms),
                    "{wait_ms} instead of {after_ms}"
                );
                let late = if self.fault == Some(Fault::TriesTooEarly) {
                    1
                } else {
                    0
                };
                self.model.due(partition, offset, next_try_ms + late);
            }
            (Follows::DeadLettered, Some(Notice::DeadLettered { about, .. }))
            | (Follows::Stopped, Some(Notice::Stopped { about, .. })) => {
                assert_eq!((&about.partition, about.offset), (partition, offset));
            }
            (follows, said) => panic!("{follows:?} should follow, but {said:?} was said"),
        }
        assert!(said.next().is_none(), "one thing at a time: {notices:?}");
    }

    fn commit(&mut self) {
        let mut commits: BTreeMap<TopicPartition, i64> =
            self.engine.commits().into_iter().collect();
        if self.fault == Some(Fault::CommitsOneTooFar) {
            commits.values_mut().for_each(|offset| *offset += 1);
        }
        for (name, part) in &mut self.model.parts {
            let wanted = Model::position(part).filter(|position| Some(*position) != part.reported);
            assert_eq!(commits.remove(name), wanted, "commit of {name}");
            part.reported = wanted.or(part.reported);
            if let Some(offset) = wanted {
                let log = self.logs.get_mut(name).expect("known");
                let before = log.records.iter().filter(|record| record.offset < offset);
                assert!(
                    before.clone().all(|record| record.settled),
                    "{name}: {offset} passes an unfinished record"
                );
                assert!(
                    offset > log.committed,
                    "{name}: back from {} to {offset}",
                    log.committed
                );
                log.committed = offset;
            }
        }
        assert!(
            commits.is_empty(),
            "commits of what isn't ours: {commits:?}"
        );
    }

    fn check(&self) {
        let (engine, model) = (&self.engine, &self.model);
        assert_eq!(engine.in_flight(), model.running.len());
        assert!(engine.in_flight() <= self.settings.max_in_flight);
        assert_eq!(
            (engine.buffered_records(), engine.buffered_bytes()),
            (model.held.len(), model.bytes())
        );
        assert!(
            engine.buffered_records() <= self.settings.max_buffered_records,
            "more in memory than allowed"
        );
        assert_eq!(engine.lanes(), model.lanes(), "lanes");
        let stopped: Vec<_> = model
            .parts
            .iter()
            .filter(|(_, part)| part.stopped)
            .map(|(name, _)| name.clone())
            .collect();
        assert_eq!(engine.stopped(), stopped);
        for name in model.parts.keys() {
            let ours = model
                .running
                .iter()
                .filter(|running| running.partition == *name && model.is_ours(running))
                .count();
            assert_eq!(engine.in_flight_of(std::slice::from_ref(name)), ours);
            assert_eq!(engine.running_of(std::slice::from_ref(name)).len(), ours);
        }
    }
}
