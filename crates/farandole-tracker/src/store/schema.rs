use std::{path::Path, time::Duration};

use rusqlite::{Connection, OpenFlags};

use super::StoreError;

/// The format of the file. Another one is refused: rebuilding is cheap and certain, migrating is neither.
const FORMAT: i64 = 1;

const TABLES: &str = "
-- Every record that belongs to an instance or a participant, as it came. One tree, so that an instance's records lie together.
CREATE TABLE record (
  home TEXT NOT NULL, topic TEXT NOT NULL, partition INTEGER NOT NULL, offset INTEGER NOT NULL,
  at_ms INTEGER, key BLOB, value BLOB, headers BLOB NOT NULL,
  PRIMARY KEY (home, topic, partition, offset)) WITHOUT ROWID;
-- The next offset to read, and the first that was there when the partition was first read.
CREATE TABLE partition (
  topic TEXT NOT NULL, partition INTEGER NOT NULL, first INTEGER NOT NULL, next INTEGER NOT NULL,
  PRIMARY KEY (topic, partition)) WITHOUT ROWID;
CREATE TABLE entry (
  kind TEXT NOT NULL, name TEXT NOT NULL, version INTEGER NOT NULL,
  content TEXT NOT NULL, hash TEXT NOT NULL, by TEXT NOT NULL, at_ms INTEGER NOT NULL,
  PRIMARY KEY (kind, name, version)) WITHOUT ROWID;
CREATE TABLE seen (
  topic TEXT NOT NULL, event TEXT NOT NULL, participant TEXT NOT NULL, version INTEGER NOT NULL,
  records INTEGER NOT NULL, last_ms INTEGER NOT NULL,
  PRIMARY KEY (topic, event, participant, version)) WITHOUT ROWID;
-- Records that are no events: how many, and the last.
CREATE TABLE trouble (
  topic TEXT NOT NULL, partition INTEGER NOT NULL, offset INTEGER NOT NULL, reason TEXT NOT NULL, records INTEGER NOT NULL,
  PRIMARY KEY (topic, partition)) WITHOUT ROWID;
CREATE TABLE instance (
  correlation TEXT NOT NULL PRIMARY KEY, workflow TEXT NOT NULL, version INTEGER, definition TEXT,
  key TEXT, tenant TEXT, base TEXT NOT NULL, blocked INTEGER NOT NULL, due_ms INTEGER,
  deviated INTEGER NOT NULL, orphan INTEGER NOT NULL, late INTEGER NOT NULL, truncated INTEGER NOT NULL,
  dead_lettered INTEGER NOT NULL, percent INTEGER, started_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL, ended_ms INTEGER,
  events INTEGER NOT NULL, repeats INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX instance_started ON instance (started_ms, correlation);
CREATE INDEX instance_of ON instance (workflow, version, base);
CREATE INDEX instance_key ON instance (key);
-- What instances wait for, and how long steps took.
CREATE TABLE firing (
  correlation TEXT NOT NULL, step TEXT NOT NULL, cause TEXT NOT NULL, participant TEXT NOT NULL,
  workflow TEXT NOT NULL, version INTEGER, state TEXT NOT NULL, at_ms INTEGER NOT NULL, due_ms INTEGER, took_ms INTEGER,
  PRIMARY KEY (correlation, step, cause)) WITHOUT ROWID;
CREATE INDEX firing_waiting ON firing (workflow, step) WHERE state <> 'done';
CREATE INDEX firing_done ON firing (workflow, version, step, at_ms) WHERE state = 'done';
";

/// Opens the file for its one writer, with its tables.
pub(super) fn open_writer(path: &Path) -> Result<Connection, StoreError> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    // A lost transaction is read again from Kafka, because its offsets are lost with it: no fsync per commit is needed.
    connection.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -65536;",
    )?;
    let found: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    match (found, tables) {
        (FORMAT, _) => {}
        (0, 0) => connection.execute_batch(&format!(
            "BEGIN; {TABLES} PRAGMA user_version = {FORMAT}; COMMIT;"
        ))?,
        _ => {
            return Err(StoreError::Format {
                path: path.to_owned(),
                found,
                expected: FORMAT,
            });
        }
    }
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

/// Opens the file for reading alone.
pub(super) fn open_reader(path: &Path) -> Result<Connection, StoreError> {
    let connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.execute_batch("PRAGMA query_only = 1; PRAGMA cache_size = -16384;")?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}
