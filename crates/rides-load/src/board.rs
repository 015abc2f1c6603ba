//! What the trip service says of each trip: one poller follows `GET /trips`, and every rider looks at the board.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use uuid::Uuid;

use crate::client::{Client, ClientError, Trip};

const PAUSE: Duration = Duration::from_millis(100);

/// The newest known state of each trip of this run.
#[derive(Debug, Default)]
pub struct Board(Mutex<HashMap<Uuid, watch::Sender<Option<Trip>>>>);

impl Board {
    /// Watches a trip; `None` until the service has shown it.
    pub fn watch(&self, trip_id: Uuid) -> watch::Receiver<Option<Trip>> {
        let mut trips = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        trips
            .entry(trip_id)
            .or_insert_with(|| watch::channel(None).0)
            .subscribe()
    }

    /// Shows a trip; a state that is older than the one shown changes nothing. Trips of other runs are passed over.
    pub fn show(&self, trip: Trip) {
        let trips = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(board) = trips.get(&trip.trip_id) {
            board.send_if_modified(|shown| {
                let newer = shown
                    .as_ref()
                    .is_none_or(|shown| shown.status < trip.status);
                if newer {
                    *shown = Some(trip);
                }
                newer
            });
        }
    }

    /// Follows the service for ever, or until it does not answer in time.
    ///
    /// # Errors
    /// The service's last word.
    pub async fn follow(self: Arc<Self>, client: Arc<Client>) -> Result<(), ClientError> {
        let mut cursor: Option<String> = None;
        loop {
            let page = client.changes(cursor.as_deref()).await?;
            page.trips.into_iter().for_each(|trip| self.show(trip));
            cursor = Some(page.next_cursor);
            if !page.more {
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}
