use std::collections::BTreeMap;

use crate::{EndKind, Step, StepStart, Trigger, Workflow};

/// The workflow as a Mermaid flowchart: steps as boxes by participant, events on the arrows between them.
pub fn mermaid(workflow: &Workflow) -> String {
    let mut text = String::from("flowchart TD\n");
    let ids: BTreeMap<&str, String> = workflow
        .steps
        .iter()
        .enumerate()
        .map(|(i, step)| (step.name.as_str(), format!("s{i}")))
        .collect();
    for participant in workflow.participants() {
        text.push_str(&format!(
            "  subgraph {}[\"{participant}\"]\n",
            group(workflow, participant)
        ));
        for step in workflow.steps_of(participant) {
            text.push_str(&format!("    {}{}\n", ids[step.name.as_str()], shape(step)));
        }
        text.push_str("  end\n");
    }
    for step in &workflow.steps {
        for (event, dashed) in arrows_into(step) {
            for emitter in workflow.emitters_of(event) {
                let arrow = if dashed { "-.->" } else { "-->" };
                let (from, to) = (&ids[emitter.name.as_str()], &ids[step.name.as_str()]);
                text.push_str(&format!("  {from} {arrow}|{event}| {to}\n"));
            }
        }
    }
    for (index, (event, kind)) in ends(workflow).into_iter().enumerate() {
        let class = if kind == EndKind::Completed {
            "completed"
        } else {
            "failed"
        };
        text.push_str(&format!("  e{index}([\"{event}\"]):::{class}\n"));
        for emitter in workflow.emitters_of(event) {
            text.push_str(&format!("  {} --> e{index}\n", ids[emitter.name.as_str()]));
        }
    }
    text.push_str("  classDef completed stroke:#2e7d32,stroke-width:2px\n  classDef failed stroke:#c62828,stroke-width:2px\n");
    text
}

fn group(workflow: &Workflow, participant: &str) -> String {
    let index = workflow
        .participants()
        .iter()
        .position(|name| *name == participant)
        .unwrap_or_default();
    format!("p{index}")
}

/// External steps are rounded: people and outside systems.
fn shape(step: &Step) -> String {
    if step.is_external() {
        format!("([\"{}\"])", step.name)
    } else {
        format!("[\"{}\"]", step.name)
    }
}

/// The events whose emitters lead to the step; dashed where they only open the door for somebody outside, or stay away.
pub(super) fn arrows_into(step: &Step) -> Vec<(&str, bool)> {
    match &step.start {
        StepStart::External | StepStart::StartsOn { .. } => Vec::new(),
        StepStart::During { after } => after.iter().map(|event| (event.as_str(), true)).collect(),
        StepStart::On(Trigger::Absence { no, after, .. }) => vec![(after, false), (no, true)],
        StepStart::On(trigger) => trigger
            .events()
            .into_iter()
            .map(|event| (event, false))
            .collect(),
    }
}

pub(super) fn ends(workflow: &Workflow) -> Vec<(&str, EndKind)> {
    let completed = workflow
        .ends
        .completed
        .iter()
        .map(|event| (event.as_str(), EndKind::Completed));
    completed
        .chain(
            workflow
                .ends
                .failed
                .iter()
                .map(|event| (event.as_str(), EndKind::Failed)),
        )
        .collect()
}
