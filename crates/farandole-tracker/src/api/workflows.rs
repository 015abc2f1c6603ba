use std::collections::{BTreeMap, BTreeSet};

use axum::{
    Json,
    extract::{Path, State, rejection::PathRejection},
};
use farandole_runtime::http::Problem;
use farandole_workflow::{Step, StepStart, Workflow, draw};
use serde_json::{Value, json};

use super::{
    App,
    ask::{Question, problem},
};
use crate::{store::WorkflowCount, view::Status};

pub(super) async fn list(State(app): State<App>) -> Result<Json<Value>, Problem> {
    app.ask(|asked| {
        let counts = asked.counts()?;
        let declared = asked
            .look
            .definitions
            .workflows()
            .map(|workflow| workflow.name.clone());
        let names: BTreeSet<String> = declared
            .chain(counts.iter().map(|count| count.workflow.clone()))
            .collect();
        let workflows: Vec<Value> = names
            .iter()
            .map(|name| card(asked, name, &counts))
            .collect();
        Ok(json!({"workflows": workflows, "problems": asked.look.definitions.problems()}))
    })
    .await
}

pub(super) async fn one(
    State(app): State<App>,
    name: Result<Path<String>, PathRejection>,
) -> Result<Json<Value>, Problem> {
    let Ok(Path(name)) = name else {
        return Err(Problem::bad_request(
            "the name is not percent-encoded UTF-8",
        ));
    };
    app.ask(move |asked| {
        let counts = asked.counts()?;
        let versions: Vec<_> = asked.look.definitions.versions(&name).cloned().collect();
        if versions.is_empty() && !counts.iter().any(|count| count.workflow == name) {
            return Err(Problem::not_found(format!(
                "no workflow {name:?} is declared, and no event names it"
            )));
        }
        let mut answer = card(asked, &name, &counts);
        let detailed: Result<Vec<Value>, Problem> = versions
            .iter()
            .map(|workflow| asked.version(workflow))
            .collect();
        answer["definitions"] = Value::Array(detailed?);
        Ok(answer)
    })
    .await
}

/// Counts of a workflow over all versions, and by version.
fn card(asked: &Question<'_>, name: &str, counts: &[WorkflowCount]) -> Value {
    let ours = || counts.iter().filter(|count| count.workflow == name);
    let mut versions: BTreeMap<String, BTreeMap<&str, i64>> = BTreeMap::new();
    let mut statuses: BTreeMap<&str, i64> = Status::ALL.map(|status| (status.as_str(), 0)).into();
    for count in ours() {
        *statuses.entry(&count.count.status).or_default() += count.count.instances;
        let version = count
            .version
            .map_or_else(|| "unknown".to_owned(), |version| version.to_string());
        *versions
            .entry(version)
            .or_default()
            .entry(&count.count.status)
            .or_default() += count.count.instances;
    }
    let newest = asked.look.definitions.versions(name).last().cloned();
    json!({
        "name": name,
        "declared": newest.is_some(),
        "description": newest.as_ref().and_then(|workflow| workflow.description.clone()),
        "key": newest.as_ref().map(|workflow| workflow.key.clone()),
        "newest_version": newest.map(|workflow| workflow.version),
        "instances": statuses.values().sum::<i64>(),
        "statuses": statuses,
        "versions": versions,
        "deviated": ours().map(|count| count.deviated).sum::<i64>(),
        "orphans": ours().map(|count| count.orphans).sum::<i64>(),
        "repeats": ours().map(|count| count.repeats).sum::<i64>(),
    })
}

impl Question<'_> {
    fn counts(&self) -> Result<Vec<WorkflowCount>, Problem> {
        self.look
            .workflow_counts(self.now_ms)
            .map_err(|error| problem(&error))
    }

    /// One version with counts and durations per step, drawn.
    fn version(&self, workflow: &Workflow) -> Result<Value, Problem> {
        let waiting = self
            .look
            .step_counts(&workflow.name, self.now_ms)
            .map_err(|error| problem(&error))?;
        let mut steps = Vec::new();
        for step in &workflow.steps {
            let count = waiting
                .iter()
                .find(|count| count.version == Some(workflow.version) && count.step == step.name);
            let durations = self
                .look
                .durations(&workflow.name, workflow.version, &step.name)
                .map_err(|error| problem(&error))?;
            let mut shown = described(workflow, step);
            shown["open"] = json!(count.map_or(0, |count| count.open));
            shown["overdue"] = json!(count.map_or(0, |count| count.overdue));
            shown["outside"] = json!(count.map_or(0, |count| count.outside));
            shown["durations"] = json!(durations);
            steps.push(shown);
        }
        Ok(json!({
            "version": workflow.version,
            "hash": workflow.hash,
            "source": workflow.source,
            "ends": {"completed": workflow.ends.completed, "failed": workflow.ends.failed},
            "steps": steps,
            "svg": draw::svg(workflow),
            "mermaid": draw::mermaid(workflow),
        }))
    }
}

fn described(workflow: &Workflow, step: &Step) -> Value {
    let (start, on) = match &step.start {
        StepStart::External => ("external start", vec![]),
        StepStart::During { after } => (
            "external during",
            after.iter().map(String::as_str).collect(),
        ),
        StepStart::On(_) => ("on", step.triggers()),
        StepStart::StartsOn { .. } => ("starts on", step.triggers()),
    };
    json!({
        "step": step.name,
        "participant": step.by,
        "description": step.description,
        "start": start,
        "on": on,
        "emits": step.emits.events(),
        "mandatory": workflow.is_mandatory(step) && !step.is_external(),
        "within_ms": step.within_ms,
    })
}
