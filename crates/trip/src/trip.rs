//! A trip: what the service knows of it, and how it changes. Each change answers the step that the workflow takes with it.

use farandole::{External, Instance, StartOptions};
use rides::trip as workflow;
use rides::{
    DriverAssigned, TripCancelled, TripCompleted, TripPickedUp, TripRequested, TripSearchResumed,
    TripUnfulfilled,
};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::error::TripError;
use crate::fare::Fare;
use crate::request::TripRequest;
use crate::status::{Happening, Status, Verdict};

/// How long the service waits for drivers.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// From the request to giving up, in milliseconds.
    pub patience_ms: i64,
    /// From "no driver is free" to the next search, in milliseconds.
    pub search_interval_ms: i64,
}

/// A trip.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trip {
    pub(crate) trip_id: Uuid,
    pub(crate) status: Status,
    /// The request without its trip id, as it was asked.
    pub(crate) request: TripRequest,
    pub(crate) requested_at_ms: i64,
    pub(crate) assigned_at_ms: Option<i64>,
    pub(crate) driver: Option<Driver>,
    pub(crate) fare: Option<Fare>,
    pub(crate) reason: Option<String>,
    /// Number of the present search, from 1.
    pub(crate) round: i32,
    pub(crate) give_up_at_ms: i64,
    /// Nobody was free: the event that said so, and when to ask again.
    pub(crate) unanswered: Option<Unanswered>,
    /// For the workflow: which instance, and the events that later steps answer.
    pub(crate) instance: Instance,
    pub(crate) requested_event: String,
    pub(crate) assigned_event: Option<String>,
    pub(crate) picked_up_event: Option<String>,
}

/// The driver on the way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Driver {
    pub(crate) driver_id: String,
    pub(crate) lease: i64,
    pub(crate) pickup_distance_m: i32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Unanswered {
    pub(crate) event: String,
    pub(crate) search_at_ms: i64,
}

impl Trip {
    /// A new trip, and the step that begins its instance.
    pub(crate) fn begin(
        trip_id: Uuid,
        request: TripRequest,
        patience: Patience,
        now_ms: i64,
    ) -> Result<(Self, External), TripError> {
        let event = TripRequested {
            trip_id,
            rider_id: request.rider_id.clone(),
            pickup: request.pickup.clone().into(),
            dropoff: request.dropoff.clone().into(),
            requested_at: now_ms,
            passengers: request.passengers,
            distance_m: request.distance_m,
        };
        let step = workflow::request(&event, StartOptions::default())?;
        let trip = Self {
            trip_id,
            status: Status::Requested,
            request,
            requested_at_ms: now_ms,
            assigned_at_ms: None,
            driver: None,
            fare: None,
            reason: None,
            round: 1,
            give_up_at_ms: now_ms + patience.patience_ms,
            unanswered: None,
            instance: step.instance.clone(),
            requested_event: event_id(&step)?,
            assigned_event: None,
            picked_up_event: None,
        };
        Ok((trip, step))
    }

    /// The rider calls it off. Nothing happens when it is called off already.
    pub(crate) fn cancel(&mut self, reason: String) -> Result<Option<External>, TripError> {
        if !self.goes_on(Happening::Cancel)? {
            return Ok(None);
        }
        let event = TripCancelled {
            trip_id: self.trip_id,
            rider_id: self.request.rider_id.clone(),
            driver_id: self.driver.as_ref().map(|driver| driver.driver_id.clone()),
            reason: reason.clone(),
        };
        self.reason = Some(reason);
        Ok(Some(workflow::cancel(
            &self.instance,
            Some(&self.requested_event),
            &event,
        )?))
    }

    /// The rider sits in the car. Nothing happens when it was said before.
    pub(crate) fn pick_up(&mut self, now_ms: i64) -> Result<Option<External>, TripError> {
        if !self.goes_on(Happening::PickUp)? {
            return Ok(None);
        }
        let event = TripPickedUp {
            trip_id: self.trip_id,
            rider_id: self.request.rider_id.clone(),
            driver_id: self.driver_id(),
            picked_up_at: now_ms,
        };
        let step = workflow::pick_up(&self.instance, self.assigned_event.as_deref(), &event)?;
        self.picked_up_event = Some(event_id(&step)?);
        Ok(Some(step))
    }

