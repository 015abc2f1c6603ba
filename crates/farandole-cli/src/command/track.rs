//! `farandole track`: the tracker's answers on the terminal.

use std::time::Duration;

use farandole_runtime::Shutdown;
use serde_json::Value;

use super::events::time;
use crate::error::CliError;
use crate::table::{length, plain, table};
use crate::tracker::Tracker;

/// How often `watch` asks.
const EVERY: Duration = Duration::from_secs(1);

/// Flags of `farandole track`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
    #[command(flatten)]
    tracker: crate::cli::TrackerAt,
    #[command(flatten)]
    output: crate::cli::Output,
}

#[derive(Clone, Debug, clap::Subcommand)]
enum What {
    /// List instances, the latest first
    Ls(Ls),
    /// One instance: timeline, what it waits for, how far it is
    Show {
        /// Correlation id, workflow:key, or key
        instance: String,
    },
    /// Why an instance does not go on, and what would move it; exit code 1 when it is stuck
    Why {
        /// Correlation id, workflow:key, or key
        instance: String,
    },
    /// Show an instance's timeline as it grows, until it has ended; exit code 1 when it failed
    Watch {
        /// Correlation id, workflow:key, or key
        instance: String,
    },
}

#[derive(Clone, Debug, clap::Args)]
struct Ls {
    /// Only of this workflow
    #[arg(long)]
    workflow: Option<String>,
    /// Only with this status: running, stuck, completed, failed, …
    #[arg(long)]
    status: Option<String>,
    /// Only those waiting at this step
    #[arg(long)]
    step: Option<String>,
    /// Only with this key
    #[arg(long)]
    key: Option<String>,
    /// Only of this version
    #[arg(long = "workflow-version", value_name = "N")]
    version: Option<u32>,
    /// Only with this flag: deviated, orphan, late, truncated, dead-lettered
    #[arg(long)]
    flag: Option<String>,
    /// Only of this tenant
    #[arg(long)]
    tenant: Option<String>,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: u32,
    /// Go on where a list ended (its `next_cursor`)
    #[arg(long)]
    cursor: Option<String>,
}

/// Asks the tracker and shows its answer.
///
/// # Errors
/// The tracker can't be reached or knows no such instance.
pub async fn run(args: Args) -> Result<u8, CliError> {
    let tracker = Tracker::at(&args.tracker.url)?;
    let as_json = args.output.is_json();
    match args.what {
        What::Ls(ls) => list(&tracker, &ls, as_json).await,
        What::Show { instance } => {
            let answer = tracker.get(&["instances", &instance], &[]).await?;
            show(&answer, as_json, print_instance);
            Ok(0)
        }
        What::Why { instance } => {
            let answer = tracker.get(&["instances", &instance, "why"], &[]).await?;
            show(&answer, as_json, print_why);
            let stuck = answer["status"] == "stuck";
            Ok(u8::from(stuck))
        }
        What::Watch { instance } => watch(&tracker, &instance, as_json).await,
    }
}

fn show(answer: &Value, as_json: bool, print: fn(&Value)) {
    if as_json {
        println!("{answer}")
    } else {
        print(answer)
    }
}

async fn list(tracker: &Tracker, ls: &Ls, as_json: bool) -> Result<u8, CliError> {
    let mut query = vec![("limit", ls.limit.to_string())];
    let version = ls.version.map(|version| version.to_string());
    for (name, value) in [
        ("workflow", &ls.workflow),
        ("version", &version),
        ("status", &ls.status),
        ("step", &ls.step),
        ("key", &ls.key),
        ("tenant", &ls.tenant),
        ("flag", &ls.flag),
        ("cursor", &ls.cursor),
    ] {
        query.extend(value.clone().map(|value| (name, value)));
    }
    let answer = tracker.get(&["instances"], &query).await?;
    show(&answer, as_json, print_list);
    Ok(0)
}

fn print_list(answer: &Value) {
    let mut rows = table([
        "WORKFLOW",
        "KEY",
        "STATUS",
        "DONE",
        "WAITS FOR",
        "STARTED",
        "CORRELATION",
    ]);
    for one in items(answer, "instances") {
        rows.add_row([
            format!("{} v{}", text(&one["workflow"]), text(&one["version"])),
            text(&one["key"]),
            status_words(one),
            percent(one),
            waits(one),
            time(one["started_ms"].as_i64()),
            text(&one["correlation"]),
        ]);
    }
    println!("{rows}");
    if let Some(next) = answer["next_cursor"].as_str() {
        println!("There are more: --cursor {next}");
    }
}

fn print_instance(one: &Value) {
    println!(
        "{} v{}  {}",
        text(&one["workflow"]),
        text(&one["version"]),
        text(&one["key"])
    );
    println!("correlation  {}", text(&one["correlation"]));
    println!("status       {}  {}", status_words(one), percent(one));
    if !waits(one).is_empty() {
        println!("waits for    {}", waits(one));
    }
    if let Some(end) = one["ended"]["event"].as_str() {
        println!(
            "ended by     {} at {}",
            plain(end),
            position(&one["ended"]["position"])
        );
    }
    for other in items(one, "other_runs") {
        println!("other run    {}", text(other));
    }
    for deviation in items(one, "deviations") {
        println!(
            "deviation    {} at {}",
            text(&deviation["explanation"]),
            position(&deviation["position"])
        );
    }
    println!();
    print_timeline(items(one, "timeline"), one["started_ms"].as_i64());
    let remaining: Vec<_> = items(one, "remaining")
        .chain(items(&one["progress"], "remaining"))
        .map(|step| text(&step["step"]))
        .collect();
    if !remaining.is_empty() {
        println!("\nstill to come  {}", remaining.join(", "));
    }
}

