//! Has anybody written to the file? Asked often, so it must cost next to nothing: SQLite answers it from shared memory.

use std::time::Duration;

use rusqlite::Connection;

use crate::outbox::Shared;
use crate::{OutboxError, store};

/// A connection that is for asking alone: the number that it compares changes with every commit of any other connection.
#[derive(Debug)]
pub(crate) struct Watch {
    db: Connection,
    seen: Option<i64>,
}

impl Watch {
    pub(crate) fn open(shared: &Shared) -> Result<Self, OutboxError> {
        let db = store::connect(&shared.path, &shared.settings)?;
        // It is asked between other work, and must not wait.
        db.busy_timeout(Duration::ZERO)?;
        Ok(Self { db, seen: None })
    }

    /// Whether there was a commit since the last call; yes, where that can't be told.
    pub(crate) fn has_changed(&mut self) -> bool {
        let version = self
            .db
            .prepare_cached("PRAGMA data_version")
            .and_then(|mut ask| ask.query_row([], |row| row.get(0)))
            .ok();
        let before = std::mem::replace(&mut self.seen, version);
        version.is_none() || before != version
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Outbox, OutboxSettings};

    #[test]
    fn every_commit_is_noticed_and_nothing_else() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("outbox.sqlite3");
        let settings = OutboxSettings::default();
        let _outbox =
            Outbox::open(&path, "CREATE TABLE IF NOT EXISTS notes (text TEXT)").expect("an outbox");
        let (db, asking) = (
            store::connect(&path, &settings).expect("a connection"),
            store::connect(&path, &settings).expect("a connection"),
        );
        let mut watch = Watch {
            db: asking,
            seen: None,
        };
        assert!(
            watch.has_changed(),
            "nothing is known before the first look"
        );
        for _ in 0..3 {
            assert!(!watch.has_changed());
            db.execute_batch("BEGIN; INSERT INTO notes VALUES ('a')")
                .expect("written");
            assert!(!watch.has_changed(), "not committed yet");
            db.execute_batch("COMMIT").expect("committed");
            assert!(watch.has_changed());
        }
    }
}