    /// The ride is over; without a fare, the distance makes it. Nothing happens when it was said before.
    pub(crate) fn drop_off(
        &mut self,
        fare: Option<Fare>,
        now_ms: i64,
    ) -> Result<Option<External>, TripError> {
        if !self.goes_on(Happening::DropOff)? {
            return Ok(None);
        }
        let fare = fare.unwrap_or_else(|| Fare::of_distance(self.request.ride_m()));
        self.fare = Some(fare);
        let event = TripCompleted {
            trip_id: self.trip_id,
            rider_id: self.request.rider_id.clone(),
            driver_id: self.driver_id(),
            completed_at: now_ms,
            fare: Decimal::new(fare.cents(), 2),
        };
        Ok(Some(workflow::drop_off(
            &self.instance,
            self.picked_up_event.as_deref(),
            &event,
        )?))
    }

    /// driver.assigned has come. Too late, it changes nothing: driver-assignment frees the driver when it learns of the end.
    pub(crate) fn driver_assigned(&mut self, event_id: &str, event: DriverAssigned, now_ms: i64) {
        if let Verdict::Become(status) = self.status.verdict(Happening::DriverAssigned) {
            self.status = status;
            self.assigned_at_ms = Some(now_ms);
            self.assigned_event = Some(event_id.to_owned());
            self.driver = Some(Driver {
                driver_id: event.driver_id,
                lease: event.lease,
                pickup_distance_m: event.pickup_distance_m,
            });
            self.unanswered = None;
        }
    }

    /// driver.unavailable has come.
    pub(crate) fn driver_unavailable(&mut self, event_id: &str, patience: Patience, now_ms: i64) {
        if self.status.verdict(Happening::DriverUnavailable) == Verdict::Wait {
            let search_at_ms = now_ms + patience.search_interval_ms;
            self.unanswered = Some(Unanswered {
                event: event_id.to_owned(),
                search_at_ms,
            });
        }
    }

    /// When the trip has something to do by itself.
    pub(crate) fn due_at_ms(&self) -> Option<i64> {
        let search_at_ms = self
            .unanswered
            .as_ref()
            .map_or(i64::MAX, |unanswered| unanswered.search_at_ms);
        (self.status == Status::Requested).then_some(self.give_up_at_ms.min(search_at_ms))
    }

    /// The clock has gone on: the trip searches again, or gives up. Each event that said "nobody" is answered once, so that
    /// no firing ever has two answers; when all are answered, giving up answers the request itself.
    pub(crate) fn wake(&mut self, now_ms: i64) -> Result<Option<External>, TripError> {
        if now_ms >= self.give_up_at_ms {
            return self.give_up(now_ms);
        }
        let due = self
            .unanswered
            .take_if(|unanswered| unanswered.search_at_ms <= now_ms);
        let Some(unanswered) =
            due.filter(|_| self.status.verdict(Happening::SearchDue) == Verdict::SearchAgain)
        else {
            return Ok(None);
        };
        self.round += 1;
        let event = TripSearchResumed {
            trip_id: self.trip_id,
            round: self.round,
        };
        let outputs = workflow::SearchAgain::TripSearchResumed(event);
        Ok(Some(workflow::search_again(
            &self.instance,
            Some(&unanswered.event),
            &outputs,
        )?))
    }

    fn give_up(&mut self, now_ms: i64) -> Result<Option<External>, TripError> {
        if !self.goes_on(Happening::PatienceOver)? {
            return Ok(None);
        }
        let cause = self.unanswered.take().map_or_else(
            || self.requested_event.clone(),
            |unanswered| unanswered.event,
        );
        let outputs = workflow::SearchAgain::TripUnfulfilled(TripUnfulfilled {
            trip_id: self.trip_id,
            rider_id: self.request.rider_id.clone(),
            waited_ms: now_ms - self.requested_at_ms,
        });
        Ok(Some(workflow::search_again(
            &self.instance,
            Some(&cause),
            &outputs,
        )?))
    }

    /// Goes on to the state that this brings, or answers false when there is nothing to do.
    fn goes_on(&mut self, happening: Happening) -> Result<bool, TripError> {
        match self.status.verdict(happening) {
            Verdict::Become(status) => {
                self.status = status;
                Ok(true)
            }
            Verdict::Refuse => Err(TripError::WrongState {
                trip_id: self.trip_id,
                status: self.status,
                happening,
            }),
            Verdict::Wait | Verdict::SearchAgain | Verdict::Nothing => Ok(false),
        }
    }

    fn driver_id(&self) -> String {
        self.driver
            .as_ref()
            .map(|driver| driver.driver_id.clone())
            .unwrap_or_default()
    }
}

/// The id of the event that a step emits.
fn event_id(step: &External) -> Result<String, TripError> {
    let id = step
        .outgoing
        .first()
        .and_then(|outgoing| outgoing.headers.text("ce_id"));
    id.map(str::to_owned).ok_or(TripError::NoEvent)
}

#[cfg(test)]
mod tests;
