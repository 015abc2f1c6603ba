use std::collections::{BTreeMap, BTreeSet};

use axum::{Json, extract::State};
use farandole_runtime::http::Problem;
use farandole_workflow::project;
use serde_json::{Value, json};

use super::{
    App,
    ask::{Question, problem, value},
};

/// Who publishes and consumes what: declared by workflows, and seen on the topics.
pub(super) async fn topology(State(app): State<App>) -> Result<Json<Value>, Problem> {
    app.ask(|asked| {
        let seen = asked.look.seen().map_err(|error| problem(&error))?;
        let troubles = asked.look.troubles().map_err(|error| problem(&error))?;
        let definitions = &asked.look.definitions;
        let events: Vec<Value> = definitions
            .catalog()
            .events()
            .map(|event| schema(asked, event))
            .collect();
        Ok(json!({
            "participants": participants(asked),
            "events": events,
            "seen": seen,
            "unreadable": troubles,
            "contracts": definitions.participants(),
            "problems": value(definitions.problems()),
        }))
    })
    .await
}

#[derive(Default)]
struct Sides {
    subscribes: BTreeSet<String>,
    publishes: BTreeSet<String>,
    workflows: BTreeSet<String>,
}

/// Per participant: topics in and out over every known version, and how many members its group has.
fn participants(asked: &Question<'_>) -> Vec<Value> {
    let mut found: BTreeMap<String, Sides> = BTreeMap::new();
    for workflow in asked.look.definitions.workflows() {
        for participant in workflow.participants() {
            let contract = project(workflow, asked.look.definitions.catalog(), participant);
            let sides = found.entry(participant.to_owned()).or_default();
            sides.subscribes.extend(contract.subscribes);
            sides.publishes.extend(contract.publishes);
            sides
                .workflows
                .insert(format!("{} v{}", workflow.name, workflow.version));
        }
    }
    found
        .iter()
        .map(|(name, sides)| shown(asked, name, sides))
        .collect()
}

fn shown(asked: &Question<'_>, name: &str, sides: &Sides) -> Value {
    let group = asked.offsets.map(|offsets| offsets.groups.get(name));
    json!({
        "participant": name,
        "subscribes": sides.subscribes,
        "publishes": sides.publishes,
        "workflows": sides.workflows,
        "members": group.map(|group| group.map_or(0, |group| group.members.len())),
    })
}

fn schema(asked: &Question<'_>, event: &str) -> Value {
    let versions = asked.look.definitions.catalog().versions(event);
    let newest = versions.last();
    json!({
        "event": event,
        "topic": newest.map(|schema| schema.topic().to_owned()),
        "doc": newest.and_then(|schema| schema.doc().map(str::to_owned)),
        "versions": versions.iter().map(|schema| schema.version()).collect::<Vec<_>>(),
    })
}
