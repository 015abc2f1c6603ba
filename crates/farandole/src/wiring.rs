//! Puts participants, handlers, workflows and schemas together, and says everything that doesn't fit.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use farandole_event::{Catalog, Event, EventSchema, dead_letter};
use farandole_kafka::RetryPolicy;
use farandole_workflow::{Emits, Step, Workflow, did_you_mean, unsupported};

use crate::participant::StepHandler;
use crate::route::Routes;
use crate::unit::{Act, Unit};
use crate::{Participant, ServiceError};

/// Everything that a service is made of, before it is put together.
#[derive(Default)]
pub(crate) struct Parts {
    pub(crate) participants: Vec<Participant>,
    pub(crate) events: Vec<EventHandler>,
    pub(crate) raw: Vec<RawHandler>,
    pub(crate) policies: BTreeMap<String, RetryPolicy>,
}

/// A handler of a plain consumer.
pub(crate) struct EventHandler {
    event: &'static str,
    schemas: &'static [&'static str],
    act: Act,
}

impl EventHandler {
    pub(crate) fn of<E: Event>(act: Act) -> Self {
        Self {
            event: E::NAME,
            schemas: E::SCHEMAS,
            act,
        }
    }
}

/// A handler of the bare records of a topic.
pub(crate) struct RawHandler {
    pub(crate) topic: String,
    pub(crate) act: Act,
}

/// A service put together.
pub(crate) struct Wiring {
    pub(crate) units: Vec<Arc<Unit>>,
    pub(crate) routes: Routes,
    pub(crate) catalog: Catalog,
    pub(crate) workflows: Vec<Arc<Workflow>>,
    /// The topics to read; empty when nothing reacts to events.
    pub(crate) subscribes: BTreeSet<String>,
    /// The topics that steps publish to.
    pub(crate) publishes: BTreeSet<String>,
    /// The topics read whose key is the key of a workflow: they need equal partition counts.
    pub(crate) alike: BTreeSet<String>,
}

impl Parts {
    pub(crate) fn wire(self, name: &str) -> Result<Wiring, ServiceError> {
        let mut wirer = Wirer::new(name, self.policies);
        for participant in self.participants {
            wirer.participant(participant);
        }
        for handler in self.events {
            wirer.event(handler);
        }
        for handler in self.raw {
            wirer.raw(handler);
        }
        wirer.finish()
    }
}

struct Wirer<'a> {
    name: &'a str,
    policies: BTreeMap<String, RetryPolicy>,
    problems: Vec<String>,
    wiring: Wiring,
}

impl<'a> Wirer<'a> {
    fn new(name: &'a str, policies: BTreeMap<String, RetryPolicy>) -> Self {
        let wiring = Wiring {
            units: Vec::new(),
            routes: Routes::new(dead_letter::redrive_topic(name)),
            catalog: Catalog::new(),
            workflows: Vec::new(),
            subscribes: BTreeSet::new(),
            publishes: BTreeSet::new(),
            alike: BTreeSet::new(),
        };
        Self {
            name,
            policies,
            problems: Vec::new(),
            wiring,
        }
    }

    fn finish(mut self) -> Result<Wiring, ServiceError> {
        let steps: BTreeSet<&str> = self.wiring.units.iter().map(|unit| &*unit.step).collect();
        for step in self
            .policies
            .keys()
            .filter(|step| !steps.contains(step.as_str()))
        {
            let hint = did_you_mean(step, steps.iter().copied())
                .map(|hint| format!("; did you mean `{hint}`?"))
                .unwrap_or_default();
            self.problems.push(format!(
                "there is a retry policy for `{step}`, which is no step of {}{hint}",
                self.name
            ));
        }
        if !self.problems.is_empty() {
            return Err(ServiceError::Wiring {
                service: self.name.to_owned(),
                problems: self.problems,
            });
        }
        if !self.wiring.subscribes.is_empty() {
            self.wiring
                .subscribes
                .insert(dead_letter::redrive_topic(self.name));
        }
        Ok(self.wiring)
    }

    fn participant(&mut self, participant: Participant) {
        if participant.name != self.name {
            self.problems.push(format!(
                "the service is named {} and its participant {}: they share a consumer group, so name them alike",
                self.name, participant.name
            ));
        }
        self.schemas(participant.schemas);
        let handlers: HashMap<&str, &StepHandler> = participant
            .steps
            .iter()
            .map(|handler| (handler.step, handler))
            .collect();
        if handlers.len() != participant.steps.len() {
            self.problems.push(format!(
                "{} has two handlers for one step",
                participant.name
            ));
        }
        let mut used = BTreeSet::new();
        for source in participant.workflows {
            match source.parse() {
                Err(report) => self.problems.push(report.render().trim_end().to_owned()),
                Ok(workflow) => self.workflow(workflow, participant.name, &handlers, &mut used),
            }
        }
        for step in handlers.keys().filter(|step| !used.contains(**step)) {
            self.problems.push(format!(
                "there is a handler for `{step}`, which no workflow here gives to {}",
                participant.name
            ));
        }
    }

