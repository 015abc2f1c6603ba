//! Which record fires what, and in which lane it stands.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use farandole_event::dead_letter::DeadLetter;
use farandole_event::{Envelope, EnvelopeError, Headers, Record};
use farandole_workflow::Workflow;

/// The tables that records are routed by. Built once.
pub(crate) struct Routes {
    redrive: String,
    workflows: HashMap<String, WorkflowRoutes>,
    events: HashMap<String, Vec<usize>>,
    raw: HashMap<String, Vec<usize>>,
}

/// What this participant does in one workflow.
#[derive(Default)]
struct WorkflowRoutes {
    versions: HashMap<u32, HashMap<String, Fires>>,
    /// Every event that a step of any version waits for.
    wanted: HashSet<String>,
}

/// What one event of one workflow version fires.
#[derive(Default)]
struct Fires {
    units: Vec<usize>,
    /// The event is keyed like the instance, so it stands in the instance's lane.
    by_instance: bool,
}

/// What there is to do for a record.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) lane: Arc<str>,
    pub(crate) tasks: Vec<What>,
    /// Whether the record is no CloudEvent at all and nobody takes it as it is.
    pub(crate) ignored: bool,
}

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// Fire the unit of that index.
    Fire(usize),
    /// It can't be handled.
    Refuse(Refusal),
}

/// Why a record can't be handled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The envelope can't be read.
    Envelope { message: String, oversized: bool },
    /// Its instance runs a version of our workflow that this binary has not.
    UnknownVersion { workflow: String, version: u32 },
    /// It was redriven to a step that we don't have, or that does not take it.
    NoSuchStep { step: String },
}

impl Routes {
    pub(crate) fn new(redrive: String) -> Self {
        Self {
            redrive,
            workflows: HashMap::new(),
            events: HashMap::new(),
            raw: HashMap::new(),
        }
    }

    /// Takes note that this version of the workflow is known.
    pub(crate) fn know(&mut self, workflow: &Workflow) {
        self.workflows
            .entry(workflow.name.clone())
            .or_default()
            .versions
            .entry(workflow.version)
            .or_default();
    }

    pub(crate) fn step(
        &mut self,
        workflow: &Workflow,
        event: &str,
        unit: usize,
        by_instance: bool,
    ) {
        let routes = self.workflows.entry(workflow.name.clone()).or_default();
        routes.wanted.insert(event.to_owned());
        let fires = routes
            .versions
            .entry(workflow.version)
            .or_default()
            .entry(event.to_owned())
            .or_default();
        fires.units.push(unit);
        fires.by_instance = by_instance;
    }

    pub(crate) fn event(&mut self, event: &str, unit: usize) {
        self.events.entry(event.to_owned()).or_default().push(unit);
    }

    pub(crate) fn raw(&mut self, topic: String, unit: usize) {
        self.raw.entry(topic).or_default().push(unit);
    }

    pub(crate) fn handlers_of(&self, event: &str) -> usize {
        self.events.get(event).map_or(0, Vec::len)
    }

    pub(crate) fn raw_handlers_of(&self, topic: &str) -> usize {
        self.raw.get(topic).map_or(0, Vec::len)
    }

    /// The record as its handlers see it: what was redriven appears as the original, with its own headers and position.
    pub(crate) fn original<'a>(&self, record: &'a Arc<Record>) -> Cow<'a, Arc<Record>> {
        if self.is_redriven(record) {
            Cow::Owned(Arc::new(DeadLetter::unwrap(record)))
        } else {
            Cow::Borrowed(record)
        }
    }

    pub(crate) fn is_redriven(&self, record: &Record) -> bool {
        *record.topic == *self.redrive
    }

    /// What there is to do for a record. Depends on the record and these tables only, so it is the same at every try.
    /// `step_of` names a unit's step.
    pub(crate) fn plan<'u>(&self, record: &Record, step_of: impl Fn(usize) -> &'u str) -> Plan {
        if !self.is_redriven(record) {
            return self.plan_original(record);
        }
        let mut plan = self.plan_original(&DeadLetter::unwrap(record));
        if let Some(step) = DeadLetter::read(record).and_then(|letter| letter.step) {
            plan.tasks.retain(|what| match what {
                What::Fire(unit) => step_of(*unit) == step,
                What::Refuse(_) => true,
            });
            if plan.tasks.is_empty() {
                plan.tasks.push(What::Refuse(Refusal::NoSuchStep { step }));
            }
        }
        plan
    }

    fn plan_original(&self, record: &Record) -> Plan {
        let raw = self
            .raw
            .get(&*record.topic)
            .into_iter()
            .flatten()
            .copied()
            .map(What::Fire);
        let mut plan = Plan {
            lane: Arc::default(),
            tasks: raw.collect(),
            ignored: false,
        };
        let mut by_instance = None;
        match Envelope::read(record) {
            Ok(parsed) => by_instance = self.plan_event(&parsed.envelope, &mut plan.tasks),
            Err(error) => self.plan_unreadable(record, &error, &mut plan),
        }
        if !plan.tasks.is_empty() {
            plan.lane = by_instance.map_or_else(|| key_lane(record), Arc::from);
        }
        plan
    }

    /// Adds what an event fires; answers the instance's lane where it stands in that.
    fn plan_event(&self, envelope: &Envelope, tasks: &mut Vec<What>) -> Option<String> {
        let fires = self.events.get(&envelope.event).into_iter().flatten();
        tasks.extend(fires.copied().map(What::Fire));
        let correlation = envelope.correlation.as_deref()?;
        let routes = self.workflows.get(envelope.workflow.as_deref()?)?;
        let version = envelope.workflow_version.unwrap_or_default();
        let Some(events) = routes.versions.get(&version) else {
            if routes.wanted.contains(&envelope.event) {
                let workflow = envelope.workflow.clone().unwrap_or_default();
                tasks.push(What::Refuse(Refusal::UnknownVersion { workflow, version }));
            }
            return None;
        };
        let fires = events.get(&envelope.event)?;
        tasks.extend(fires.units.iter().copied().map(What::Fire));
        fires.by_instance.then(|| correlation.to_owned())
    }

    /// A broken envelope is refused, unless it is plainly no event of ours to handle.
    fn plan_unreadable(&self, record: &Record, error: &EnvelopeError, plan: &mut Plan) {
        if self.raw.contains_key(&*record.topic) {
            return;
        }
        if !resembles_event(&record.headers) {
            plan.ignored = true;
        } else if record
            .headers
            .text("ce_type")
            .is_none_or(|event| self.wants(event))
        {
            plan.tasks.push(What::Refuse(Refusal::Envelope {
                message: error.to_string(),
                oversized: error.is_oversized(),
            }));
        }
    }

    fn wants(&self, event: &str) -> bool {
        self.events.contains_key(event)
            || self
                .workflows
                .values()
                .any(|routes| routes.wanted.contains(event))
    }
}

/// Whether the headers announce a CloudEvent, in binary or structured mode.
fn resembles_event(headers: &Headers) -> bool {
    let structured = |header: &str| {
        header
            .to_ascii_lowercase()
            .starts_with("application/cloudevents")
    };
    headers.iter().any(|header| header.name.starts_with("ce_"))
        || headers.text("content-type").is_some_and(structured)
}

/// The lane of a record by its own key; records without a key are in order per partition.
fn key_lane(record: &Record) -> Arc<str> {
    match &record.key {
        Some(key) => format!("{}:{}", record.topic, String::from_utf8_lossy(key)).into(),
        None => format!("{}[{}]", record.topic, record.partition).into(),
    }
}
