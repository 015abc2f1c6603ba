//! Counts over all instances.

use rusqlite::{Connection, named_params, params};
use serde::Serialize;

use super::instances::STATUS;

/// The latest firings that durations are taken from.
const SAMPLE: i64 = 10_000;

/// Instances of a workflow's version in a status.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WorkflowCount {
    /// The workflow; empty where no event names one.
    pub workflow: String,
    /// The version.
    pub version: Option<u32>,
    /// Status, or a flag.
    #[serde(flatten)]
    pub count: Count,
    /// Of these, how many have left their definition.
    pub deviated: i64,
    /// Without their beginning.
    pub orphans: i64,
    /// Records that repeated an event.
    pub repeats: i64,
}

/// How many in a status.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Count {
    /// The status.
    pub status: String,
    /// How many.
    pub instances: i64,
}

/// Instances that wait for a step.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StepCount {
    /// The version.
    pub version: Option<u32>,
    /// The step.
    pub step: String,
    /// Open firings: somebody owes an event.
    pub open: i64,
    /// Of these, past their deadline.
    pub overdue: i64,
    /// Instances that go on when somebody outside takes the step.
    pub outside: i64,
}

/// How long a step takes from its trigger's append time to its output's, in milliseconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Durations {
    /// How many firings this is taken from, the latest ones.
    pub sample: usize,
    /// The median.
    pub p50_ms: i64,
    /// 95 of 100 are at most as long.
    pub p95_ms: i64,
    /// 99 of 100 are at most as long.
    pub p99_ms: i64,
}

/// Who was seen to write what.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SeenCount {
    /// The topic.
    pub topic: String,
    /// The event; empty for records that are no events.
    pub event: String,
    /// Who wrote it.
    pub participant: String,
    /// The schema version.
    pub version: Option<u32>,
    /// How many records.
    pub records: i64,
    /// The last one's append time.
    pub last_ms: i64,
}

/// Records of a partition that are no events.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Trouble {
    /// The topic.
    pub topic: String,
    /// The partition.
    pub partition: i32,
    /// The last such record.
    pub offset: i64,
    /// Why it can't be read.
    pub reason: String,
    /// How many there were.
    pub records: i64,
}

pub(super) fn workflows(
    connection: &Connection,
    now_ms: i64,
) -> rusqlite::Result<Vec<WorkflowCount>> {
    let sql = format!(
        "SELECT workflow, version, {STATUS} AS status, count(*), sum(deviated), sum(orphan OR truncated), sum(repeats)
         FROM instance GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
    );
    let mut query = connection.prepare_cached(&sql)?;
    let rows = query.query_map(named_params! {":now": now_ms}, |row| {
        Ok(WorkflowCount {
            workflow: row.get(0)?,
            version: row.get(1)?,
            count: Count {
                status: row.get(2)?,
                instances: row.get(3)?,
            },
            deviated: row.get(4)?,
            orphans: row.get(5)?,
            repeats: row.get(6)?,
        })
    })?;
    rows.collect()
}

pub(super) fn steps(
    connection: &Connection,
    workflow: &str,
    now_ms: i64,
) -> rusqlite::Result<Vec<StepCount>> {
    let sql = "SELECT version, step, sum(state = 'open'), sum(state = 'open' AND due_ms < ?2), sum(state = 'outside')
        FROM firing WHERE workflow = ?1 AND state <> 'done' GROUP BY 1, 2 ORDER BY 1, 2";
    let mut query = connection.prepare_cached(sql)?;
    let rows = query.query_map(params![workflow, now_ms], |row| {
        Ok(StepCount {
            version: row.get(0)?,
            step: row.get(1)?,
            open: row.get(2)?,
            overdue: row.get::<_, Option<i64>>(3)?.unwrap_or(0),
            outside: row.get(4)?,
        })
    })?;
    rows.collect()
}

pub(super) fn durations(
    connection: &Connection,
    workflow: &str,
    version: u32,
    step: &str,
) -> rusqlite::Result<Option<Durations>> {
    let sql = "SELECT took_ms FROM firing WHERE workflow = ?1 AND version = ?2 AND step = ?3 AND state = 'done' AND took_ms IS NOT NULL
        ORDER BY at_ms DESC LIMIT ?4";
    let mut query = connection.prepare_cached(sql)?;
    let rows = query.query_map(params![workflow, version, step, SAMPLE], |row| row.get(0))?;
    let mut took = rows.collect::<rusqlite::Result<Vec<i64>>>()?;
    took.sort_unstable();
    let at = |percent: usize| {
        took.get((took.len() * percent).div_ceil(100).saturating_sub(1))
            .copied()
    };
    Ok(at(50)
        .zip(at(95))
        .zip(at(99))
        .map(|((p50_ms, p95_ms), p99_ms)| Durations {
            sample: took.len(),
            p50_ms,
            p95_ms,
            p99_ms,
        }))
}

pub(super) fn seen(connection: &Connection) -> rusqlite::Result<Vec<SeenCount>> {
    let sql = "SELECT topic, event, participant, version, records, last_ms FROM seen ORDER BY topic, event, participant, version";
    let mut query = connection.prepare_cached(sql)?;
    let rows = query.query_map([], |row| {
        Ok(SeenCount {
            topic: row.get(0)?,
            event: row.get(1)?,
            participant: row.get(2)?,
            version: Some(row.get(3)?).filter(|version| *version > 0),
            records: row.get(4)?,
            last_ms: row.get(5)?,
        })
    })?;
    rows.collect()
}

pub(super) fn troubles(connection: &Connection) -> rusqlite::Result<Vec<Trouble>> {
    let sql =
        "SELECT topic, partition, offset, reason, records FROM trouble ORDER BY topic, partition";
    let mut query = connection.prepare_cached(sql)?;
    let rows = query.query_map([], |row| {
        Ok(Trouble {
            topic: row.get(0)?,
            partition: row.get(1)?,
            offset: row.get(2)?,
            reason: row.get(3)?,
            records: row.get(4)?,
        })
    })?;
    rows.collect()
}
