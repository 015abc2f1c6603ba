//! Trips in the database. What is searched for has a column; the rest is one JSON text.

use rusqlite::{Connection, OptionalExtension, params, params_from_iter};
use uuid::Uuid;

use crate::error::TripError;
use crate::status::Status;
use crate::trip::Trip;

/// The table, for [`farandole_outbox::Outbox::open`].
pub(crate) const TABLES: &str = "
CREATE TABLE IF NOT EXISTS trips (
    trip_id  TEXT    PRIMARY KEY,
    rider_id TEXT    NOT NULL,
    status   TEXT    NOT NULL,
    due_at   INTEGER,                 -- ms since the epoch: when the trip acts by itself
    changed  INTEGER NOT NULL UNIQUE, -- number of the last change; grows over all trips
    trip     TEXT    NOT NULL         -- everything, as JSON
) STRICT;
CREATE INDEX IF NOT EXISTS trips_due    ON trips (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS trips_status ON trips (status, changed);
CREATE INDEX IF NOT EXISTS trips_rider  ON trips (rider_id, changed);";

/// Which trips to list.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only in this state.
    pub status: Option<Status>,
    /// Only of this rider.
    pub rider_id: Option<String>,
    /// Only changes after this number.
    pub after: i64,
    /// At most so many.
    pub limit: u32,
}

/// One page of a list.
#[derive(Clone, Debug)]
pub struct Page {
    /// In the order of their last change.
    pub trips: Vec<Trip>,
    /// Number of the last change on this page.
    pub last: i64,
    /// Whether there is more by now.
    pub more: bool,
}

pub(crate) fn load(db: &Connection, trip_id: Uuid) -> Result<Option<Trip>, TripError> {
    let text: Option<String> = db
        .prepare_cached("SELECT trip FROM trips WHERE trip_id = ?1")?
        .query_row([trip_id.to_string()], |row| row.get(0))
        .optional()?;
    text.map(|text| read(&trip_id.to_string(), &text))
        .transpose()
}

/// Writes a trip under a new number of change. Must happen inside a writing transaction, so that numbers are given in the order of commits.
pub(crate) fn save(db: &Connection, trip: &Trip) -> Result<(), TripError> {
    let trip_id = trip.trip_id.to_string();
    let text = serde_json::to_string(trip).map_err(|source| TripError::Unreadable {
        trip_id: trip_id.clone(),
        source,
    })?;
    db.prepare_cached(
        "INSERT INTO trips (trip_id, rider_id, status, due_at, trip, changed)
         VALUES (?1, ?2, ?3, ?4, ?5, (SELECT coalesce(max(changed), 0) + 1 FROM trips))
         ON CONFLICT (trip_id) DO UPDATE SET
             status = excluded.status, due_at = excluded.due_at, trip = excluded.trip, changed = excluded.changed",
    )?
    .execute(params![trip_id, trip.request.rider_id, trip.status.name(), trip.due_at_ms(), text])?;
    Ok(())
}

/// The trips that have something to do by now, the longest due first.
pub(crate) fn due(db: &Connection, now_ms: i64, limit: u32) -> Result<Vec<Trip>, TripError> {
    db.prepare_cached(
        "SELECT trip_id, trip FROM trips WHERE due_at <= ?1 ORDER BY due_at LIMIT ?2",
    )?
    .query_map(params![now_ms, limit], |row| Ok((row.get(0)?, row.get(1)?)))?
    .map(|row| {
        row.map_err(TripError::from)
            .and_then(|(id, text): (String, String)| read(&id, &text))
    })
    .collect()
}

/// When the next trip has something to do.
pub(crate) fn next_due(db: &Connection) -> Result<Option<i64>, TripError> {
    Ok(db
        .prepare_cached("SELECT min(due_at) FROM trips WHERE due_at IS NOT NULL")?
        .query_row([], |row| row.get(0))?)
}

/// A page of trips in the order of their last change: who follows the pages to the end, and comes back with the last number, sees
/// every trip that changes.
pub(crate) fn list(db: &Connection, filter: &Filter) -> Result<Page, TripError> {
    let mut sql = "SELECT trip_id, changed, trip FROM trips WHERE changed > ?1".to_owned();
    let mut values: Vec<rusqlite::types::Value> = vec![filter.after.into()];
    if let Some(status) = filter.status {
        sql.push_str(" AND status = ?");
        values.push(status.name().to_owned().into());
    }
    if let Some(rider_id) = &filter.rider_id {
        sql.push_str(" AND rider_id = ?");
        values.push(rider_id.clone().into());
    }
    sql.push_str(" ORDER BY changed LIMIT ?");
    values.push((i64::from(filter.limit) + 1).into());
    let rows: Vec<(String, i64, String)> = db
        .prepare_cached(&sql)?
        .query_map(params_from_iter(values), |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })?
        .collect::<Result<_, _>>()?;
    let more = rows.len() > filter.limit as usize;
    let shown = &rows[..rows.len().min(filter.limit as usize)];
    let trips = shown
        .iter()
        .map(|(id, _, text)| read(id, text))
        .collect::<Result<_, _>>()?;
    Ok(Page {
        trips,
        last: shown
            .last()
            .map_or(filter.after, |(_, changed, _)| *changed),
        more,
    })
}

fn read(trip_id: &str, text: &str) -> Result<Trip, TripError> {
    serde_json::from_str(text).map_err(|source| TripError::Unreadable {
        trip_id: trip_id.to_owned(),
        source,
    })
}
