//! What a workflow's versions ask of each participant together: the union of their steps.

use std::collections::BTreeSet;

use farandole_workflow::{Emits, Step, StepStart, Workflow};

use super::shapes::{Input, Output};
use crate::GenerateError;
use crate::events::EventTypes;
use crate::names::{Taken, pascal, snake};
use crate::sources::WorkflowFiles;

/// A participant with its steps.
pub(super) struct Participant {
    pub(super) name: String,
    pub(super) handled: Vec<PlannedStep>,
    pub(super) external: Vec<PlannedStep>,
    /// Every event that it takes, gives or is told of by carried fields.
    pub(super) events: BTreeSet<String>,
}

/// A step as the newest version that has it describes it.
pub(super) struct PlannedStep {
    pub(super) name: String,
    pub(super) description: Option<String>,
    pub(super) begins: bool,
    pub(super) within_ms: Option<i64>,
    pub(super) after: Vec<String>,
    pub(super) input: Input,
    pub(super) output: Output,
}

pub(super) struct Plan {
    pub(super) description: Option<String>,
    pub(super) participants: Vec<Participant>,
    /// Carried fields: event and field.
    pub(super) carried: Vec<(String, String)>,
}

impl Plan {
    pub(super) fn of(files: &WorkflowFiles, types: &EventTypes<'_>) -> Result<Self, GenerateError> {
        let newest_first: Vec<&Workflow> = files
            .versions
            .iter()
            .rev()
            .map(|(_, workflow)| workflow)
            .collect();
        let steps = union(&files.name, &newest_first)?;
        let mut carried: Vec<(String, String)> = newest_first
            .iter()
            .flat_map(|workflow| &workflow.carries)
            .flat_map(|(event, fields)| {
                fields
                    .iter()
                    .map(move |field| (event.clone(), field.clone()))
            })
            .collect();
        carried.sort();
        carried.dedup();
        let mut participants: Vec<Participant> = Vec::new();
        for step in &steps {
            let at = participants
                .iter()
                .position(|participant| participant.name == step.step.by)
                .unwrap_or_else(|| {
                    participants.push(Participant::new(&step.step.by));
                    participants.len() - 1
                });
            participants[at].add(step, types);
        }
        for participant in &mut participants {
            participant
                .events
                .extend(carried.iter().map(|(event, _)| event.clone()));
        }
        let description = newest_first
            .first()
            .and_then(|workflow| workflow.description.clone());
        let plan = Plan {
            description,
            participants,
            carried,
        };
        plan.names(&files.name)?;
        Ok(plan)
    }

    /// Every name of the module once.
    fn names(&self, workflow: &str) -> Result<(), GenerateError> {
        let mut types = Taken::new(format!("workflow {workflow}"));
        let mut functions = Taken::new(format!("workflow {workflow}"));
        if !self.carried.is_empty() {
            types.take("Carried", "the carried fields")?;
        }
        for participant in &self.participants {
            if !participant.handled.is_empty() {
                types.take(
                    &pascal(&participant.name),
                    format!("participant `{}`", participant.name),
                )?;
                functions.take(
                    &snake(&participant.name),
                    format!("participant `{}`", participant.name),
                )?;
            }
            for step in participant.handled.iter().chain(&participant.external) {
                let what = format!("step `{}`", step.name);
                if let Some(name) = step.input.own_type() {
                    types.take(name, format!("the input of {what}"))?;
                }
                if let Some(name) = step.output.own_type() {
                    types.take(name, format!("the outcome of {what}"))?;
                }
            }
            for step in &participant.external {
                functions.take(&snake(&step.name), format!("external step `{}`", step.name))?;
            }
        }
        Ok(())
    }
}

impl Participant {
    fn new(name: &str) -> Self {
        Participant {
            name: name.into(),
            handled: Vec::new(),
            external: Vec::new(),
            events: BTreeSet::new(),
        }
    }

    fn add(&mut self, merged: &Merged<'_>, types: &EventTypes<'_>) {
        let step = merged.step;
        self.events.extend(merged.triggers.iter().cloned());
        self.events
            .extend(step.outputs().into_iter().map(str::to_owned));
        let inputs: Vec<&str> = merged.triggers.iter().map(String::as_str).collect();
        let planned = PlannedStep {
            name: step.name.clone(),
            description: step.description.clone(),
            begins: step.begins_instance(),
            within_ms: step.within_ms,
            after: if let StepStart::During { after } = &step.start {
                after.clone()
            } else {
                Vec::new()
            },
            input: Input::of(&step.name, &inputs, types),
            output: Output::of(&step.name, &step.emits, types),
        };
        if step.is_external() {
            self.external.push(planned)
        } else {
            self.handled.push(planned)
        }
    }
}

/// A step with the triggers of all versions.
struct Merged<'a> {
    step: &'a Step,
    version: u32,
    triggers: Vec<String>,
}

/// The steps of all versions, the newest first; a trigger may differ between versions, the rest of the signature may not.
fn union<'a>(
    workflow: &str,
    newest_first: &[&'a Workflow],
) -> Result<Vec<Merged<'a>>, GenerateError> {
    let mut steps: Vec<Merged<'a>> = Vec::new();
    for version in newest_first {
        for step in &version.steps {
            let triggers = step.triggers().into_iter().map(str::to_owned);
            let Some(known) = steps.iter_mut().find(|known| known.step.name == step.name) else {
                steps.push(Merged {
                    step,
                    version: version.version,
                    triggers: triggers.collect(),
                });
                continue;
            };
            if let Some(difference) = difference(known.step, step) {
                let reason = format!(
                    "{difference} in v{} and v{}",
                    known.version, version.version
                );
                return Err(GenerateError::Signature {
                    workflow: workflow.into(),
                    step: step.name.clone(),
                    reason,
                });
            }
            for trigger in triggers {
                if !known.triggers.contains(&trigger) {
                    known.triggers.push(trigger);
                }
            }
        }
    }
    Ok(steps)
}

fn difference(one: &Step, other: &Step) -> Option<&'static str> {
    let sorted = |emits: &Emits| match emits {
        Emits::OneOf(events) => {
            let mut events = events.clone();
            events.sort();
            Emits::OneOf(events)
        }
        other => other.clone(),
    };
    if one.by != other.by {
        Some("belongs to different participants")
    } else if one.is_external() != other.is_external()
        || one.begins_instance() != other.begins_instance()
    {
        Some("starts in different ways")
    } else if one.reads != other.reads {
        Some("reads different events")
    } else if sorted(&one.emits) != sorted(&other.emits) {
        Some("emits different events")
    } else {
        None
    }
}