fn print_timeline<'a>(entries: impl Iterator<Item = &'a Value>, from: Option<i64>) {
    let mut rows = table(["AT", "AFTER", "", "EVENT", "STEP", "BY", "WHERE"]);
    for entry in entries {
        rows.add_row(timeline_row(entry, from));
    }
    println!("{rows}");
}

fn timeline_row(entry: &Value, from: Option<i64>) -> [String; 7] {
    let at = entry["at_ms"].as_i64();
    let after = at
        .zip(from)
        .map(|(at, from)| format!("+{}", length(at - from)))
        .unwrap_or_default();
    [
        time(at),
        after,
        text(&entry["kind"]),
        text(&entry["event"]),
        text(&entry["step"]),
        text(&entry["participant"]),
        position(&entry["position"]),
    ]
}

fn print_why(answer: &Value) {
    println!(
        "{}  {}  {}",
        text(&answer["workflow"]),
        text(&answer["key"]),
        status_words(answer)
    );
    if !waits(answer).is_empty() {
        println!("waits for {}", waits(answer));
    }
    let mut reasons = items(answer, "why").peekable();
    if reasons.peek().is_none() {
        println!("nothing holds it up");
    }
    reasons.for_each(print_reason);
}

fn print_reason(reason: &Value) {
    println!("\n{}: {}", text(&reason["reason"]), text(&reason["detail"]));
    let line = |label: &str, value: String| {
        if !value.is_empty() {
            println!("  {label:<17} {value}");
        }
    };
    line(
        "step",
        format!(
            "{} of {}",
            text(&reason["step"]),
            text(&reason["participant"])
        ),
    );
    line(
        "trigger",
        format!(
            "{} at {}[{}]@{}",
            text(&reason["event"]),
            text(&reason["topic"]),
            reason["partition"],
            reason["offset"]
        ),
    );
    line("committed offset", text(&reason["committed"]));
    line("records ahead", text(&reason["ahead"]));
    line("attempts", text(&reason["attempts"]));
    line(
        "next try",
        reason["next_try_ms"]
            .as_i64()
            .map(|at| time(Some(at)))
            .unwrap_or_default(),
    );
    line("dead letter", position(&reason["dead_letter"]));
    let since = reason["since_ms"].as_i64().map(|at| {
        format!(
            "{} ({})",
            time(Some(at)),
            length(farandole_runtime::now_ms() - at)
        )
    });
    line("since", since.unwrap_or_default());
    line("would move it", text(&reason["command"]));
}

async fn watch(tracker: &Tracker, instance: &str, as_json: bool) -> Result<u8, CliError> {
    let shutdown = Shutdown::on_signals();
    let mut shown = 0;
    let mut before = String::new();
    loop {
        let answer = tracker.get(&["instances", instance], &[]).await?;
        let timeline: Vec<&Value> = items(&answer, "timeline").collect();
        for entry in timeline.iter().skip(shown) {
            match as_json {
                true => println!("{entry}"),
                false => println!(
                    "{}",
                    timeline_row(entry, answer["started_ms"].as_i64()).join("  ")
                ),
            }
        }
        shown = timeline.len().max(shown);
        let now = status_words(&answer);
        if now != before && !as_json {
            println!("— {now}  {}", waits(&answer));
        }
        before = now;
        match answer["status"].as_str() {
            Some("completed" | "compensated") => return Ok(0),
            Some("failed" | "undo-failed") => return Ok(1),
            _ => {}
        }
        tokio::select! {
            () = shutdown.requested() => return Ok(0),
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

/// The array of this name, or nothing.
pub(crate) fn items<'a>(
    answer: &'a Value,
    name: &str,
) -> impl Iterator<Item = &'a Value> + use<'a> {
    answer[name].as_array().into_iter().flatten()
}

/// A value as words; nothing for null.
pub(crate) fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => plain(text),
        other => plain(&other.to_string()),
    }
}

/// The status and the flags that are set.
fn status_words(one: &Value) -> String {
    std::iter::once(text(&one["status"]))
        .chain(items(one, "flags").map(text))
        .collect::<Vec<_>>()
        .join(", ")
}

fn percent(one: &Value) -> String {
    let percent = one["percent"]
        .as_u64()
        .or_else(|| one["progress"]["percent"].as_u64());
    percent
        .map(|percent| format!("{percent}%"))
        .unwrap_or_default()
}

/// What it waits for and from whom; what may come but need not is left out.
fn waits(one: &Value) -> String {
    let each = items(one, "waits_for")
        .filter(|wait| wait["kind"] != "possible")
        .map(|wait| {
            let events: Vec<_> = items(wait, "events").map(text).collect();
            let what = if events.is_empty() {
                text(&wait["step"])
            } else {
                events.join("|")
            };
            let outside = wait["outside"] == Value::Bool(true) || wait["kind"] == "outside";
            let late = if wait["overdue"] == Value::Bool(true) {
                " (overdue)"
            } else {
                ""
            };
            format!(
                "{what} from {}{}{late}",
                text(&wait["participant"]),
                if outside { " (outside)" } else { "" }
            )
        });
    each.collect::<Vec<_>>().join(", ")
}

fn position(value: &Value) -> String {
    match value {
        Value::Object(_) => format!(
            "{}[{}]@{}",
            text(&value["topic"]),
            value["partition"],
            value["offset"]
        ),
        other => text(other),
    }
}
