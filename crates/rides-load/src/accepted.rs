//! A list of the requests that were accepted, for whoever counts afterwards.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use farandole::Error;
use uuid::Uuid;

/// The file with the ids of accepted trips, one a line; or nothing, where nobody counts.
#[derive(Debug)]
pub struct Accepted(Option<Mutex<File>>);

impl Accepted {
    /// Opens the list for appending.
    ///
    /// # Errors
    /// The file can't be written.
    pub fn open(path: Option<&Path>) -> farandole::Result<Self> {
        let open = |path: &Path| {
            OpenOptions::new()
                .create(true)
                .append(true)
                .open(path)
                .map_err(|error| Error::message(format!("{}: {error}", path.display())))
        };
        Ok(Self(path.map(open).transpose()?.map(Mutex::new)))
    }

    /// Notes a trip.
    pub fn note(&self, trip_id: Uuid) {
        let Some(file) = &self.0 else { return };
        let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = file.write_all(format!("{trip_id}\n").as_bytes()) {
            tracing::error!(%error, %trip_id, "the accepted trip can't be noted");
        }
    }
}
