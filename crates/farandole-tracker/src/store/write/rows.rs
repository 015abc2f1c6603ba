//! Rows that a batch writes.

use std::collections::BTreeMap;

use farandole_event::Record;
use rusqlite::{Transaction, params};

use super::{
    super::{StepState, Summary, encode},
    tally,
};
use crate::{
    fold::{Home, Reading},
    view::Positions,
};

pub(super) fn record(
    transaction: &Transaction<'_>,
    home: &Home,
    record: &Record,
) -> rusqlite::Result<()> {
    let sql = "INSERT OR IGNORE INTO record (home, topic, partition, offset, at_ms, key, value, headers) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    transaction.prepare_cached(sql)?.execute(params![
        encode::home(home),
        &*record.topic,
        record.partition,
        record.offset,
        record.timestamp_ms,
        record.key,
        record.value,
        encode::headers(&record.headers),
    ])?;
    Ok(())
}

/// Catalog records; says whether one of them changed something.
pub(super) fn entries(
    transaction: &Transaction<'_>,
    readings: &[(&Record, Reading)],
) -> rusqlite::Result<bool> {
    let mut changed = 0;
    for entry in readings
        .iter()
        .filter_map(|(_, reading)| reading.entry.as_ref())
    {
        let sql = "INSERT INTO entry (kind, name, version, content, hash, by, at_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
            ON CONFLICT DO UPDATE SET content = excluded.content, hash = excluded.hash, by = excluded.by, at_ms = excluded.at_ms
            WHERE content <> excluded.content";
        let values = params![
            entry.kind,
            entry.name,
            entry.version,
            entry.content,
            entry.hash,
            entry.by,
            entry.at_ms
        ];
        changed += transaction.prepare_cached(sql)?.execute(values)?;
    }
    Ok(changed > 0)
}

pub(super) fn tallies(
    transaction: &Transaction<'_>,
    readings: &[(&Record, Reading)],
) -> rusqlite::Result<()> {
    for ((topic, seen), (records, last_ms)) in tally(readings) {
        let sql = "INSERT INTO seen (topic, event, participant, version, records, last_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
            ON CONFLICT DO UPDATE SET records = records + excluded.records, last_ms = max(last_ms, excluded.last_ms)";
        // No version is 0: versions begin at 1, and a key column can't be null.
        let values = params![
            topic,
            seen.event,
            seen.participant,
            seen.version.unwrap_or(0),
            records,
            last_ms
        ];
        transaction.prepare_cached(sql)?.execute(values)?;
    }
    for (record, reason) in readings
        .iter()
        .filter_map(|(record, reading)| Some((record, reading.unreadable.as_ref()?)))
    {
        let sql = "INSERT INTO trouble (topic, partition, offset, reason, records) VALUES (?1, ?2, ?3, ?4, 1)
            ON CONFLICT DO UPDATE SET offset = excluded.offset, reason = excluded.reason, records = records + 1";
        transaction.prepare_cached(sql)?.execute(params![
            &*record.topic,
            record.partition,
            record.offset,
            reason
        ])?;
    }
    Ok(())
}

/// Writes the offsets that have moved.
pub(super) fn offsets(
    transaction: &Transaction<'_>,
    before: &Positions,
    after: &Positions,
) -> rusqlite::Result<()> {
    for (of, next) in after
        .iter()
        .filter(|(of, next)| before.get(of) != Some(next))
    {
        let sql = "INSERT INTO partition (topic, partition, first, next) VALUES (?1, ?2, 0, ?3)
            ON CONFLICT DO UPDATE SET next = excluded.next";
        transaction
            .prepare_cached(sql)?
            .execute(params![of.0, of.1, next])?;
    }
    Ok(())
}

/// Writes a summary, and of its steps those that differ from what the file has.
pub(super) fn summary(
    transaction: &Transaction<'_>,
    correlation: &str,
    summary: &Summary,
    written: Option<&Summary>,
) -> rusqlite::Result<()> {
    if written == Some(summary) {
        return Ok(());
    }
    instance(transaction, correlation, summary)?;
    let none = BTreeMap::new();
    let known = match written {
        Some(written)
            if (&written.workflow, written.version) == (&summary.workflow, summary.version) =>
        {
            for (step, cause) in written
                .steps
                .keys()
                .filter(|of| !summary.steps.contains_key(*of))
            {
                let sql = "DELETE FROM firing WHERE correlation = ?1 AND step = ?2 AND cause = ?3";
                transaction
                    .prepare_cached(sql)?
                    .execute(params![correlation, step, cause])?;
            }
            &written.steps
        }
        _ => {
            transaction
                .prepare_cached("DELETE FROM firing WHERE correlation = ?1")?
                .execute([correlation])?;
            &none
        }
    };
    for (of, state) in summary
        .steps
        .iter()
        .filter(|(of, state)| known.get(*of) != Some(state))
    {
        firing(transaction, correlation, summary, of, state)?;
    }
    Ok(())
}

fn instance(
    transaction: &Transaction<'_>,
    correlation: &str,
    summary: &Summary,
) -> rusqlite::Result<()> {
    let sql = "INSERT OR REPLACE INTO instance (correlation, workflow, version, definition, key, tenant, base, blocked, due_ms,
        deviated, orphan, late, truncated, dead_lettered, percent, started_ms, last_ms, ended_ms, events, repeats)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20)";
    let [deviated, orphan, late, truncated, dead_lettered] = summary.flags;
    transaction.prepare_cached(sql)?.execute(params![
        correlation,
        summary.workflow,
        summary.version,
        summary.definition,
        summary.key,
        summary.tenant,
        summary.base,
        summary.blocked,
        summary.due_ms,
        deviated,
        orphan,
        late,
        truncated,
        dead_lettered,
        summary.percent,
        summary.started_ms,
        summary.last_ms,
        summary.ended_ms,
        count(summary.events),
        count(summary.repeats),
    ])?;
    Ok(())
}

fn firing(
    transaction: &Transaction<'_>,
    correlation: &str,
    summary: &Summary,
    of: &(String, String),
    state: &StepState,
) -> rusqlite::Result<()> {
    let sql = "INSERT OR REPLACE INTO firing (correlation, step, cause, participant, workflow, version, state, at_ms, due_ms, took_ms)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
    transaction.prepare_cached(sql)?.execute(params![
        correlation,
        of.0,
        of.1,
        state.participant,
        summary.workflow,
        summary.version,
        state.state,
        state.at_ms,
        state.due_ms,
        state.took_ms,
    ])?;
    Ok(())
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
