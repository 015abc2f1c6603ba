//! `farandole status`: one screen, and an exit code.

use serde_json::{Value, json};

use super::track::{items, text};
use crate::error::CliError;
use crate::table::{length, table};
use crate::tracker::Tracker;

/// Flags of `farandole status`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    tracker: crate::cli::TrackerAt,
    #[command(flatten)]
    output: crate::cli::Output,
    /// A group further behind than this, in records, is a problem
    #[arg(long, value_name = "RECORDS", default_value_t = 10_000)]
    max_lag: i64,
    /// A tracker further behind than this, in records, is a problem
    #[arg(long, value_name = "RECORDS", default_value_t = 10_000)]
    max_tracker_lag: i64,
}

/// Shows one screen; 1 when something is wrong.
///
/// # Errors
/// The tracker can't be reached.
pub async fn run(args: Args) -> Result<u8, CliError> {
    let tracker = Tracker::at(&args.tracker.url)?;
    let workflows = tracker.get(&["workflows"], &[]).await?;
    let groups = tracker.get(&["groups"], &[]).await?;
    let problems = problems(&workflows, &groups, &args);
    if args.output.is_json() {
        println!(
            "{}",
            json!({"healthy": problems.is_empty(), "problems": problems, "workflows": workflows, "groups": groups})
        );
    } else {
        print(&workflows, &groups, &problems);
    }
    Ok(u8::from(!problems.is_empty()))
}

fn problems(workflows: &Value, groups: &Value, args: &Args) -> Vec<String> {
    let mut all = Vec::new();
    for group in items(groups, "groups") {
        let (name, lag) = (text(&group["name"]), group["lag"].as_i64().unwrap_or(0));
        if down(group) {
            all.push(format!(
                "group {name} is down: no member, {lag} records behind"
            ));
        } else if lag > args.max_lag {
            all.push(format!("group {name} is {lag} records behind"));
        }
    }
    for workflow in items(workflows, "workflows") {
        for status in ["stuck", "failing", "undo-failed"] {
            let count = workflow["statuses"][status].as_i64().unwrap_or(0);
            if count > 0 {
                all.push(format!("{count} instances of {} are {status}: farandole track ls --workflow {0} --status {status}", text(&workflow["name"])));
            }
        }
    }
    let own = tracker_lag(groups)
        .or_else(|| tracker_lag(workflows))
        .unwrap_or(0);
    if own > args.max_tracker_lag {
        all.push(format!(
            "the tracker itself is {own} records behind: its answers are old"
        ));
    }
    all
}

fn down(group: &Value) -> bool {
    let members = group["members"].as_array().map_or(0, Vec::len);
    members == 0
}

fn tracker_lag(answer: &Value) -> Option<i64> {
    answer["tracker_lag"]
        .as_i64()
        .or_else(|| answer["tracker"]["lag"].as_i64())
}

fn print(workflows: &Value, groups: &Value, problems: &[String]) {
    let mut rows = table(["GROUP", "STATE", "MEMBERS", "BEHIND", "BY TIME"]);
    for group in items(groups, "groups") {
        let members = group["members"].as_array().map_or(0, Vec::len);
        let behind = group["lag_ms"].as_i64().map(length).unwrap_or_default();
        let state = if down(group) {
            "DOWN".to_owned()
        } else {
            text(&group["state"])
        };
        rows.add_row([
            text(&group["name"]),
            state,
            members.to_string(),
            text(&group["lag"]),
            behind,
        ]);
    }
    println!("{rows}\n");
    let mut rows = table(["WORKFLOW", "VERSION", "INSTANCES"]);
    for workflow in items(workflows, "workflows") {
        let counts = workflow["statuses"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(status, count)| format!("{count} {status}"));
        rows.add_row([
            text(&workflow["name"]),
            text(&workflow["version"]),
            counts.collect::<Vec<_>>().join(", "),
        ]);
    }
    println!("{rows}\n");
    if let Some(lag) = tracker_lag(groups).or_else(|| tracker_lag(workflows)) {
        println!("tracker: {lag} records behind");
    }
    match problems {
        [] => println!("healthy"),
        some => some
            .iter()
            .for_each(|problem| println!("PROBLEM  {problem}")),
    }
}
