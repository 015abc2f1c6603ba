use crate::{Step, StepStart, Trigger, Workflow};

/// What the definition asks for and the runtime can't do yet, one sentence each, naming step and participant. Empty: it can run.
pub fn unsupported(workflow: &Workflow) -> Vec<String> {
    workflow
        .steps
        .iter()
        .flat_map(|step| {
            gaps(step)
                .into_iter()
                .map(move |gap| sentence(workflow, step, &gap))
        })
        .collect()
}

fn sentence(workflow: &Workflow, step: &Step, gap: &str) -> String {
    format!(
        "workflow {} v{}: step `{}` of {} {gap}",
        workflow.name, workflow.version, step.name, step.by
    )
}

fn gaps(step: &Step) -> Vec<String> {
    let mut gaps = Vec::new();
    match &step.start {
        StepStart::On(Trigger::All(_)) => {
            gaps.push("waits for several events (`on: {all_of: …}`); joins can't run yet".into())
        }
        StepStart::On(Trigger::Absence { .. }) => {
            gaps.push(
                "fires when an event stays away (`on: {no: …}`); absences can't run yet".into(),
            );
        }
        StepStart::StartsOn { .. } => {
            gaps.push(
                "begins on another workflow's event (`starts_on`); child workflows can't run yet"
                    .into(),
            );
        }
        StepStart::External | StepStart::During { .. } | StepStart::On(Trigger::Any(_)) => {}
    }
    if reads_beyond_trigger(step) {
        gaps.push("reads events other than its trigger (`reads`); that can't run yet, `carries` brings single fields".into());
    }
    if step.compensate.is_some() {
        gaps.push("undoes an effect (`compensate`); compensation can't run yet".into());
    }
    gaps
}

/// Reading exactly what triggers is no more than leaving `reads` out.
fn reads_beyond_trigger(step: &Step) -> bool {
    if step.reads.is_empty() {
        return false;
    }
    let mut reads: Vec<&str> = step.reads.iter().map(String::as_str).collect();
    let mut triggers = step.triggers();
    reads.sort_unstable();
    triggers.sort_unstable();
    triggers.len() != 1 || reads != triggers
}
