use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use farandole_engine::{Duty, Engine, Job, Outcome, Settings, TopicPartition};
use farandole_event::dead_letter::{self, DeadLetter};
use farandole_event::{Catalog, Record};

use super::Seen;
use super::random::Random;
use super::topics::Topics;
use crate::firing::{Fired, Node};
use crate::wiring::{Parts, Wiring};
use crate::{External, Participant};

/// Where a test's clock begins: 2026-01-01T00:00:00Z.
const BEGIN_MS: i64 = 1_767_225_600_000;
/// More than this many moves in one run are taken for an endless loop.
const MOST_MOVES: usize = 1_000_000;

/// Several participants on topics in memory, with the real delivery engine: order per instance, retries with backoff, dead letters.
/// A seed decides in which order records arrive and handlers run; time stands still unless the test moves it.
pub struct Services {
    members: Vec<Member>,
    topics: Topics,
    catalog: Catalog,
    clock: Arc<AtomicI64>,
    random: Random,
    seed: u64,
    repeats: f64,
}

/// One participant: one consumer group with one member.
struct Member {
    node: Node,
    subscribes: BTreeSet<String>,
    engine: Engine<Record>,
    positions: HashMap<TopicPartition, usize>,
}

/// Something that may happen next.
enum Move {
    /// A member reads the next record of a partition.
    Read(usize, TopicPartition),
    /// A member handles what is ready.
    Handle(usize),
}

impl Services {
    /// One participant, to which others are added.
    ///
    /// # Panics
    /// When its handlers, workflows and schemas don't fit together.
    #[track_caller]
    pub fn of(participant: Participant) -> Self {
        let services = Self {
            members: Vec::new(),
            topics: Topics::default(),
            catalog: Catalog::new(),
            clock: Arc::new(AtomicI64::new(BEGIN_MS)),
            random: Random::new(0),
            seed: 0,
            repeats: 0.0,
        };
        services.and(participant)
    }

    /// Adds a participant.
    ///
    /// # Panics
    /// When its handlers, workflows and schemas don't fit together.
    #[must_use]
    #[track_caller]
    pub fn and(mut self, participant: Participant) -> Self {
        let name = participant.name();
        let parts = Parts {
            participants: vec![participant],
            ..Parts::default()
        };
        let Wiring {
            units,
            routes,
            catalog,
            subscribes,
            ..
        } = parts.wire(name).unwrap_or_else(|error| panic!("{error}"));
        for schema in catalog.events().flat_map(|event| catalog.versions(event)) {
            self.catalog
                .add_shared(schema)
                .unwrap_or_else(|error| panic!("{name} and the others differ: {error}"));
        }
        let clock = self.clock.clone();
        let node = Node::new(
            name,
            units,
            routes,
            catalog,
            Arc::new(move || clock.load(Ordering::Relaxed)),
        )
        .keeping_stamped();
        // Most first tries fail in a test of failures; there is no dependency to wait for.
        let engine = Engine::new(Settings {
            breaker: None,
            ..Settings::default()
        });
        self.members.push(Member {
            node,
            subscribes,
            engine,
            positions: HashMap::new(),
        });
        self
    }

    /// Decides the interleaving; the same seed gives the same run. Panics name it.
    #[must_use]
    pub fn seeded(mut self, seed: u64) -> Self {
        (self.seed, self.random) = (seed, Random::new(seed));
        self
    }

    /// In that share of the cases (0 to 1) a service dies after it has published and before it has committed, so that the firing is
    /// done again and its outputs appear twice.
    #[must_use]
    pub fn repeating(mut self, share: f64) -> Self {
        self.repeats = share;
        self
    }

    /// Publishes what a step from outside emits.
    pub fn publish(&mut self, step: &External) {
        let now_ms = self.now_ms();
        step.outgoing
            .iter()
            .for_each(|outgoing| self.topics.append(outgoing.clone(), now_ms));
    }

    /// The test's clock, in milliseconds since the Unix epoch.
    pub fn now_ms(&self) -> i64 {
        self.clock.load(Ordering::Relaxed)
    }

    /// Runs until nothing can move without time passing.
    ///
    /// # Panics
    /// When that never happens.
    pub async fn run(&mut self) {
        for _ in 0..MOST_MOVES {
            let moves = self.moves();
            if moves.is_empty() {
                return;
            }
            match &moves[self.random.below(moves.len())] {
                Move::Read(member, partition) => {
                    self.members[*member].read(partition, &self.topics)
                }
                Move::Handle(member) => self.handle(*member).await,
            }
        }
        panic!(
            "no end after {MOST_MOVES} moves (seed {}): the last events are {:?}",
            self.seed,
            self.names().split_off(self.topics.published.len() - 10)
        );
    }

