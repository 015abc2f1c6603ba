//! Lists of instances.

use rusqlite::{Connection, ToSql};
use serde::Serialize;

use super::Cursor;
use crate::view::Status;

/// Which instances, and how many.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter {
    /// Of this workflow.
    pub workflow: Option<String>,
    /// Of this version.
    pub version: Option<u32>,
    /// In this status now.
    pub status: Option<Status>,
    /// Waiting for this step, of a participant or from outside.
    pub step: Option<String>,
    /// With this key.
    pub key: Option<String>,
    /// Of this tenant.
    pub tenant: Option<String>,
    /// With an event at or after this time, milliseconds since the Unix epoch.
    pub since_ms: Option<i64>,
    /// With this flag: `deviated`, `orphan`, `late`, `truncated` or `dead-lettered`.
    pub flag: Option<String>,
    /// After this one.
    pub after: Option<Cursor>,
    /// At most so many.
    pub limit: usize,
}

/// One page of a list, latest start first.
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    /// The instances.
    pub rows: Vec<Row>,
    /// Where the next page begins; `None` after the last.
    pub next: Option<Cursor>,
}

/// An instance in a list.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// The correlation id.
    pub correlation: String,
    /// The workflow; empty where no event names one.
    pub workflow: String,
    /// The version it began with.
    pub version: Option<u32>,
    /// Its key.
    pub key: Option<String>,
    /// Its tenant.
    pub tenant: Option<String>,
    /// Its status.
    pub status: Status,
    /// Its flags.
    pub flags: Vec<&'static str>,
    /// Percent done.
    pub percent: Option<u8>,
    /// First append time, milliseconds since the Unix epoch.
    pub started_ms: i64,
    /// Last append time.
    pub last_ms: i64,
    /// Append time of the end.
    pub ended_ms: Option<i64>,
    /// The next deadline of an open firing.
    pub due_ms: Option<i64>,
    /// Different events.
    pub events: i64,
    /// Identical repeats.
    pub repeats: i64,
    /// What it waits for.
    pub waits_for: Vec<Waiting>,
}

/// A step that a listed instance waits for.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Waiting {
    /// The step.
    pub step: String,
    /// Who does it.
    pub participant: String,
    /// Whether somebody outside acts.
    pub outside: bool,
    /// Since when.
    pub since_ms: i64,
    /// The deadline.
    pub due_ms: Option<i64>,
    /// Whether it has passed.
    pub overdue: bool,
}

/// The flags in the order of [`super::Summary::flags`].
pub(crate) const FLAGS: [&str; 5] = ["deviated", "orphan", "late", "truncated", "dead-lettered"];

/// The status as SQL; needs `:now`.
pub(super) const STATUS: &str = "CASE WHEN base <> 'running' THEN base WHEN blocked OR due_ms < :now THEN 'stuck' ELSE 'running' END";

