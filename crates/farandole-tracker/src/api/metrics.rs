use std::fmt::Write;

use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use farandole_runtime::http::Problem;

use super::{
    App,
    ask::{Question, problem},
};

/// The most workflows that get a label; names come from events, and a stranger must not fill Prometheus.
const LABELS: usize = 200;

pub(super) async fn metrics(State(app): State<App>) -> Result<Response, Problem> {
    let text = app.ask_raw(text).await?;
    Ok((
        [(
            header::CONTENT_TYPE,
            "text/plain; version=0.0.4; charset=utf-8",
        )],
        text,
    )
        .into_response())
}

fn text(asked: &Question<'_>) -> Result<String, Problem> {
    let counts = asked
        .look
        .workflow_counts(asked.now_ms)
        .map_err(|error| problem(&error))?;
    let mut text = String::new();
    head(
        &mut text,
        "farandole_instances",
        "gauge",
        "Instances by workflow, version and status.",
    );
    for count in counts.iter().take(LABELS) {
        let version = count
            .version
            .map(|version| version.to_string())
            .unwrap_or_default();
        let labels = format!(
            "workflow=\"{}\",version=\"{version}\",status=\"{}\"",
            escaped(&count.workflow),
            count.count.status
        );
        line(
            &mut text,
            "farandole_instances",
            &labels,
            count.count.instances,
        );
    }
    head(
        &mut text,
        "farandole_instances_deviated",
        "gauge",
        "Instances that have left their definition.",
    );
    line(
        &mut text,
        "farandole_instances_deviated",
        "",
        counts.iter().map(|count| count.deviated).sum(),
    );
    if let Some(behind) = asked.behind() {
        head(
            &mut text,
            "farandole_tracker_lag_records",
            "gauge",
            "Records that the tracker has not read yet.",
        );
        line(&mut text, "farandole_tracker_lag_records", "", behind);
    }
    if let Some(offsets) = asked.offsets {
        head(
            &mut text,
            "farandole_group_members",
            "gauge",
            "Members of a consumer group.",
        );
        for (name, group) in offsets.groups.iter().take(LABELS) {
            let members = i64::try_from(group.members.len()).unwrap_or(i64::MAX);
            line(
                &mut text,
                "farandole_group_members",
                &format!("group=\"{}\"", escaped(name)),
                members,
            );
        }
        head(
            &mut text,
            "farandole_group_lag_records",
            "gauge",
            "Records between a group's committed offsets and the ends.",
        );
        for (name, group) in offsets.groups.iter().take(LABELS) {
            let behind = group
                .committed
                .iter()
                .filter_map(|(of, committed)| Some((offsets.high(of)? - committed).max(0)));
            line(
                &mut text,
                "farandole_group_lag_records",
                &format!("group=\"{}\"", escaped(name)),
                behind.sum(),
            );
        }
    }
    Ok(text)
}

fn head(text: &mut String, name: &str, kind: &str, help: &str) {
    let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
}

fn line(text: &mut String, name: &str, labels: &str, value: i64) {
    let labels = if labels.is_empty() {
        String::new()
    } else {
        format!("{{{labels}}}")
    };
    let _ = writeln!(text, "{name}{labels} {value}");
}

/// A label's value: backslash, quote and line end escaped, cut at 100 characters.
fn escaped(value: &str) -> String {
    value
        .chars()
        .take(100)
        .collect::<String>()
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}
