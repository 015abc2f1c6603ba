//! One rider's story, from the request to the end; the driver's app is played along.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout_at};

use crate::accepted::Accepted;
use crate::board::Board;
use crate::client::{Client, ClientError, Status, Trip};
use crate::drivers::Drivers;
use crate::plan::{Fate, Ride, SPEED_M_S};
use crate::tally::Tally;

/// What all the stories share.
#[derive(Debug)]
pub struct World {
    /// The trip service.
    pub client: Arc<Client>,
    /// What it says of each trip.
    pub board: Arc<Board>,
    /// The drivers.
    pub drivers: Arc<Drivers>,
    /// How far everybody has come.
    pub tally: Arc<Tally>,
    /// Where accepted requests are noted.
    pub accepted: Accepted,
    /// How much faster than life rides are.
    pub time_scale: f64,
    /// When the run gives up.
    pub deadline: Instant,
}

/// How a story went.
#[derive(Debug)]
pub struct Story {
    /// The trip.
    pub ride: Ride,
    /// How it ended; or why not, or why not so.
    pub end: Result<Status, String>,
    /// From the request to the driver, by the trip service's clock.
    pub assigned_after: Option<Duration>,
}

/// Plays one rider.
pub async fn play(ride: Ride, world: Arc<World>) -> Story {
    let mut seen = world.board.watch(ride.trip_id);
    let end = match timeout_at(world.deadline, story(&ride, &world, &mut seen)).await {
        Ok(Ok(end)) => expected(&ride, end),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("has not ended in time; {}", last(&seen))),
    };
    let assigned_after = seen.borrow().as_ref().and_then(|trip| {
        let after_ms = trip.assigned_at_ms? - trip.requested_at_ms;
        Some(Duration::from_millis(u64::try_from(after_ms).unwrap_or(0)))
    });
    world.tally.ended(end.as_ref().ok().copied());
    Story {
        ride,
        end,
        assigned_after,
    }
}

async fn story(
    ride: &Ride,
    world: &World,
    seen: &mut watch::Receiver<Option<Trip>>,
) -> Result<Status, ClientError> {
    let trip = world.client.request(ride).await?;
    world.accepted.note(ride.trip_id);
    world.board.show(trip);
    world.tally.requested();
    if let Fate::CallsOff(after) = ride.fate {
        sleep(after).await;
        return settled(world.client.cancel(ride.trip_id).await, world, seen).await;
    }
    let trip = until(seen, |status| status != Status::Requested).await;
    let Some(driver) = trip.driver_id.as_deref().filter(|_| !trip.status.is_end()) else {
        return Ok(trip.status);
    };
    let way_m = f64::from(trip.pickup_distance_m.unwrap_or(0));
    sleep(scaled(
        Duration::from_secs_f64(way_m.max(0.0) / SPEED_M_S),
        world.time_scale,
    ))
    .await;
    world.drivers.arrive(driver, &ride.pickup);
    world
        .board
        .show(world.client.picked_up(ride.trip_id).await?);
    sleep(scaled(ride.duration, world.time_scale)).await;
    world.drivers.arrive(driver, &ride.dropoff);
    settled(world.client.dropped_off(ride.trip_id).await, world, seen).await
}

/// The end that the last request has brought; or, where it came too late, the end that the service tells of.
async fn settled(
    answer: Result<Trip, ClientError>,
    world: &World,
    seen: &mut watch::Receiver<Option<Trip>>,
) -> Result<Status, ClientError> {
    match answer {
        Ok(trip) => {
            let status = trip.status;
            world.board.show(trip);
            Ok(status)
        }
        Err(error) if error.is_conflict() => Ok(until(seen, Status::is_end).await.status),
        Err(error) => Err(error),
    }
}

async fn until(seen: &mut watch::Receiver<Option<Trip>>, wanted: impl Fn(Status) -> bool) -> Trip {
    let shown = seen
        .wait_for(|trip| trip.as_ref().is_some_and(|trip| wanted(trip.status)))
        .await;
    match shown.ok().and_then(|trip| trip.clone()) {
        Some(trip) => trip,
        None => std::future::pending().await, // the board is gone: the run is over
    }
}

/// Whether a trip may end so: nobody who waits far outside is picked up, and who calls off does not arrive. A rider in the city may have to go without a
/// driver, when none was free in time.
fn expected(ride: &Ride, end: Status) -> Result<Status, String> {
    match (ride.fate, end) {
        (Fate::Rides, Status::Completed | Status::Unfulfilled)
        | (Fate::CallsOff(_), Status::Cancelled | Status::Unfulfilled)
        | (Fate::WaitsInVain, Status::Unfulfilled) => Ok(end),
        (fate, end) => Err(format!(
            "ended {end:?}, although the rider's plan was {fate:?}"
        )),
    }
}

fn last(seen: &watch::Receiver<Option<Trip>>) -> String {
    match &*seen.borrow() {
        Some(trip) => format!("last seen {:?}", trip.status),
        None => "the trip service has not shown it".to_owned(),
    }
}

fn scaled(duration: Duration, time_scale: f64) -> Duration {
    duration.div_f64(time_scale)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Mix, made_up, plan};

    #[test]
    fn each_fate_has_its_ends() {
        let ride = plan(
            &made_up(1, 1),
            Mix {
                seed: 1,
                cancel_share: 0.0,
                remote_share: 0.0,
            },
        )
        .remove(0);
        let called_off = Fate::CallsOff(Duration::ZERO);
        for (fate, end, fine) in [
            (Fate::Rides, Status::Completed, true),
            (Fate::Rides, Status::Unfulfilled, true),
            (Fate::Rides, Status::Cancelled, false),
            (called_off, Status::Cancelled, true),
            (called_off, Status::Completed, false),
            (Fate::WaitsInVain, Status::Unfulfilled, true),
            (Fate::WaitsInVain, Status::Completed, false),
        ] {
            let ride = Ride {
                fate,
                ..ride.clone()
            };
            assert_eq!(expected(&ride, end).is_ok(), fine, "{fate:?} {end:?}");
        }
    }

    #[test]
    fn a_minute_is_a_second_at_sixty() {
        assert_eq!(
            scaled(Duration::from_secs(60), 60.0),
            Duration::from_secs(1)
        );
    }
}
