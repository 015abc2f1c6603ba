//! `farandole status`: one screen, and an exit code.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::track::{items, text};
use crate::error::CliError;
use crate::say::say;
use crate::table::table;
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

/// What the tracker says.
struct Answers {
    workflows: Value,
    groups: Value,
    /// Everybody who takes part in the newest version of a workflow.
    participants: BTreeSet<String>,
}

/// Shows one screen; 1 when something is wrong.
///
/// # Errors
/// The tracker can't be reached.
pub async fn run(args: Args) -> Result<u8, CliError> {
    let answers = ask(&Tracker::at(&args.tracker.url)?).await?;
    let problems = problems(&answers, &args);
    if args.output.is_json() {
        let Answers {
            workflows, groups, ..
        } = answers;
        say!(
            "{}",
            json!({"healthy": problems.is_empty(), "problems": problems, "workflows": workflows["workflows"], "groups": groups["groups"], "as_of": groups["as_of"]})
        );
    } else {
        print(&answers, &problems);
    }
    Ok(u8::from(!problems.is_empty()))
}

async fn ask(tracker: &Tracker) -> Result<Answers, CliError> {
    let workflows = tracker.get(&["workflows"], &[]).await?;
    let groups = tracker.get(&["groups"], &[]).await?;
    let mut participants = BTreeSet::new();
    for workflow in items(&workflows, "workflows").filter(|workflow| workflow["declared"] == true) {
        let one = tracker
            .get(&["workflows", &text(&workflow["name"])], &[])
            .await?;
        let newest =
            items(&one, "definitions").max_by_key(|definition| definition["version"].as_i64());
        participants.extend(
            newest
                .into_iter()
                .flat_map(|newest| items(newest, "steps"))
                .filter(|step| !from_outside(step))
                .map(|step| text(&step["participant"])),
        );
    }
    Ok(Answers {
        workflows,
        groups,
        participants,
    })
}

/// External steps need no consumer group.
fn from_outside(step: &Value) -> bool {
    step["start"]
        .as_str()
        .is_some_and(|start| start.starts_with("external"))
}

fn problems(answers: &Answers, args: &Args) -> Vec<String> {
    let mut all = Vec::new();
    if answers.groups["known"] == false {
        all.push(format!(
            "the tracker can't ask the brokers: {}",
            text(&answers.groups["as_of"]["offsets_trouble"])
        ));
    }
    for group in items(&answers.groups, "groups") {
        let (name, lag) = (text(&group["group"]), group["lag"].as_i64().unwrap_or(0));
        if members(group) == 0 {
            all.push(format!(
                "{name} is down: its group has no member and is {lag} records behind"
            ));
        } else if lag > args.max_lag {
            all.push(format!("{name} is {lag} records behind"));
        }
    }
    let known: BTreeSet<String> = items(&answers.groups, "groups")
        .map(|group| text(&group["group"]))
        .collect();
    if answers.groups["known"] == true {
        all.extend(
            answers
                .participants
                .difference(&known)
                .map(|name| format!("{name} has never run here: it has no consumer group")),
        );
    }
    for workflow in items(&answers.workflows, "workflows") {
        for status in ["stuck", "failing", "undo-failed"] {
            let count = workflow["statuses"][status].as_i64().unwrap_or(0);
            if count > 0 {
                let name = text(&workflow["name"]);
                all.push(format!("{count} instances of {name} are {status}: farandole track ls --workflow {name} --status {status}"));
            }
        }
    }
    let own = behind(&answers.groups).unwrap_or(0);
    if own > args.max_tracker_lag {
        all.push(format!(
            "the tracker itself is {own} records behind: its answers are old"
        ));
    }
    all
}

fn members(group: &Value) -> usize {
    group["members"].as_array().map_or(0, Vec::len)
}

/// Records that the tracker has not read yet.
fn behind(answer: &Value) -> Option<i64> {
    answer["as_of"]["behind"].as_i64()
}

fn print(answers: &Answers, problems: &[String]) {
    let mut rows = table(["PARTICIPANT", "GROUP", "MEMBERS", "BEHIND"]);
    for group in items(&answers.groups, "groups") {
        let state = if members(group) == 0 {
            "DOWN".to_owned()
        } else {
            text(&group["state"])
        };
        rows.add_row([
            text(&group["group"]),
            state,
            members(group).to_string(),
            text(&group["lag"]),
        ]);
    }
    say!("{rows}\n");
    let mut rows = table(["WORKFLOW", "VERSION", "INSTANCES"]);
    for workflow in items(&answers.workflows, "workflows") {
        let statuses = workflow["statuses"].as_object().into_iter().flatten();
        let counts = statuses
            .filter(|(_, count)| count.as_i64() != Some(0))
            .map(|(status, count)| format!("{count} {status}"));
        rows.add_row([
            text(&workflow["name"]),
            text(&workflow["newest_version"]),
            counts.collect::<Vec<_>>().join(", "),
        ]);
    }
    say!("{rows}\n");
    match behind(&answers.groups) {
        Some(behind) => say!("The tracker is {behind} records behind."),
        None => say!("How far the tracker is behind is unknown."),
    }
    match problems {
        [] => say!("Healthy."),
        some => some.iter().for_each(|problem| say!("PROBLEM  {problem}")),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Main {
        #[command(flatten)]
        args: Args,
    }

    fn found(group: Value, statuses: Value, behind: i64) -> Vec<String> {
        let answers = Answers {
            workflows: json!({"workflows": [{"name": "trip", "declared": true, "statuses": statuses}]}),
            groups: json!({"known": true, "groups": [group], "as_of": {"behind": behind}}),
            participants: BTreeSet::from(["notification".to_owned()]),
        };
        problems(&answers, &Main::parse_from(["x"]).args)
    }

    fn group(name: &str, members: usize, lag: i64) -> Value {
        json!({"group": name, "state": "Stable", "members": vec![json!({}); members], "lag": lag})
    }

    #[test]
    fn all_is_well_when_everybody_runs_and_nothing_is_stuck() {
        assert!(
            found(
                group("notification", 1, 3),
                json!({"running": 4, "stuck": 0}),
                0
            )
            .is_empty()
        );
    }

    #[test]
    fn each_kind_of_trouble_is_a_problem() {
        for (group, statuses, behind, words) in [
            (
                group("notification", 0, 12),
                json!({}),
                0,
                "notification is down: its group has no member and is 12",
            ),
            (
                group("notification", 1, 20_000),
                json!({}),
                0,
                "20000 records behind",
            ),
            (
                group("other", 1, 0),
                json!({}),
                0,
                "notification has never run here",
            ),
            (
                group("notification", 1, 0),
                json!({"stuck": 2}),
                0,
                "2 instances of trip are stuck",
            ),
            (
                group("notification", 1, 0),
                json!({}),
                50_000,
                "the tracker itself is 50000",
            ),
        ] {
            let found = found(group, statuses, behind);
            assert!(
                found.len() == 1 && found[0].contains(words),
                "expected {words:?}: {found:?}"
            );
        }
    }
}
