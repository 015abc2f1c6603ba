//! A trip as apps see it.

use serde::Serialize;
use uuid::Uuid;

use crate::fare::Fare;
use crate::request::Place;
use crate::status::Status;
use crate::trip::Trip;

/// A trip as apps see it. Times are in milliseconds since the epoch.
#[derive(Clone, Debug, Serialize)]
pub struct View {
    trip_id: Uuid,
    status: Status,
    rider_id: String,
    pickup: Place,
    dropoff: Place,
    passengers: i32,
    distance_m: Option<i32>,
    requested_at_ms: i64,
    assigned_at_ms: Option<i64>,
    driver_id: Option<String>,
    pickup_distance_m: Option<i32>,
    searches: i32,
    fare: Option<Fare>,
    reason: Option<String>,
}

impl View {
    /// What apps see of a trip.
    pub fn of(trip: &Trip) -> Self {
        let request = trip.request.clone();
        Self {
            trip_id: trip.trip_id,
            status: trip.status,
            rider_id: request.rider_id,
            pickup: request.pickup,
            dropoff: request.dropoff,
            passengers: request.passengers,
            distance_m: request.distance_m,
            requested_at_ms: trip.requested_at_ms,
            assigned_at_ms: trip.assigned_at_ms,
            driver_id: trip.driver.as_ref().map(|driver| driver.driver_id.clone()),
            pickup_distance_m: trip.driver.as_ref().map(|driver| driver.pickup_distance_m),
            searches: trip.round,
            fare: trip.fare,
            reason: trip.reason.clone(),
        }
    }
}
