use std::path::PathBuf;
use std::sync::Arc;

/// Why the outbox's database did not do what was asked. Nothing was written then.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OutboxError {
    /// The file can't be opened or prepared.
    #[error("the database {} can't be opened; check the folder and its permissions, or put back a copy that is whole: {source}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        source: Arc<rusqlite::Error>,
    },
    /// The service's own tables can't be made.
    #[error("the service's tables can't be made in {}: {source}", path.display())]
    Migrations {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        source: Arc<rusqlite::Error>,
    },
    /// A statement or the commit failed: the file is busy, full or damaged.
    #[error("the outbox's database: {0}")]
    Database(Arc<rusqlite::Error>),
    /// The transaction was rolled back by SQLite or by a statement of the service.
    #[error(
        "the transaction was rolled back by something else than the outbox: never run COMMIT or ROLLBACK inside"
    )]
    RolledBack,
    /// A row holds something that this crate did not write.
    #[error("row {seq} of the table outbox can't be read: {reason}")]
    Row {
        /// The row.
        seq: i64,
        /// What is wrong with it.
        reason: String,
    },
    /// The system gives no more threads.
    #[error("no thread for the outbox's database: {0}")]
    Thread(Arc<std::io::Error>),
    /// The outbox has ended.
    #[error("the outbox has ended")]
    Ended,
}

impl From<rusqlite::Error> for OutboxError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(Arc::new(error))
    }
}
