//! Where an instance left its definition.

use std::collections::BTreeMap;

use farandole_event::Position;
use farandole_workflow::{Emits, Step, StepStart, Workflow};
use serde::Serialize;

use super::{
    firings::Firing,
    history::{Happened, History},
};
use crate::definitions::Definitions;

/// A deviation with the shortest explanation.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Deviation {
    /// The kind.
    pub kind: DeviationKind,
    /// The event's name.
    pub event: String,
    /// The event's id; the firing's id where an event is missing.
    pub id: String,
    /// Where it stands; where an event is missing, its trigger.
    pub position: Position,
    /// What is wrong, in a sentence.
    pub explanation: String,
}

/// The kinds of deviations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeviationKind {
    /// The definition doesn't allow this event here.
    Unexpected,
    /// A step was handled and its event never came.
    Missing,
    /// One firing emitted more than it may.
    Duplicate,
    /// Two records with one event id say different things.
    Conflict,
    /// The event names a version of the workflow that is not the instance's.
    OtherVersion,
    /// The event names a workflow or a version that nobody declared.
    UnknownVersion,
}

/// Different content under one id.
pub(crate) fn conflicts(history: &History<'_>) -> Vec<Deviation> {
    let of = |happened: &Happened<'_>| {
        let others: Vec<String> = happened.conflicts.iter().map(ToString::to_string).collect();
        deviation(
            DeviationKind::Conflict,
            happened,
            format!(
                "the same event id with different content at {}",
                others.join(", ")
            ),
        )
    };
    history
        .events
        .iter()
        .filter(|happened| !happened.conflicts.is_empty())
        .map(of)
        .collect()
}

/// Versions that nobody declared, and events of another version than the instance's.
pub(crate) fn undeclared(
    history: &History<'_>,
    name: &str,
    version: Option<u32>,
    definitions: &Definitions,
) -> Vec<Deviation> {
    let mut found = Vec::new();
    for happened in &history.events {
        let envelope = &happened.event.envelope;
        let Some(named) = &envelope.workflow else {
            continue;
        };
        let Some(stamped) = envelope.workflow_version else {
            continue;
        };
        if definitions.workflow(named, stamped).is_none() {
            // Where nothing of that name was ever declared there is nothing to deviate from.
            if definitions.versions(named).next().is_some() {
                let text = format!("{named} v{stamped} is not on farandole.catalog");
                found.push(deviation(DeviationKind::UnknownVersion, happened, text));
            }
        } else if named != name || Some(stamped) != version {
            let began = version.map_or_else(String::new, |version| format!(" v{version}"));
            let text = format!("carries {named} v{stamped}, the instance began as {name}{began}");
            found.push(deviation(DeviationKind::OtherVersion, happened, text));
        }
    }
    found
}

/// Events that the definition doesn't allow where they are.
pub(crate) fn unexpected(history: &History<'_>, workflow: &Workflow) -> Vec<Deviation> {
    let mut found: Vec<Deviation> = history
        .events
        .iter()
        .filter_map(|happened| {
            Some(deviation(
                DeviationKind::Unexpected,
                happened,
                objection(history, workflow, happened)?,
            ))
        })
        .collect();
    found.extend(second_starts(history, workflow));
    found
}

fn objection(
    history: &History<'_>,
    workflow: &Workflow,
    happened: &Happened<'_>,
) -> Option<String> {
    let (event, by) = (happened.event, happened.event.participant());
    let here = format!("{} v{}", workflow.name, workflow.version);
    let Some(step) = step_of(workflow, happened) else {
        return Some(
            match (
                &event.envelope.step,
                workflow.emitters_of(event.name()).next(),
            ) {
                (Some(step), _) if workflow.step(step).is_none() => {
                    format!("{here} has no step {step}")
                }
                (Some(step), Some(_)) => format!("step {step} does not emit {}", event.name()),
                (None, Some(other)) => format!(
                    "{by} emits {}, which is {}'s to emit",
                    event.name(),
                    other.by
                ),
                (_, None) => format!("no step of {here} emits {}", event.name()),
            },
        );
    };
    if step.by != by {
        return Some(format!(
            "step {} belongs to {}, and {by} emitted {}",
            step.name,
            step.by,
            event.name()
        ));
    }
    match &step.start {
        StepStart::On(_) => {
            let cause = history.cause(event)?;
            let triggers = step.triggers();
            (!triggers.contains(&cause.event.name())).then(|| {
                format!(
                    "caused by {}, which does not trigger step {} (on {})",
                    cause.event.name(),
                    step.name,
                    triggers.join(", ")
                )
            })
        }
        StepStart::During { after } if !after.is_empty() => {
            let opened = history
                .events
                .iter()
                .any(|other| after.iter().any(|name| name == other.event.name()));
            (!opened).then(|| {
                format!(
                    "step {} comes after {}, and none was seen",
                    step.name,
                    after.join(" or ")
                )
            })
        }
        _ => None,
    }
}

/// The step that an event says it comes from; without a word about it, the one of its participant that may emit it.
fn step_of<'w>(workflow: &'w Workflow, happened: &Happened<'_>) -> Option<&'w Step> {
    let event = happened.event;
    match &event.envelope.step {
        Some(named) => workflow
            .step(named)
            .filter(|step| step.outputs().contains(&event.name())),
        None => workflow
            .steps
            .iter()
            .find(|step| step.outputs().contains(&event.name()) && step.by == event.participant()),
    }
}

fn second_starts(history: &History<'_>, workflow: &Workflow) -> Vec<Deviation> {
    let starts: Vec<&str> = workflow
        .starts()
        .flat_map(|step| step.emits.events())
        .collect();
    let began = history
        .events
        .iter()
        .filter(|happened| starts.contains(&happened.event.name()));
    began
        .skip(1)
        .map(|happened| {
            deviation(
                DeviationKind::Duplicate,
                happened,
                "the instance had begun already".to_owned(),
            )
        })
        .collect()
}

/// Firings that emitted more than their contract says.
pub(crate) fn doubled(workflow: &Workflow, firings: &[Firing]) -> Vec<Deviation> {
    let mut found = Vec::new();
    for firing in firings {
        let Some(step) = workflow.step(&firing.step) else {
            continue;
        };
        for extra in excess(&step.emits, firing) {
            let output = &firing.outputs[extra];
            found.push(Deviation {
                kind: DeviationKind::Duplicate,
                event: output.event.clone(),
                id: output.id.clone(),
                position: output.position.clone(),
                explanation: format!(
                    "step {} had answered {} at {} already",
                    firing.step, firing.cause.event, firing.cause.position
                ),
            });
        }
    }
    found
}

/// Indexes of outputs beyond the allowed ones: in all for one and `one_of`, of each kind for `all_of`.
fn excess(emits: &Emits, firing: &Firing) -> Vec<usize> {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let each = matches!(inner(emits), Emits::AllOf(_));
    let mut extra = Vec::new();
    for (at, output) in firing.outputs.iter().enumerate() {
        let count = seen
            .entry(if each { &output.event } else { "" })
            .or_default();
        *count += 1;
        if *count > 1 {
            extra.push(at);
        }
    }
    extra
}

fn inner(emits: &Emits) -> &Emits {
    match emits {
        Emits::Optional(emits) => inner(emits),
        emits => emits,
    }
}

fn deviation(kind: DeviationKind, happened: &Happened<'_>, explanation: String) -> Deviation {
    Deviation {
        kind,
        event: happened.event.name().to_owned(),
        id: happened.event.envelope.id.clone(),
        position: happened.fact.position.clone(),
        explanation,
    }
}
