//! `farandole track`: the tracker's answers on the terminal.

mod show;

use std::time::Duration;

use farandole_runtime::Shutdown;
use serde_json::Value;

pub(crate) use show::{items, text};

use crate::error::CliError;
use crate::say::say;
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
            answer_with(&answer, as_json, show::instance);
            Ok(0)
        }
        What::Why { instance } => {
            let answer = tracker.get(&["instances", &instance, "why"], &[]).await?;
            answer_with(&answer, as_json, show::why);
            let stuck = answer["status"] == "stuck";
            Ok(u8::from(stuck))
        }
        What::Watch { instance } => watch(&tracker, &instance, as_json).await,
    }
}

fn answer_with(answer: &Value, as_json: bool, print: fn(&Value)) {
    if as_json {
        say!("{answer}")
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
    answer_with(&answer, as_json, show::list);
    Ok(0)
}

async fn watch(tracker: &Tracker, instance: &str, as_json: bool) -> Result<u8, CliError> {
    let shutdown = Shutdown::on_signals();
    let mut shown = 0;
    let mut before = String::new();
    loop {
        let answer = tracker.get(&["instances", instance], &[]).await?;
        let timeline: Vec<&Value> = show::items(&answer, "timeline").collect();
        for entry in timeline.iter().skip(shown) {
            match as_json {
                true => say!("{entry}"),
                false => say!(
                    "{}",
                    show::timeline_row(entry, answer["started_ms"].as_i64()).join("  ")
                ),
            }
        }
        shown = timeline.len().max(shown);
        let now = show::status_words(&answer);
        if now != before && !as_json {
            say!("— {now}  {}", show::waits(&answer));
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
