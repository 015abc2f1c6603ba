use std::collections::BTreeSet;

use farandole_event::Catalog;
use serde::{Deserialize, Serialize};

use crate::{Compensate, Emits, Step, StepStart, Trigger, Workflow};

/// What one participant owes to a workflow and gets from it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contract {
    /// The participant.
    pub participant: String,
    /// The workflow.
    pub workflow: String,
    /// The definition's version.
    pub version: u32,
    /// Its steps, in the order of the file.
    pub steps: Vec<ContractStep>,
    /// The topics that it must subscribe to.
    pub subscribes: BTreeSet<String>,
    /// The topics that it publishes to.
    pub publishes: BTreeSet<String>,
}

/// One step of a contract.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContractStep {
    /// Its name.
    pub name: String,
    /// What it does, in human words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// How it starts.
    pub start: StartKind,
    /// The events that fire it; for `external_during` those after which it may happen.
    pub on: Vec<String>,
    /// The events that its handler gets.
    pub reads: Vec<String>,
    /// What it emits.
    pub emits: Emits,
    /// Its deadline in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within_ms: Option<i64>,
    /// What it undoes after a failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compensate: Option<Compensate>,
    /// Whether an instance may end without it.
    #[serde(default)]
    pub optional: bool,
}

/// How a step of a contract starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StartKind {
    /// From outside, beginning an instance.
    ExternalStart,
    /// From outside, within an instance.
    ExternalDuring,
    /// On any of the events.
    AnyOf,
    /// On all of the events.
    AllOf,
    /// When the second event has stayed away after the first.
    Absence,
    /// On another workflow's event.
    StartsOn,
}

impl StartKind {
    fn of(start: &StepStart) -> Self {
        match start {
            StepStart::External => StartKind::ExternalStart,
            StepStart::During { .. } => StartKind::ExternalDuring,
            StepStart::On(Trigger::Any(_)) => StartKind::AnyOf,
            StepStart::On(Trigger::All(_)) => StartKind::AllOf,
            StepStart::On(Trigger::Absence { .. }) => StartKind::Absence,
            StepStart::StartsOn { .. } => StartKind::StartsOn,
        }
    }
}

/// The participant's contract. Topics come from the catalog; events it doesn't know have none.
pub fn project(workflow: &Workflow, catalog: &Catalog, participant: &str) -> Contract {
    let topic = |event: &str| {
        catalog
            .latest(event)
            .map(|schema| schema.topic().to_owned())
    };
    let steps: Vec<&Step> = workflow.steps_of(participant).collect();
    let needed = steps.iter().flat_map(|step| {
        step.triggers()
            .into_iter()
            .chain(step.reads.iter().map(String::as_str))
    });
    Contract {
        participant: participant.into(),
        workflow: workflow.name.clone(),
        version: workflow.version,
        subscribes: needed.filter_map(topic).collect(),
        publishes: steps
            .iter()
            .flat_map(|step| step.outputs())
            .filter_map(topic)
            .collect(),
        steps: steps.into_iter().map(contract_step).collect(),
    }
}

fn contract_step(step: &Step) -> ContractStep {
    let on = match &step.start {
        StepStart::During { after } => after.clone(),
        _ => step.triggers().into_iter().map(str::to_owned).collect(),
    };
    ContractStep {
        name: step.name.clone(),
        description: step.description.clone(),
        start: StartKind::of(&step.start),
        on,
        reads: step.inputs().into_iter().map(str::to_owned).collect(),
        emits: step.emits.clone(),
        within_ms: step.within_ms,
        compensate: step.compensate.clone(),
        optional: step.optional,
    }
}
