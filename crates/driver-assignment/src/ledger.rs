//! Which driver is on which trip: the tables that every copy of this service shares, and the small questions and changes
//! that the steps are made of. The schema itself keeps a driver from two trips and a trip from two drivers.

use rusqlite::{Connection, OptionalExtension, params};

/// The tables, for [`farandole_outbox::Outbox::open`].
pub const TABLES: &str = "
CREATE TABLE IF NOT EXISTS drivers (
    driver_id TEXT    PRIMARY KEY,
    trip_id   TEXT    UNIQUE,              -- NULL: free
    leased    INTEGER NOT NULL DEFAULT 0,  -- 0: the trip is offered, 1: the driver has taken it
    lease     INTEGER NOT NULL DEFAULT 0   -- number of the last lease
) STRICT;
CREATE TABLE IF NOT EXISTS ended_trips (
    trip_id TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS refusals (
    trip_id   TEXT NOT NULL,
    driver_id TEXT NOT NULL,
    PRIMARY KEY (trip_id, driver_id)
) STRICT, WITHOUT ROWID;";

/// A driver's tie to a trip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tie {
    pub(crate) driver_id: String,
    pub(crate) leased: bool,
    pub(crate) lease: i64,
}

/// Whether the trip's end was seen.
pub(crate) fn is_over(db: &Connection, trip_id: &str) -> rusqlite::Result<bool> {
    exists(
        db,
        "SELECT 1 FROM ended_trips WHERE trip_id = ?1",
        [trip_id],
    )
}

/// Remembers the trip's end.
pub(crate) fn end(db: &Connection, trip_id: &str) -> rusqlite::Result<()> {
    db.prepare_cached("INSERT OR IGNORE INTO ended_trips VALUES (?1)")?
        .execute([trip_id])
        .map(drop)
}

/// The driver to whom the trip is offered, or who has taken it.
pub(crate) fn tie_of(db: &Connection, trip_id: &str) -> rusqlite::Result<Option<Tie>> {
    db.prepare_cached("SELECT driver_id, leased, lease FROM drivers WHERE trip_id = ?1")?
        .query_row([trip_id], |row| {
            Ok(Tie {
                driver_id: row.get(0)?,
                leased: row.get(1)?,
                lease: row.get(2)?,
            })
        })
        .optional()
}

/// Whether the driver has no trip and no offer, and has not refused this trip before.
pub(crate) fn is_free_for(
    db: &Connection,
    driver_id: &str,
    trip_id: &str,
) -> rusqlite::Result<bool> {
    let tied = exists(
        db,
        "SELECT 1 FROM drivers WHERE driver_id = ?1 AND trip_id IS NOT NULL",
        [driver_id],
    )?;
    let refused = exists(
        db,
        "SELECT 1 FROM refusals WHERE trip_id = ?1 AND driver_id = ?2",
        [trip_id, driver_id],
    )?;
    Ok(!tied && !refused)
}

/// Keeps a free driver for a trip until the offer is answered.
pub(crate) fn reserve(db: &Connection, driver_id: &str, trip_id: &str) -> rusqlite::Result<()> {
    db.prepare_cached(
        "INSERT INTO drivers (driver_id, trip_id) VALUES (?1, ?2)
         ON CONFLICT (driver_id) DO UPDATE SET trip_id = excluded.trip_id, leased = 0",
    )?
    .execute([driver_id, trip_id])
    .map(drop)
}

/// Makes an offer a lease, and answers its number.
pub(crate) fn lease(db: &Connection, driver_id: &str) -> rusqlite::Result<i64> {
    db.prepare_cached(
        "UPDATE drivers SET leased = 1, lease = lease + 1 WHERE driver_id = ?1 RETURNING lease",
    )?
    .query_row([driver_id], |row| row.get(0))
}

/// Frees the driver whom this trip holds, if it holds one.
pub(crate) fn free(db: &Connection, trip_id: &str) -> rusqlite::Result<()> {
    db.prepare_cached("UPDATE drivers SET trip_id = NULL, leased = 0 WHERE trip_id = ?1")?
        .execute([trip_id])
        .map(drop)
}

/// Remembers that the driver does not take this trip.
pub(crate) fn refuse(db: &Connection, trip_id: &str, driver_id: &str) -> rusqlite::Result<()> {
    db.prepare_cached("INSERT OR IGNORE INTO refusals VALUES (?1, ?2)")?
        .execute(params![trip_id, driver_id])
        .map(drop)
}

/// How many drivers have refused the trip so far.
pub(crate) fn refusals(db: &Connection, trip_id: &str) -> rusqlite::Result<i32> {
    db.prepare_cached("SELECT count(*) FROM refusals WHERE trip_id = ?1")?
        .query_row([trip_id], |row| row.get(0))
}

fn exists(db: &Connection, sql: &str, params: impl rusqlite::Params) -> rusqlite::Result<bool> {
    db.prepare_cached(sql)?.exists(params)
}
