//! One relay at a time among the processes that share a file.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// The right to relay. The operating system takes it back when the process ends, however it ends.
#[derive(Debug)]
pub(crate) struct RelayLock {
    _file: File,
}

impl RelayLock {
    /// `None` when another relay has it.
    pub(crate) fn try_take(database: &Path) -> io::Result<Option<Self>> {
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path(database))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

/// `<database>.relay`, beside the database.
fn path(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(".relay");
    name.into()
}

#[cfg(test)]
mod tests {
    use super::RelayLock;

    #[test]
    fn one_relay_has_it_until_it_lets_go() {
        let folder = tempfile::tempdir().expect("a folder");
        let database = folder.path().join("trips.sqlite3");
        let first = RelayLock::try_take(&database).expect("the lock file");
        assert!(first.is_some());
        assert!(
            RelayLock::try_take(&database)
                .expect("the lock file")
                .is_none(),
            "a second relay must wait"
        );
        drop(first);
        assert!(
            RelayLock::try_take(&database)
                .expect("the lock file")
                .is_some()
        );
    }
}
