use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::place::Places;

/// One version of a workflow's definition, made by [`parse`](crate::parse).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Workflow {
    /// Its name.
    pub name: String,
    /// The version of the definition, from 1.
    pub version: u32,
    /// The field that names an instance; the start event has it.
    pub key: String,
    /// What it is for, in human words.
    pub description: Option<String>,
    /// Fields that travel along in the envelope, by event.
    pub carries: BTreeMap<String, Vec<String>>,
    /// The steps, in the order of the file.
    pub steps: Vec<Step>,
    /// The events that end an instance.
    pub ends: Ends,
    /// The file's text.
    pub source: String,
    /// SHA-256 of the text, as lower-case hex.
    pub hash: String,
    /// The file's name, for findings.
    pub(crate) file: String,
    pub(crate) places: Places,
}

/// One thing that a participant does.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Step {
    /// Its name, unique in the workflow.
    pub name: String,
    /// The participant.
    pub by: String,
    /// What it does, in human words.
    pub description: Option<String>,
    /// What makes it happen.
    pub start: StepStart,
    /// The events that its handler gets; empty: the trigger itself.
    pub reads: Vec<String>,
    /// What it emits.
    pub emits: Emits,
    /// How long it may take, in milliseconds from the append time of the trigger to the append time of the output.
    pub within_ms: Option<i64>,
    /// Which of its effects is undone after a failure, and what the undo emits.
    pub compensate: Option<Compensate>,
    /// An instance may end without it: a firing that is still open keeps nobody waiting.
    pub optional: bool,
    /// A person acts before its outputs appear (`waits_for: person`): silence within the deadline is no fault of a machine.
    pub waits_for_person: bool,
}

/// What makes a step happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StepStart {
    /// `external: start`: somebody outside begins an instance.
    External,
    /// `external: during`: a person or an outside system acts on a running instance.
    During {
        /// The events after any of which it may act; empty: at any time.
        after: Vec<String>,
    },
    /// `on`: events of the instance.
    On(Trigger),
    /// `starts_on`: an event of another workflow begins an instance of this one.
    StartsOn {
        /// The other workflow's event.
        event: String,
        /// The field of that event which names the new instance.
        key: String,
    },
}

/// Events that fire a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// Once per event of any of these kinds; a single event is any of one.
    Any(Vec<String>),
    /// A join: once per k-th event of all these kinds.
    All(Vec<String>),
    /// A deadline with an effect: `no` has not come `for_ms` after `after`.
    Absence {
        /// The event that is missing.
        no: String,
        /// The event that starts the clock.
        after: String,
        /// How long, in milliseconds.
        for_ms: i64,
    },
}

impl Trigger {
    /// The kinds of events that it listens to.
    pub fn events(&self) -> Vec<&str> {
        match self {
            Trigger::Any(events) | Trigger::All(events) => {
                events.iter().map(String::as_str).collect()
            }
            Trigger::Absence { no, after, .. } => vec![after, no],
        }
    }
}

/// What a step emits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Emits {
    /// Nothing.
    #[default]
    Nothing,
    /// This event.
    One(String),
    /// One of these events.
    OneOf(Vec<String>),
    /// All of these events.
    AllOf(Vec<String>),
    /// That, or nothing.
    Optional(Box<Emits>),
}

impl Emits {
    /// Every event that may be emitted, in the order of the file.
    pub fn events(&self) -> Vec<&str> {
        match self {
            Emits::Nothing => Vec::new(),
            Emits::One(event) => vec![event],
            Emits::OneOf(events) | Emits::AllOf(events) => {
                events.iter().map(String::as_str).collect()
            }
            Emits::Optional(inner) => inner.events(),
        }
    }

    /// Whether a firing that is done has certainly emitted something.
    pub fn is_mandatory(&self) -> bool {
        !matches!(self, Emits::Nothing | Emits::Optional(_))
    }
}

/// `compensate`: what is undone, and what the undo emits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compensate {
    /// The event that proves the effect.
    pub of: String,
    /// What the undo emits.
    pub emits: Emits,
}

/// The events that end an instance.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ends {
    /// Success.
    pub completed: Vec<String>,
    /// Failure; outranks success.
    pub failed: Vec<String>,
}

/// How an event ends an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndKind {
    /// As it should.
    Completed,
    /// Otherwise.
    Failed,
}

impl Step {
    /// Whether somebody outside makes it happen: it has no handler.
    pub fn is_external(&self) -> bool {
        matches!(self.start, StepStart::External | StepStart::During { .. })
    }

    /// Whether it begins an instance.
    pub fn begins_instance(&self) -> bool {
        matches!(self.start, StepStart::External | StepStart::StartsOn { .. })
    }

    /// The events that it listens to, `starts_on` included; empty for external steps.
    pub fn triggers(&self) -> Vec<&str> {
        match &self.start {
            StepStart::On(trigger) => trigger.events(),
            StepStart::StartsOn { event, .. } => vec![event],
            StepStart::External | StepStart::During { .. } => Vec::new(),
        }
    }

    /// What its handler gets: `reads`, or the trigger's events.
    pub fn inputs(&self) -> Vec<&str> {
        if self.reads.is_empty() {
            self.triggers()
        } else {
            self.reads.iter().map(String::as_str).collect()
        }
    }

    /// Every event that it may emit, its undo included.
    pub fn outputs(&self) -> Vec<&str> {
        let mut events = self.emits.events();
        if let Some(compensate) = &self.compensate {
            events.extend(compensate.emits.events());
        }
        events
    }
}

impl Workflow {
    /// The step of that name.
    pub fn step(&self, name: &str) -> Option<&Step> {
        self.steps.iter().find(|step| step.name == name)
    }

    /// Everybody who takes part.
    pub fn participants(&self) -> BTreeSet<&str> {
        self.steps.iter().map(|step| step.by.as_str()).collect()
    }

    /// The steps of one participant, in the order of the file.
    pub fn steps_of<'a>(&'a self, participant: &'a str) -> impl Iterator<Item = &'a Step> {
        self.steps.iter().filter(move |step| step.by == participant)
    }

    /// The steps that may emit the event, as an output or as an undo.
    pub fn emitters_of<'a>(&'a self, event: &'a str) -> impl Iterator<Item = &'a Step> {
        self.steps
            .iter()
            .filter(move |step| step.outputs().contains(&event))
    }

    /// Whether the event ends an instance, and how.
    pub fn end_kind(&self, event: &str) -> Option<EndKind> {
        if self.ends.failed.iter().any(|end| end == event) {
            Some(EndKind::Failed)
        } else if self.ends.completed.iter().any(|end| end == event) {
            Some(EndKind::Completed)
        } else {
            None
        }
    }

    /// Every event that the definition names.
    pub fn events(&self) -> BTreeSet<&str> {
        let mut events: BTreeSet<&str> = BTreeSet::new();
        for step in &self.steps {
            events.extend(step.triggers());
            events.extend(step.outputs());
            events.extend(step.reads.iter().map(String::as_str));
            if let StepStart::During { after } = &step.start {
                events.extend(after.iter().map(String::as_str));
            }
            events.extend(
                step.compensate
                    .iter()
                    .map(|compensate| compensate.of.as_str()),
            );
        }
        events.extend(self.carries.keys().map(String::as_str));
        events.extend(
            self.ends
                .completed
                .iter()
                .chain(&self.ends.failed)
                .map(String::as_str),
        );
        events
    }

    /// The file's name as [`parse`](crate::parse) was told.
    pub fn file(&self) -> &str {
        &self.file
    }
}