    /// Lets time pass; what becomes due on the way (retries) happens at its time.
    ///
    /// # Panics
    /// As [`Services::run`].
    pub async fn advance(&mut self, by: Duration) {
        let end = self.now_ms() + i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        self.run().await;
        while let Some(due) = self
            .members
            .iter()
            .filter_map(|member| member.engine.wake_at())
            .min()
            .filter(|due| *due <= end)
        {
            self.clock.fetch_max(due, Ordering::Relaxed);
            self.run().await;
        }
        self.clock.fetch_max(end, Ordering::Relaxed);
    }

    /// Everything that was published, in order; repeats and dead letters left out.
    ///
    /// # Panics
    /// When something can't be decoded.
    pub fn published(&self) -> Vec<Seen> {
        let mut ids = BTreeSet::new();
        let events = self
            .topics
            .published
            .iter()
            .filter(|record| !self.is_dead_letter(record));
        let seen = events.map(|record| {
            Seen::of(record, &self.catalog).unwrap_or_else(|error| panic!("{error}"))
        });
        seen.filter(|seen| ids.insert(seen.envelope.id.clone()))
            .collect()
    }

    /// The names of everything that was published, in order.
    pub fn names(&self) -> Vec<String> {
        self.published()
            .iter()
            .map(|seen| seen.event().to_owned())
            .collect()
    }

    /// Everything as it was appended, with repeats and dead letters.
    pub fn records(&self) -> impl Iterator<Item = &Record> {
        self.topics.published.iter().map(|record| &**record)
    }

    /// The dead letters, in order.
    pub fn dead_letters(&self) -> Vec<DeadLetter> {
        self.topics
            .published
            .iter()
            .filter(|record| self.is_dead_letter(record))
            .filter_map(|record| DeadLetter::read(record))
            .collect()
    }

    /// The seed, for the message of an assertion.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    fn is_dead_letter(&self, record: &Record) -> bool {
        self.members
            .iter()
            .any(|member| *record.topic == *dead_letter::topic(member.node.name()))
    }

    fn moves(&self) -> Vec<Move> {
        let mut moves = Vec::new();
        for (index, member) in self.members.iter().enumerate() {
            for partition in self
                .topics
                .partitions()
                .filter(|partition| member.subscribes.contains(&*partition.topic))
            {
                if self
                    .topics
                    .read(partition, member.position(partition))
                    .is_some()
                {
                    moves.push(Move::Read(index, partition.clone()));
                }
            }
            // What is due is ready only once the engine is asked for it.
            let due = member
                .engine
                .wake_at()
                .is_some_and(|due| due <= self.now_ms());
            if due || member.engine.has_next(self.now_ms()) {
                moves.push(Move::Handle(index));
            }
        }
        moves
    }

    async fn handle(&mut self, index: usize) {
        let now_ms = self.now_ms();
        let member = &mut self.members[index];
        let Some(job) = member.engine.next(now_ms) else {
            return;
        };
        let outcome = match &job.duty {
            Duty::DeadLetter {
                class,
                message,
                attempts,
            } => {
                self.topics.append(
                    member
                        .node
                        .dead_letter(&job.record, Some(job.task), class, message, *attempts),
                    now_ms,
                );
                Outcome::Done
            }
            Duty::Handle => {
                let dies = self.random.chance(self.repeats);
                let mut outcome = member.handle(&job, &mut self.topics, now_ms).await;
                if dies && outcome == Outcome::Done {
                    outcome = member.handle(&job, &mut self.topics, now_ms).await;
                }
                outcome
            }
        };
        member.engine.finish(job.id, outcome, now_ms);
        // Nobody reads them here; they would pile up.
        drop(member.engine.notices());
    }
}

impl Member {
    fn position(&self, partition: &TopicPartition) -> usize {
        self.positions.get(partition).copied().unwrap_or(0)
    }

    fn read(&mut self, partition: &TopicPartition, topics: &Topics) {
        let position = self.position(partition);
        let Some(record) = topics.read(partition, position) else {
            return;
        };
        if position == 0 {
            self.engine.assign(std::slice::from_ref(partition));
        }
        let route = self.node.route(record);
        self.engine.accept(
            partition,
            record.offset,
            route.lane,
            record.size(),
            record.clone(),
            route.tasks,
        );
        self.positions.insert(partition.clone(), position + 1);
    }

    async fn handle(&self, job: &Job<Record>, topics: &mut Topics, now_ms: i64) -> Outcome {
        match self.node.fire(&job.record, job.task, job.attempt).await {
            Fired::Publish(outgoing) => {
                outgoing
                    .into_iter()
                    .for_each(|record| topics.append(record, now_ms));
                Outcome::Done
            }
            Fired::Retry { message } | Fired::UnknownSchema { message } => {
                Outcome::Retry { message }
            }
            Fired::Reject { class, message } => Outcome::Reject { class, message },
            Fired::Panicked { message } => Outcome::Panicked { message },
        }
    }
}
