//! All trips of this service: each change is one transaction, together with the event that tells of it. This service alone decides
//! how a trip ends, and here is where it does.

use std::path::Path;
use std::sync::Arc;

use farandole::{Context, External, Failure, now_ms};
use farandole_outbox::Outbox;
use rides::trip::FollowInput;
use tokio::sync::Notify;
use uuid::Uuid;

use crate::error::TripError;
use crate::fare::Fare;
use crate::request::TripRequest;
use crate::store::{self, Filter, Page};
use crate::trip::{Patience, Trip};

/// Most trips that one transaction wakes.
const WOKEN_AT_ONCE: u32 = 100;

/// The trips, in a database. Cheap to clone.
#[derive(Clone)]
pub struct Trips {
    outbox: Outbox,
    patience: Patience,
    sooner: Arc<Notify>,
}

/// What became of a request.
#[derive(Clone, Debug, PartialEq)]
pub enum Requested {
    /// The trip begins now.
    New(Trip),
    /// It was requested before, with the same content.
    Known(Trip),
}

impl Trips {
    /// Opens the database, made if it is not there.
    ///
    /// # Errors
    /// It can't be opened.
    pub fn open(path: &Path, patience: Patience) -> Result<Self, TripError> {
        let outbox = Outbox::open(path, store::TABLES)?;
        Ok(Self {
            outbox,
            patience,
            sooner: Arc::default(),
        })
    }

    /// The outbox, for its relay.
    pub fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    /// A rider asks for a trip.
    ///
    /// # Errors
    /// The id belongs to another trip, or the database does not answer.
    pub async fn request(&self, mut request: TripRequest) -> Result<Requested, TripError> {
        let trip_id = request.trip_id.take().unwrap_or_else(Uuid::new_v4);
        let patience = self.patience;
        let requested = self
            .outbox
            .transact(move |tx| match store::load(tx, trip_id)? {
                Some(trip) if trip.request == request => Ok(Requested::Known(trip)),
                Some(_) => Err(TripError::OtherContent(trip_id)),
                None => {
                    let (trip, step) = Trip::begin(trip_id, request, patience, now_ms())?;
                    tx.enqueue(&step)?;
                    store::save(tx, &trip)?;
                    Ok(Requested::New(trip))
                }
            });
        let requested = requested.await?;
        self.sooner.notify_one();
        Ok(requested)
    }

    /// The rider calls a trip off.
    ///
    /// # Errors
    /// No such trip, it is too late for that, or the database does not answer; the same below.
    pub async fn cancel(&self, trip_id: Uuid, reason: String) -> Result<Trip, TripError> {
        self.change(trip_id, |trip| trip.cancel(reason)).await
    }

    /// The driver's app says that the rider sits in the car.
    pub async fn pick_up(&self, trip_id: Uuid) -> Result<Trip, TripError> {
        self.change(trip_id, |trip| trip.pick_up(now_ms())).await
    }

    /// The driver's app says that the ride is over, and maybe what it costs.
    pub async fn drop_off(&self, trip_id: Uuid, fare: Option<Fare>) -> Result<Trip, TripError> {
        self.change(trip_id, move |trip| trip.drop_off(fare, now_ms()))
            .await
    }

    /// One trip.
    pub async fn get(&self, trip_id: Uuid) -> Result<Trip, TripError> {
        self.outbox
            .read(move |db| store::load(db, trip_id))
            .await?
            .ok_or(TripError::Unknown(trip_id))
    }

    /// Some trips, in the order of their last change.
    pub async fn list(&self, filter: Filter) -> Result<Page, TripError> {
        self.outbox.read(move |db| store::list(db, &filter)).await
    }

    /// Another service has told of a trip.
    ///
    /// # Errors
    /// Retry: the database does not answer. Reject: the trip is not in this database; does another trip
    /// service with a database of its own run in the same consumer group?
    pub async fn follow(&self, input: FollowInput, cx: &Context) -> Result<(), Failure> {
        let (event_id, patience) = (cx.event_id().to_owned(), self.patience);
        let trip_id = match &input {
            FollowInput::DriverAssigned(event) => event.trip_id,
            FollowInput::DriverUnavailable(event) => event.trip_id,
        };
        let followed = self.outbox.handle(cx, move |tx| {
            // The trip is committed before its first event is published: one that is missing here was
            // requested somewhere else, and its event must not get lost between the two.
            let found = store::load(tx, trip_id)?;
            let mut trip = found.ok_or_else(|| Failure::reject(TripError::Unknown(trip_id)))?;
            let before = trip.clone();
            match input {
                FollowInput::DriverAssigned(event) => {
                    trip.driver_assigned(&event_id, event, now_ms())
                }
                FollowInput::DriverUnavailable(_) => {
                    trip.driver_unavailable(&event_id, patience, now_ms())
                }
            }
            if trip != before {
                store::save(tx, &trip)?;
            }
            Ok(())
        });
        followed.await?;
        self.sooner.notify_one();
        Ok(())
    }

    /// Lets the trips that are due by then search again or give up; answers how many there were.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn wake(&self, now_ms: i64) -> Result<usize, TripError> {
        self.outbox
            .transact(move |tx| {
                let due = store::due(tx, now_ms, WOKEN_AT_ONCE)?;
                let count = due.len();
                for mut trip in due {
                    if let Some(step) = trip.wake(now_ms)? {
                        tx.enqueue(&step)?;
                    }
                    store::save(tx, &trip)?;
                }
                Ok(count)
            })
            .await
    }

    /// When the next trip is due, in milliseconds since the epoch.
    pub(crate) async fn next_due_ms(&self) -> Result<Option<i64>, TripError> {
        self.outbox.read(store::next_due).await
    }

    /// Waits until something may be due sooner than it was.
    pub(crate) async fn sooner(&self) {
        self.sooner.notified().await;
    }

    async fn change<F>(&self, trip_id: Uuid, act: F) -> Result<Trip, TripError>
    where
        F: FnOnce(&mut Trip) -> Result<Option<External>, TripError> + Send + 'static,
    {
        self.outbox
            .transact(move |tx| {
                let mut trip = store::load(tx, trip_id)?.ok_or(TripError::Unknown(trip_id))?;
                if let Some(step) = act(&mut trip)? {
                    tx.enqueue(&step)?;
                    store::save(tx, &trip)?;
                }
                Ok(trip)
            })
            .await
    }
}
