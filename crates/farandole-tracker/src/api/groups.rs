use axum::{Json, extract::State};
use farandole_runtime::http::Problem;
use serde_json::{Value, json};

use super::App;
use crate::view::{Group, Offsets, Partition};

/// Consumer groups with their lag in records.
pub(super) async fn groups(State(app): State<App>) -> Result<Json<Value>, Problem> {
    app.ask(|asked| {
        let groups: Vec<Value> = match asked.offsets {
            Some(offsets) => offsets.groups.iter().map(|(name, group)| shown(name, group, offsets)).collect(),
            None => vec![],
        };
        Ok(json!({"known": asked.offsets.is_some(), "asked_ms": asked.offsets.map(|offsets| offsets.at_ms), "groups": groups}))
    })
    .await
}

fn shown(name: &str, group: &Group, offsets: &Offsets) -> Value {
    let partitions: Vec<Value> = group
        .committed
        .iter()
        .map(|(of, committed)| {
            let end = offsets.high(of);
            json!({"topic": of.0, "partition": of.1, "committed": committed, "end_offset": end, "lag": lag(of, *committed, offsets)})
        })
        .collect();
    let all: i64 = group
        .committed
        .iter()
        .filter_map(|(of, committed)| lag(of, *committed, offsets))
        .sum();
    json!({"group": name, "state": group.state, "members": group.members, "lag": all, "partitions": partitions})
}

fn lag(of: &Partition, committed: i64, offsets: &Offsets) -> Option<i64> {
    let (low, high) = (offsets.low(of)?, offsets.high(of)?);
    Some((high - committed.max(low)).max(0))
}
