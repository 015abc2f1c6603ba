use axum::{
    Json,
    extract::{Path, State, rejection::PathRejection},
    http::Uri,
};
use farandole_event::{DecodeError, Record};
use farandole_runtime::http::Problem;
use serde_json::{Value, json};

use super::{
    App,
    ask::{Question, problem, value},
    query,
};
use crate::{
    definitions::Definitions,
    view::{self, Asked, Assessment},
};

/// The largest payload that an answer shows, in bytes.
const SHOWN: usize = 64 * 1024;

type Id = Result<Path<String>, PathRejection>;

pub(super) async fn list(State(app): State<App>, uri: Uri) -> Result<Json<Value>, Problem> {
    let filter = query::filter(&uri)?;
    app.ask(move |asked| {
        let page = asked.look.page(&filter, asked.now_ms).map_err(|error| problem(&error))?;
        Ok(json!({"instances": page.rows, "next_cursor": page.next.map(|cursor| cursor.to_string())}))
    })
    .await
}

pub(super) async fn one(State(app): State<App>, id: Id) -> Result<Json<Value>, Problem> {
    let id = text(id)?;
    app.ask(move |asked| {
        let (correlation, other_runs) = asked.find(&id)?;
        let assessment = asked
            .look
            .assess(&correlation)
            .map_err(|error| problem(&error))?;
        let (why, missing) = asked.why(&assessment)?;
        let mut answer = value(&assessment);
        answer["status"] = value(view::status(&assessment, asked.now_ms));
        let mut deviations = assessment.deviations.clone();
        deviations.extend(missing);
        answer["flags"] = flags(&assessment, !deviations.is_empty());
        answer["deviations"] = value(deviations);
        answer["waits_for"] = value(view::waits_for(&assessment, asked.now_ms));
        answer["why"] = value(why);
        answer["other_runs"] = value(other_runs);
        Ok(answer)
    })
    .await
}

pub(super) async fn why(State(app): State<App>, id: Id) -> Result<Json<Value>, Problem> {
    let id = text(id)?;
    app.ask(move |asked| {
        let (correlation, _) = asked.find(&id)?;
        let assessment = asked
            .look
            .assess(&correlation)
            .map_err(|error| problem(&error))?;
        let (why, _) = asked.why(&assessment)?;
        Ok(json!({
            "correlation": correlation,
            "workflow": assessment.workflow,
            "version": assessment.version,
            "key": assessment.key,
            "status": view::status(&assessment, asked.now_ms),
            "waits_for": view::waits_for(&assessment, asked.now_ms),
            "why": why,
        }))
    })
    .await
}

pub(super) async fn events(State(app): State<App>, id: Id) -> Result<Json<Value>, Problem> {
    let id = text(id)?;
    app.ask(move |asked| {
        let (correlation, _) = asked.find(&id)?;
        let records = asked
            .look
            .records(&correlation)
            .map_err(|error| problem(&error))?;
        let mut records: Vec<&Record> = records.iter().collect();
        records.sort_by_key(|record| (record.timestamp_ms, record.position()));
        let events: Vec<Value> = records
            .into_iter()
            .map(|record| shown(record, &asked.look.definitions))
            .collect();
        Ok(json!({"correlation": correlation, "events": events}))
    })
    .await
}

/// A record with its decoded payload.
fn shown(record: &Record, definitions: &Definitions) -> Value {
    let mut answer = json!({
        "position": record.position(),
        "at_ms": record.timestamp_ms,
        "key": record.key_text(),
        "size": record.size(),
    });
    if record.size() > SHOWN {
        answer["undecoded"] = json!(format!("too large to show here: {} bytes", record.size()));
        return answer;
    }
    match definitions.catalog().to_json(record) {
        Ok((envelope, schema, data)) => {
            answer["id"] = json!(envelope.id);
            answer["event"] = json!(envelope.event);
            answer["source"] = json!(envelope.source);
            answer["time_ms"] = json!(envelope.time_ms);
            answer["step"] = json!(envelope.step);
            answer["causation"] = json!(envelope.causation);
            answer["schema_version"] = json!(schema.map(|schema| schema.version()));
            answer["data"] = data;
        }
        Err(error) => answer["undecoded"] = json!(reason(&error)),
    }
    answer
}

fn reason(error: &DecodeError) -> String {
    error.to_string()
}

fn flags(assessment: &Assessment, deviated: bool) -> Value {
    let flags = view::flags(assessment);
    let named = [
        ("deviated", deviated),
        ("orphan", flags.orphan),
        ("late", flags.late),
        ("truncated", flags.truncated),
        ("dead-lettered", flags.dead_lettered),
    ];
    named
        .into_iter()
        .filter(|(_, set)| *set)
        .map(|(name, _)| name)
        .collect()
}

fn text(id: Id) -> Result<String, Problem> {
    match id {
        Ok(Path(id)) => Ok(id),
        Err(_) => Err(Problem::bad_request("the id is not percent-encoded UTF-8")),
    }
}

impl Question<'_> {
    fn why(
        &self,
        assessment: &Assessment,
    ) -> Result<(Vec<view::Why>, Vec<view::Deviation>), Problem> {
        let names = assessment
            .firings
            .iter()
            .map(|firing| firing.participant.as_str());
        let names: std::collections::BTreeSet<&str> = names.collect();
        let participants = self.look.said(names).map_err(|error| problem(&error))?;
        let asked = Asked {
            now_ms: self.now_ms,
            offsets: self.offsets,
            read_to: &self.read_to,
            participants: &participants,
        };
        Ok((
            view::why(assessment, &asked),
            view::missing(assessment, &asked),
        ))
    }
}
