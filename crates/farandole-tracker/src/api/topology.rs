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

/// Per participant: topics in and out by the newest version of each workflow, and whether its group is there.
fn participants(asked: &Question<'_>) -> Vec<Value> {
    let mut topics: BTreeMap<String, (BTreeSet<String>, BTreeSet<String>, BTreeSet<String>)> =
        BTreeMap::new();
    for workflow in asked.look.definitions.workflows() {
        for participant in workflow.participants() {
            let contract = project(workflow, asked.look.definitions.catalog(), participant);
            let of = topics.entry(participant.to_owned()).or_default();
            of.0.extend(contract.subscribes);
            of.1.extend(contract.publishes);
            of.2.insert(format!("{} v{}", workflow.name, workflow.version));
        }
    }
    let group = |name: &str| asked.offsets.and_then(|offsets| offsets.groups.get(name));
    topics
        .into_iter()
        .map(|(name, (subscribes, publishes, workflows))| {
            let members = group(&name).map(|group| group.members.len());
            json!({"participant": name, "subscribes": subscribes, "publishes": publishes, "workflows": workflows, "members": members})
        })
        .collect()
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