pub(super) fn page(
    connection: &Connection,
    filter: &Filter,
    now_ms: i64,
) -> rusqlite::Result<Page> {
    let mut conditions = vec!["1".to_owned()];
    let mut values: Vec<(&str, &dyn ToSql)> = vec![(":now", &now_ms)];
    let status = filter.status.map(Status::as_str);
    if let Some(status) = status {
        // Spelt out so that the index on `base` helps.
        conditions.push(match status {
            "running" => {
                "base = 'running' AND NOT blocked AND (due_ms IS NULL OR due_ms >= :now)".to_owned()
            }
            "stuck" => "base = 'running' AND (blocked OR due_ms < :now)".to_owned(),
            ended => format!("base = '{ended}'"),
        });
    }
    if let Some(flag) = filter.flag.as_deref().filter(|flag| FLAGS.contains(flag)) {
        conditions.push(format!("{} = 1", flag.replace('-', "_")));
    }
    let step = filter.step.as_ref();
    let named: [(&str, &'static str, Option<&dyn ToSql>); 6] = [
        (
            "workflow = :workflow",
            ":workflow",
            filter.workflow.as_ref().map(|value| value as &dyn ToSql),
        ),
        (
            "version = :version",
            ":version",
            filter.version.as_ref().map(|value| value as &dyn ToSql),
        ),
        (
            "key = :key",
            ":key",
            filter.key.as_ref().map(|value| value as &dyn ToSql),
        ),
        (
            "tenant = :tenant",
            ":tenant",
            filter.tenant.as_ref().map(|value| value as &dyn ToSql),
        ),
        (
            "last_ms >= :since",
            ":since",
            filter.since_ms.as_ref().map(|value| value as &dyn ToSql),
        ),
        (
            "EXISTS (SELECT 1 FROM firing f WHERE f.correlation = instance.correlation AND f.step = :step AND f.state <> 'done')",
            ":step",
            step.map(|value| value as &dyn ToSql),
        ),
    ];
    for (condition, name, value) in named {
        if let Some(value) = value {
            conditions.push(condition.to_owned());
            values.push((name, value));
        }
    }
    if let Some(after) = &filter.after {
        conditions.push(
            "(started_ms < :after OR (started_ms = :after AND correlation > :last))".to_owned(),
        );
        values.push((":after", &after.started_ms));
        values.push((":last", &after.correlation));
    }
    let limit = i64::try_from(filter.limit.saturating_add(1)).unwrap_or(i64::MAX);
    values.push((":limit", &limit));
    let sql = format!(
        "SELECT correlation, workflow, version, key, tenant, {STATUS}, percent, started_ms, last_ms, ended_ms, due_ms, events,
         repeats, deviated, orphan, late, truncated, dead_lettered
         FROM instance WHERE {} ORDER BY started_ms DESC, correlation LIMIT :limit",
        conditions.join(" AND ")
    );
    let mut query = connection.prepare_cached(&sql)?;
    let rows = query.query_map(values.as_slice(), row)?;
    let mut rows = rows.collect::<rusqlite::Result<Vec<Row>>>()?;
    let more = rows.len() > filter.limit;
    rows.truncate(filter.limit);
    for row in &mut rows {
        row.waits_for = waits_for(connection, &row.correlation, now_ms)?;
    }
    let last = rows.last().filter(|_| more);
    let next = last.map(|row| Cursor {
        started_ms: row.started_ms,
        correlation: row.correlation.clone(),
    });
    Ok(Page { rows, next })
}

fn row(row: &rusqlite::Row<'_>) -> rusqlite::Result<Row> {
    let mut flags = Vec::new();
    for (at, flag) in FLAGS.into_iter().enumerate() {
        if row.get(13 + at)? {
            flags.push(flag);
        }
    }
    let status: String = row.get(5)?;
    Ok(Row {
        correlation: row.get(0)?,
        workflow: row.get(1)?,
        version: row.get(2)?,
        key: row.get(3)?,
        tenant: row.get(4)?,
        status: Status::parse(&status).unwrap_or(Status::Running),
        flags,
        percent: row.get(6)?,
        started_ms: row.get(7)?,
        last_ms: row.get(8)?,
        ended_ms: row.get(9)?,
        due_ms: row.get(10)?,
        events: row.get(11)?,
        repeats: row.get(12)?,
        waits_for: vec![],
    })
}

fn waits_for(
    connection: &Connection,
    correlation: &str,
    now_ms: i64,
) -> rusqlite::Result<Vec<Waiting>> {
    let sql = "SELECT step, participant, state, at_ms, due_ms FROM firing WHERE correlation = ?1 AND state <> 'done' ORDER BY at_ms, step";
    let mut query = connection.prepare_cached(sql)?;
    let rows = query.query_map([correlation], |row| {
        let (state, due_ms): (String, Option<i64>) = (row.get(2)?, row.get(4)?);
        Ok(Waiting {
            step: row.get(0)?,
            participant: row.get(1)?,
            outside: state == "outside",
            since_ms: row.get(3)?,
            due_ms,
            overdue: due_ms.is_some_and(|due| due < now_ms),
        })
    })?;
    rows.collect()
}
