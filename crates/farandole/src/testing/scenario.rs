use std::sync::Arc;

use farandole_event::{Carried, Outgoing, Record, ids};
use farandole_workflow::{Emits, Workflow};

use super::Sample;
use super::seen::{Seen, difference};
use super::topics::Topics;
use crate::Participant;
use crate::firing::{Fired, Node};
use crate::route::Plan;
use crate::stamp::{Ids, Stamp};
use crate::wiring::Parts;

/// The clock of a scenario, and the append time of its events: 2026-01-01T00:00:00Z.
const NOW_MS: i64 = 1_767_225_600_000;

/// A test of one participant: *given* what has happened in an instance, *when* an event comes, *then* these events are emitted.
pub struct Scenario {
    node: Node,
    workflows: Vec<Arc<Workflow>>,
    given: Vec<Sample>,
    key: Option<String>,
}

impl Scenario {
    /// A scenario of this participant.
    ///
    /// # Panics
    /// When the participant's handlers, workflows and schemas don't fit together.
    #[track_caller]
    pub fn of(participant: Participant) -> Self {
        let name = participant.name();
        let parts = Parts {
            participants: vec![participant],
            ..Parts::default()
        };
        let wiring = parts.wire(name).unwrap_or_else(|error| panic!("{error}"));
        let node = Node::new(
            name,
            wiring.units,
            wiring.routes,
            wiring.catalog,
            Arc::new(|| NOW_MS),
        )
        .keeping_stamped();
        Self {
            node,
            workflows: wiring.workflows,
            given: Vec::new(),
            key: None,
        }
    }

    /// Names the instance, where no event of the scenario has the workflow's key.
    #[must_use]
    pub fn instance(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// Events that happened before, in order. The participant handles those that concern it; what it emits then is not looked at.
    #[must_use]
    pub fn given<S: Into<Sample>>(mut self, events: impl IntoIterator<Item = S>) -> Self {
        self.given.extend(events.into_iter().map(Into::into));
        self
    }

    /// The event comes.
    ///
    /// # Panics
    /// When no step of the participant is triggered by it, or an earlier event could not be handled.
    pub async fn when(mut self, event: impl Into<Sample>) -> Then {
        let event = event.into();
        let mut story = Story::new(&self, &event);
        for given in std::mem::take(&mut self.given) {
            let record = story.tell(&given);
            for fired in self.fire(&record).await {
                if !matches!(fired, Fired::Publish(_)) {
                    panic!(
                        "given {}, which {} could not handle: {fired:?}",
                        given.event(),
                        self.node.name()
                    );
                }
            }
        }
        let record = story.tell(&event);
        let fired = self.fire(&record).await;
        assert!(
            !fired.is_empty(),
            "no step of {} is triggered by {}",
            self.node.name(),
            event.event()
        );
        Then {
            fired,
            scenario: self,
            story,
            event: event.event(),
        }
    }

    async fn fire(&self, record: &Arc<Record>) -> Vec<Fired> {
        let Plan { tasks, .. } = self.node.plan(record);
        let mut fired = Vec::with_capacity(tasks.len());
        for task in 0..tasks.len() {
            fired.push(self.node.fire(record, task, 1).await);
        }
        fired
    }

    fn seen(&self, outgoing: Vec<Outgoing>) -> Vec<Seen> {
        let (mut topics, catalog) = (Topics::default(), self.node.schemas.snapshot());
        outgoing
            .into_iter()
            .for_each(|record| topics.append(record, NOW_MS));
        let decode = |record: &Arc<Record>| {
            Seen::of(record, &catalog).unwrap_or_else(|error| panic!("{error}"))
        };
        topics.published.iter().map(decode).collect()
    }
}

/// The events of a scenario's instance, stamped as their emitters would.
struct Story {
    workflow: Option<Arc<Workflow>>,
    key: String,
    correlation: String,
    carried: Carried,
    last: Option<String>,
    topics: Topics,
}

impl Story {
    fn new(scenario: &Scenario, event: &Sample) -> Self {
        let knows = |workflow: &&Arc<Workflow>| workflow.events().contains(event.event());
        let workflow = scenario.workflows.iter().rev().find(knows).cloned();
        let in_events = |key: &str| {
            scenario
                .given
                .iter()
                .chain([event])
                .find_map(|sample| sample.text_field(key))
        };
        let named = || {
            workflow
                .as_ref()
                .and_then(|workflow| in_events(&workflow.key))
        };
        let key = scenario
            .key
            .clone()
            .or_else(named)
            .unwrap_or_else(|| "instance-1".to_owned());
        let name = workflow
            .as_ref()
            .map_or("", |workflow| workflow.name.as_str());
        let correlation = ids::correlation_id("", name, &key, 0).to_string();
        Self {
            workflow,
            key,
            correlation,
            carried: Carried::new(),
            last: None,
            topics: Topics::default(),
        }
    }

