//! Query parameters, refused with what would do instead.

use axum::http::Uri;
use farandole_runtime::http::Problem;

use crate::{
    store::{Cursor, FLAGS, Filter},
    view::Status,
};

const DEFAULT_LIMIT: usize = 50;
const MAX_LIMIT: usize = 500;
const NAMES: [&str; 10] = [
    "workflow", "version", "status", "step", "key", "tenant", "since", "flag", "limit", "cursor",
];

/// The filter that a query asks for.
pub(super) fn filter(uri: &Uri) -> Result<Filter, Problem> {
    let mut filter = Filter {
        limit: DEFAULT_LIMIT,
        ..Filter::default()
    };
    let mut given: Vec<String> = Vec::new();
    for (name, value) in pairs(uri.query().unwrap_or_default())? {
        if value.is_empty() {
            continue;
        }
        if given.contains(&name) {
            return Err(Problem::bad_request(format!("{name} is given twice")));
        }
        set(&mut filter, &name, value)?;
        given.push(name);
    }
    Ok(filter)
}

fn set(filter: &mut Filter, name: &str, value: String) -> Result<(), Problem> {
    match name {
        "workflow" => filter.workflow = Some(value),
        "version" => {
            filter.version = Some(
                value
                    .parse()
                    .map_err(|_| wrong("version", "a whole number from 1", &value))?,
            )
        }
        "status" => {
            let status = Status::parse(&value)
                .ok_or_else(|| wrong("status", "running, stuck, completed or failed", &value))?;
            filter.status = Some(status);
        }
        "step" => filter.step = Some(value),
        "key" => filter.key = Some(value),
        "tenant" => filter.tenant = Some(value),
        "since" => filter.since_ms = Some(time(&value)?),
        "flag" if FLAGS.contains(&value.as_str()) => filter.flag = Some(value),
        "flag" => return Err(wrong("flag", &FLAGS.join(", "), &value)),
        "limit" => {
            let limit = value
                .parse()
                .ok()
                .filter(|limit| (1..=MAX_LIMIT).contains(limit));
            filter.limit = limit.ok_or_else(|| {
                wrong(
                    "limit",
                    &format!("a whole number from 1 to {MAX_LIMIT}"),
                    &value,
                )
            })?;
        }
        "cursor" => {
            let cursor = Cursor::parse(&value);
            filter.after =
                Some(cursor.ok_or_else(|| {
                    wrong("cursor", "the next_cursor of an earlier answer", &value)
                })?);
        }
        _ => {
            return Err(Problem::bad_request(format!(
                "there is no parameter {}: known are {}",
                brief(name),
                NAMES.join(", ")
            )));
        }
    }
    Ok(())
}

/// RFC 3339, or milliseconds since the Unix epoch.
fn time(text: &str) -> Result<i64, Problem> {
    let time = text
        .parse()
        .ok()
        .or_else(|| farandole_event::parse_time(text));
    time.ok_or_else(|| {
        wrong(
            "since",
            "a time (2026-01-31T08:00:00Z) or milliseconds since 1970",
            text,
        )
    })
}

fn wrong(name: &str, expected: &str, given: &str) -> Problem {
    Problem::bad_request(format!("{name} is {expected}, not {}", brief(given)))
}

fn brief(text: &str) -> String {
    format!("{:?}", text.chars().take(64).collect::<String>())
}

/// The pairs of a query string, percent-decoded.
fn pairs(query: &str) -> Result<Vec<(String, String)>, Problem> {
    let mut found = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        found.push((decode(name)?, decode(value)?));
    }
    Ok(found)
}

fn decode(text: &str) -> Result<String, Problem> {
    let broken = || Problem::bad_request("the query is not percent-encoded UTF-8");
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || rest.next().and_then(|digit| char::from(digit).to_digit(16));
                let (high, low) = (digit().ok_or_else(broken)?, digit().ok_or_else(broken)?);
                u8::try_from(high * 16 + low).map_err(|_| broken())?
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).map_err(|_| broken())
}
