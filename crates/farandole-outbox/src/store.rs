//! The file: its settings and tables.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode};

use crate::{OutboxError, OutboxSettings};

const TABLES: &str = "
CREATE TABLE IF NOT EXISTS outbox (
    seq           INTEGER PRIMARY KEY AUTOINCREMENT, -- order of commit
    id            TEXT    NOT NULL,                  -- the event's id
    aggregatetype TEXT    NOT NULL,                  -- the workflow, else the topic
    aggregateid   TEXT    NOT NULL,                  -- the record's key as text
    type          TEXT    NOT NULL,                  -- the event's name
    payload       BLOB,                              -- the record's value
    topic         TEXT    NOT NULL,
    key           BLOB,
    headers       TEXT    NOT NULL,                  -- JSON: [[name, text | null | {\"hex\": bytes}], ...]
    created_at    INTEGER NOT NULL,                  -- ms since 1970
    published_at  INTEGER,                           -- ms since 1970
    parked        TEXT                               -- why it can never be published
) STRICT;
CREATE INDEX IF NOT EXISTS outbox_published ON outbox (published_at) WHERE published_at IS NOT NULL;
CREATE TABLE IF NOT EXISTS inbox (
    firing_id TEXT    PRIMARY KEY,
    step      TEXT    NOT NULL,
    at        INTEGER NOT NULL                       -- ms since 1970
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS inbox_at ON inbox (at);
";

/// How long to go on when other processes prepare the file at the same moment.
const PREPARE: Duration = Duration::from_secs(10);

/// Opens the file for writing and makes the tables.
pub(crate) fn prepare(
    path: &Path,
    migrations: &str,
    settings: &OutboxSettings,
) -> Result<Connection, OutboxError> {
    let begun = Instant::now();
    loop {
        match try_prepare(path, migrations, settings) {
            // Switching to WAL does not wait for the busy timeout.
            Err(error) if is_busy(&error) && begun.elapsed() < PREPARE => {
                std::thread::sleep(Duration::from_millis(20))
            }
            ended => return ended,
        }
    }
}

fn try_prepare(
    path: &Path,
    migrations: &str,
    settings: &OutboxSettings,
) -> Result<Connection, OutboxError> {
    let open = |source| OutboxError::Open {
        path: path.to_owned(),
        source: Arc::new(source),
    };
    let db = connect(path, settings).map_err(open)?;
    db.pragma_update(None, "journal_mode", "WAL")
        .map_err(open)?;
    db.execute_batch(TABLES).map_err(open)?;
    db.execute_batch(migrations)
        .map_err(|source| OutboxError::Migrations {
            path: path.to_owned(),
            source: Arc::new(source),
        })?;
    Ok(db)
}

/// A connection to a prepared file.
pub(crate) fn connect(path: &Path, settings: &OutboxSettings) -> rusqlite::Result<Connection> {
    let db = Connection::open(path)?;
    db.busy_timeout(settings.busy_timeout)?;
    db.pragma_update(
        None,
        "synchronous",
        if settings.synchronous {
            "FULL"
        } else {
            "NORMAL"
        },
    )?;
    db.pragma_update(None, "foreign_keys", true)?;
    db.set_prepared_statement_cache_capacity(128);
    Ok(db)
}

fn is_busy(error: &OutboxError) -> bool {
    let (OutboxError::Open { source, .. } | OutboxError::Migrations { source, .. }) = error else {
        return false;
    };
    matches!(
        source.sqlite_error_code(),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
    )
}
