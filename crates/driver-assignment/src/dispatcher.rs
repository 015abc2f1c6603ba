//! The participant: each step is one transaction over the ledger, with the inbox and the outbox.

use std::path::Path;

use farandole::{Context, Failure};
use farandole_outbox::Outbox;
use rides::trip::{Carried, Decide, Offer as OfferEvent, OfferInput, ReleaseInput};
use rides::{
    DeclineReason, DriverAssigned, DriverDeclined, DriverOffered, DriverPositioned, DriverReleased,
    DriverUnavailable, Place,
};

use crate::decide::{Decision, Reason, decide};
use crate::fleet::{Driver, Fleet};
use crate::ledger::TABLES;
use crate::offer::{Offer, offer};
use crate::release::release;

/// Gives trips drivers. Cheap to clone.
#[derive(Clone)]
pub struct Dispatcher {
    outbox: Outbox,
    fleet: Fleet,
    max_radius_m: u32,
}

impl Dispatcher {
    /// Opens the folder that the copies of this service share; it must be there.
    ///
    /// # Errors
    /// A database can't be opened.
    pub fn open(folder: &Path, max_radius_m: u32) -> farandole::Result<Self> {
        let outbox = Outbox::open(&folder.join("ledger.sqlite3"), TABLES)?;
        let fleet = Fleet::open(&folder.join("positions.sqlite3"))?;
        Ok(Self {
            outbox,
            fleet,
            max_radius_m,
        })
    }

    /// The outbox, for its relay.
    pub fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    /// Remembers where a driver is.
    ///
    /// # Errors
    /// Retry: the file of positions can't be written. Reject: no place on Earth.
    pub async fn positioned(&self, event: DriverPositioned) -> Result<(), Failure> {
        let Place { lat, lon, .. } = event.at;
        if !(-90.0..=90.0).contains(&lat) || !(-180.0..=180.0).contains(&lon) {
            return Err(Failure::reject(format!(
                "{} reports latitude {lat}, longitude {lon}",
                event.driver_id
            )));
        }
        let driver = Driver {
            driver_id: event.driver_id,
            lat,
            lon,
            on_shift: event.on_shift,
            max_pickup_m: event.max_pickup_m,
            seen_at_ms: event.seen_at,
        };
        let fleet = self.fleet.clone();
        Ok(tokio::task::spawn_blocking(move || fleet.record(&driver)).await??)
    }
}

impl rides::trip::DriverAssignment for Dispatcher {
    async fn offer(&self, input: OfferInput, cx: &Context) -> Result<OfferEvent, Failure> {
        let (trip_id, pickup) = match input {
            OfferInput::TripRequested(event) => (event.trip_id, Some(event.pickup)),
            OfferInput::DriverDeclined(event) => {
                (event.trip_id, Carried::of(cx).trip_requested_pickup)
            }
            OfferInput::TripSearchResumed(event) => {
                (event.trip_id, Carried::of(cx).trip_requested_pickup)
            }
        };
        let pickup =
            pickup.ok_or_else(|| Failure::reject("the event carries no trip.requested.pickup"))?;
        let (fleet, radius_m) = (self.fleet.clone(), self.max_radius_m);
        let search = move |db: &rusqlite::Transaction<'_>| {
            let place = (pickup.lat, pickup.lon);
            Ok(
                match offer(db, &fleet, &trip_id.to_string(), place, radius_m)? {
                    Offer::To {
                        driver_id,
                        distance_m,
                    } => OfferEvent::DriverOffered(DriverOffered {
                        driver_id,
                        trip_id,
                        pickup,
                        pickup_distance_m: distance_m,
                    }),
                    Offer::Nobody { refused } => {
                        OfferEvent::DriverUnavailable(DriverUnavailable { trip_id, refused })
                    }
                },
            )
        };
        self.outbox.handle(cx, search).await
    }

    async fn decide(&self, event: DriverOffered, cx: &Context) -> Result<Decide, Failure> {
        let fleet = self.fleet.clone();
        let answer = move |db: &rusqlite::Transaction<'_>| {
            let DriverOffered {
                trip_id,
                driver_id,
                pickup_distance_m,
                ..
            } = event;
            Ok(
                match decide(
                    db,
                    &fleet,
                    &trip_id.to_string(),
                    &driver_id,
                    pickup_distance_m,
                )? {
                    Decision::Assigned { lease } => Decide::DriverAssigned(DriverAssigned {
                        trip_id,
                        driver_id,
                        lease,
                        pickup_distance_m,
                    }),
                    Decision::Declined(reason) => Decide::DriverDeclined(DriverDeclined {
                        trip_id,
                        driver_id,
                        reason: reason.into(),
                    }),
                },
            )
        };
        self.outbox.handle(cx, answer).await
    }

    async fn release(
        &self,
        input: ReleaseInput,
        cx: &Context,
    ) -> Result<Option<DriverReleased>, Failure> {
        let trip_id = match input {
            ReleaseInput::TripCompleted(event) => event.trip_id,
            ReleaseInput::TripCancelled(event) => event.trip_id,
            ReleaseInput::TripUnfulfilled(event) => event.trip_id,
        };
        let end = move |db: &rusqlite::Transaction<'_>| {
            let released = release(db, &trip_id.to_string())?;
            Ok(released.map(|released| DriverReleased {
                driver_id: released.driver_id,
                trip_id,
                lease: released.lease,
            }))
        };
        self.outbox.handle(cx, end).await
    }
}

impl From<Reason> for DeclineReason {
    fn from(reason: Reason) -> Self {
        match reason {
            Reason::Busy => Self::Busy,
            Reason::OffShift => Self::OffShift,
            Reason::TooFar => Self::TooFar,
            Reason::TripOver => Self::TripOver,
        }
    }
}
