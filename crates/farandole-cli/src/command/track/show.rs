//! Answers of the tracker as people read them.

use serde_json::Value;

use crate::command::events::time;
use crate::say::say;
use crate::table::{length, plain, table};

pub(super) fn list(answer: &Value) {
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
    say!("{rows}");
    if let Some(next) = answer["next_cursor"].as_str() {
        say!("There are more: --cursor {next}");
    }
}

pub(super) fn instance(one: &Value) {
    say!(
        "{} v{}  {}",
        text(&one["workflow"]),
        text(&one["version"]),
        text(&one["key"])
    );
    say!("correlation  {}", text(&one["correlation"]));
    say!("status       {}  {}", status_words(one), percent(one));
    if !waits(one).is_empty() {
        say!("waits for    {}", waits(one));
    }
    if let Some(end) = one["ended"]["event"].as_str() {
        say!(
            "ended by     {} at {}",
            plain(end),
            position(&one["ended"]["position"])
        );
    }
    for other in items(one, "other_runs") {
        say!("other run    {}", text(other));
    }
    for deviation in items(one, "deviations") {
        say!(
            "deviation    {} at {}",
            text(&deviation["explanation"]),
            position(&deviation["position"])
        );
    }
    say!();
    print_timeline(items(one, "timeline"), one["started_ms"].as_i64());
    let remaining: Vec<_> = items(one, "remaining")
        .chain(items(&one["progress"], "remaining"))
        .map(|step| text(&step["step"]))
        .collect();
    if !remaining.is_empty() {
        say!("\nstill to come  {}", remaining.join(", "));
    }
}

fn print_timeline<'a>(entries: impl Iterator<Item = &'a Value>, from: Option<i64>) {
    let mut rows = table(["AT", "AFTER", "", "EVENT", "STEP", "BY", "WHERE"]);
    for entry in entries {
        rows.add_row(timeline_row(entry, from));
    }
    say!("{rows}");
}

pub(super) fn timeline_row(entry: &Value, from: Option<i64>) -> [String; 7] {
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

pub(super) fn why(answer: &Value) {
    say!(
        "{}  {}  {}",
        text(&answer["workflow"]),
        text(&answer["key"]),
        status_words(answer)
    );
    if !waits(answer).is_empty() {
        say!("waits for {}", waits(answer));
    }
    let mut reasons = items(answer, "why").peekable();
    if reasons.peek().is_none() {
        say!("nothing holds it up");
    }
    reasons.for_each(print_reason);
}

fn print_reason(reason: &Value) {
    say!("\n{}: {}", text(&reason["reason"]), text(&reason["detail"]));
    let line = |label: &str, value: String| {
        if !value.is_empty() {
            say!("  {label:<17} {value}");
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
pub(super) fn status_words(one: &Value) -> String {
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
pub(super) fn waits(one: &Value) -> String {
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