    /// The record of one more event.
    fn tell(&mut self, sample: &Sample) -> Arc<Record> {
        let workflow = self
            .workflow
            .clone()
            .filter(|workflow| workflow.events().contains(sample.event()));
        let step = workflow
            .as_ref()
            .and_then(|workflow| workflow.emitters_of(sample.event()).next());
        let emits = Emits::One(sample.event().to_owned());
        let firing = ids::firing_id(
            &format!("{} {}", self.correlation, self.topics.published.len()),
            "scenario",
            "given",
        )
        .to_string();
        let stamp = Stamp {
            participant: step.map_or("scenario", |step| &step.by),
            step: workflow
                .as_deref()
                .map(|workflow| (workflow, step.map_or("given", |step| &step.name), &emits)),
            ids: Ids::Firing(&firing),
            causation: self.last.as_deref(),
            correlation: workflow.as_ref().map(|_| self.correlation.as_str()),
            subject: workflow.as_ref().map(|_| self.key.as_str()),
            tenant: None,
            carried: &self.carried,
            traceparent: None,
            tracestate: None,
            now_ms: NOW_MS,
        };
        let stamped = stamp
            .outputs(sample)
            .unwrap_or_else(|error| panic!("{}: {error}", sample.event()));
        self.carried = stamped.carried;
        stamped
            .outgoing
            .into_iter()
            .for_each(|outgoing| self.topics.append(outgoing, NOW_MS));
        let record = self
            .topics
            .published
            .last()
            .expect("a sample is one event")
            .clone();
        self.last = record.headers.text("ce_id").map(str::to_owned);
        record
    }
}

/// What came of it. Several steps triggered by one event are looked at together, in the order of the workflow file.
pub struct Then {
    fired: Vec<Fired>,
    scenario: Scenario,
    story: Story,
    event: &'static str,
}

impl Then {
    /// Exactly these events were emitted, in this order.
    ///
    /// # Panics
    /// When others were, or the handler failed.
    #[track_caller]
    pub fn then_emits<S: Into<Sample>>(mut self, expected: impl IntoIterator<Item = S>) {
        let found = self.emitted();
        let catalog = self.scenario.node.schemas.snapshot();
        let mut seen = |sample: Sample| {
            Seen::of(&self.story.tell(&sample), &catalog).unwrap_or_else(|error| panic!("{error}"))
        };
        let expected: Vec<Seen> = expected
            .into_iter()
            .map(|sample| seen(sample.into()))
            .collect();
        let same = expected.len() == found.len()
            && expected
                .iter()
                .zip(&found)
                .all(|(left, right)| left.event() == right.event() && left.json == right.json);
        assert!(
            same,
            "{} answers {} otherwise (- expected, + emitted):\n{}",
            self.scenario.node.name(),
            self.event,
            difference(&expected, &found)
        );
    }

    /// Nothing was emitted.
    ///
    /// # Panics
    /// When something was, or the handler failed.
    #[track_caller]
    pub fn then_nothing(self) {
        self.then_emits::<Sample>([]);
    }

    /// What was emitted, to look at more closely.
    ///
    /// # Panics
    /// When the handler failed.
    #[track_caller]
    pub fn emitted(&self) -> Vec<Seen> {
        let mut outgoing = Vec::new();
        for fired in &self.fired {
            match fired {
                Fired::Publish(records) => outgoing.extend(records.iter().cloned()),
                failed => panic!(
                    "{} did not handle {}: {failed:?}",
                    self.scenario.node.name(),
                    self.event
                ),
            }
        }
        self.scenario.seen(outgoing)
    }

    /// The event was rejected, for a reason that contains `reason`.
    ///
    /// # Panics
    /// When it was not.
    #[track_caller]
    pub fn then_rejects(self, reason: &str) {
        let rejected = |fired: &Fired| matches!(fired, Fired::Reject { message, .. } if message.contains(reason));
        assert!(
            self.fired.iter().any(rejected),
            "expected {} to be rejected ({reason}): {:?}",
            self.event,
            self.fired
        );
    }

    /// The handler failed and would be tried again, for a reason that contains `reason`.
    ///
    /// # Panics
    /// When it was not so.
    #[track_caller]
    pub fn then_retries(self, reason: &str) {
        let retried = |fired: &Fired| matches!(fired, Fired::Retry { message } | Fired::Panicked { message } if message.contains(reason));
        assert!(
            self.fired.iter().any(retried),
            "expected {} to be tried again ({reason}): {:?}",
            self.event,
            self.fired
        );
    }
}
