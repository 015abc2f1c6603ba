use std::path::PathBuf;

/// Why the store can't be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another tracker has it open.
    #[error("another tracker has {0} open: give each its own --data")]
    Locked(PathBuf),
    /// The file system says no.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's words.
        source: std::io::Error,
    },
    /// The file was written by another version.
    #[error(
        "{path} has format {found}, this tracker writes {expected}: delete the file, it is rebuilt from the topics"
    )]
    Format {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: i64,
        /// Ours.
        expected: i64,
    },
    /// SQLite can't go on.
    #[error(
        "the tracker's store: {0}. If the file is damaged, delete it: it is rebuilt from the topics"
    )]
    Sqlite(#[from] rusqlite::Error),
    /// Something that we wrote can't be read.
    #[error("the tracker's store is damaged ({0}): delete the file, it is rebuilt from the topics")]
    Damaged(String),
}