    fn schemas(&mut self, schemas: &[&str]) {
        for json in schemas {
            let added = EventSchema::parse(json)
                .map_err(|error| error.to_string())
                .and_then(|schema| {
                    self.wiring
                        .catalog
                        .add(schema)
                        .map_err(|error| error.to_string())
                });
            if let Err(problem) = added {
                self.problems
                    .push(format!("an embedded schema is refused: {problem}"));
            }
        }
    }

    fn workflow(
        &mut self,
        workflow: Arc<Workflow>,
        participant: &str,
        handlers: &HashMap<&str, &StepHandler>,
        used: &mut BTreeSet<String>,
    ) {
        self.problems.extend(unsupported(&workflow));
        self.wiring.routes.know(&workflow);
        for step in workflow.steps_of(participant) {
            self.published(&workflow, step);
            if step.is_external() {
                continue;
            }
            used.insert(step.name.clone());
            match handlers.get(step.name.as_str()) {
                Some(handler) => self.step(&workflow, step, handler),
                None => self.problems.push(format!(
                    "workflow {} v{} gives step `{}` to {participant}, and there is no handler for it",
                    workflow.name, workflow.version, step.name
                )),
            }
        }
        self.wiring.workflows.push(workflow);
    }

    fn step(&mut self, workflow: &Arc<Workflow>, step: &Step, handler: &StepHandler) {
        let at = format!(
            "step `{}` of workflow {} v{}",
            step.name, workflow.name, workflow.version
        );
        let unit = self.unit(
            &step.name,
            Some((workflow.clone(), step.emits.clone())),
            handler.act.clone(),
        );
        for event in step.triggers() {
            if !handler.events.contains(&event) {
                self.problems.push(format!(
                    "{at} is triggered by {event}; its handler takes {}",
                    handler.events.join(", ")
                ));
            }
            let versions = self.wiring.catalog.versions(event);
            if versions.is_empty() {
                self.problems.push(format!(
                    "{at} is triggered by {event}, for which no schema is embedded"
                ));
            }
            let by_instance = !versions.is_empty()
                && versions
                    .iter()
                    .all(|schema| schema.key().is_none_or(|key| key == workflow.key));
            for schema in &versions {
                self.wiring.subscribes.insert(schema.topic().to_owned());
                if by_instance {
                    self.wiring.alike.insert(schema.topic().to_owned());
                }
            }
            self.wiring.routes.step(workflow, event, unit, by_instance);
        }
    }

    fn published(&mut self, workflow: &Workflow, step: &Step) {
        for event in step.outputs() {
            match self.wiring.catalog.latest(event) {
                Some(schema) => {
                    self.wiring.publishes.insert(schema.topic().to_owned());
                }
                None => self.problems.push(format!(
                    "step `{}` of workflow {} v{} emits {event}, for which no schema is embedded",
                    step.name, workflow.name, workflow.version
                )),
            }
        }
    }

    fn event(&mut self, handler: EventHandler) {
        self.schemas(handler.schemas);
        let versions = self.wiring.catalog.versions(handler.event);
        if versions.is_empty() {
            self.problems.push(format!(
                "there is a handler for {}, whose type has no schema",
                handler.event
            ));
        }
        self.wiring
            .subscribes
            .extend(versions.iter().map(|schema| schema.topic().to_owned()));
        let before = self.wiring.routes.handlers_of(handler.event);
        let step = numbered("on", handler.event, before);
        let unit = self.unit(&step, None, handler.act);
        self.wiring.routes.event(handler.event, unit);
    }

    fn raw(&mut self, handler: RawHandler) {
        self.wiring.subscribes.insert(handler.topic.clone());
        let before = self.wiring.routes.raw_handlers_of(&handler.topic);
        let step = numbered("raw", &handler.topic, before);
        let unit = self.unit(&step, None, handler.act);
        self.wiring.routes.raw(handler.topic, unit);
    }

    fn unit(&mut self, step: &str, workflow: Option<(Arc<Workflow>, Emits)>, act: Act) -> usize {
        let policy = self.policies.get(step).cloned().unwrap_or_default();
        self.wiring.units.push(Arc::new(Unit {
            step: step.into(),
            workflow,
            policy: Arc::new(policy),
            act,
        }));
        self.wiring.units.len() - 1
    }
}

/// The step name of a plain consumer's handler: the event or topic, and from the second handler of it on a number.
fn numbered(kind: &str, name: &str, before: usize) -> String {
    if before == 0 {
        format!("{kind}:{name}")
    } else {
        format!("{kind}:{name}#{}", before + 1)
    }
}
