//! The participant as the workflow sees it: event in, event out, through the real stamping, encoding and ledger.

use driver_assignment::Dispatcher;
use farandole::Participant;
use farandole::testing::{Scenario, events};
use rides::*;
use uuid::Uuid;

const TRIP: Uuid = Uuid::from_u128(17);

/// A dispatcher who knows one driver, 111 m from the rider, who comes up to `max_pickup_m` far.
async fn dispatcher(max_pickup_m: i32) -> (tempfile::TempDir, Participant) {
    let folder = tempfile::tempdir().unwrap();
    let dispatcher = Dispatcher::open(folder.path(), 5_000).unwrap();
    let at = Place {
        lat: 50.001,
        lon: 10.0,
        zone: "a".into(),
    };
    let driver_id = "driver-1".to_owned();
    dispatcher
        .positioned(DriverPositioned {
            driver_id,
            at,
            on_shift: true,
            max_pickup_m,
            seen_at: 1,
        })
        .await
        .unwrap();
    (folder, trip::driver_assignment(dispatcher))
}

fn place() -> Place {
    Place {
        lat: 50.0,
        lon: 10.0,
        zone: "a".into(),
    }
}

fn requested() -> TripRequested {
    TripRequested {
        trip_id: TRIP,
        rider_id: "rider-1".into(),
        pickup: place(),
        dropoff: place(),
        requested_at: 1,
        passengers: 1,
        distance_m: None,
    }
}

fn offered() -> DriverOffered {
    DriverOffered {
        driver_id: "driver-1".into(),
        trip_id: TRIP,
        pickup: place(),
        pickup_distance_m: 111,
    }
}

fn assigned() -> DriverAssigned {
    DriverAssigned {
        trip_id: TRIP,
        driver_id: "driver-1".into(),
        lease: 1,
        pickup_distance_m: 111,
    }
}

fn cancelled() -> TripCancelled {
    TripCancelled {
        trip_id: TRIP,
        rider_id: "rider-1".into(),
        driver_id: None,
        reason: String::new(),
    }
}

#[tokio::test]
async fn a_request_becomes_an_offer_to_the_nearest_driver() {
    let (_folder, participant) = dispatcher(3_000).await;
    Scenario::of(participant)
        .when(requested())
        .await
        .then_emits([offered()]);
}

#[tokio::test]
async fn the_driver_takes_the_offer() {
    let (_folder, participant) = dispatcher(3_000).await;
    Scenario::of(participant)
        .given([requested()])
        .when(offered())
        .await
        .then_emits([assigned()]);
}

#[tokio::test]
async fn a_driver_who_finds_it_too_far_declines_and_nobody_else_is_there() {
    let (_folder, participant) = dispatcher(50).await;
    let declined = DriverDeclined {
        trip_id: TRIP,
        driver_id: "driver-1".into(),
        reason: DeclineReason::TooFar,
    };
    Scenario::of(participant)
        .given([requested()])
        .when(offered())
        .await
        .then_emits([declined.clone()]);
    let (_folder, participant) = dispatcher(50).await;
    let nobody = DriverUnavailable {
        trip_id: TRIP,
        refused: 1,
    };
    Scenario::of(participant)
        .given(events![requested(), offered()])
        .when(declined)
        .await
        .then_emits([nobody]);
}

#[tokio::test]
async fn a_search_that_is_resumed_finds_the_pickup_in_the_envelope() {
    let (_folder, participant) = dispatcher(3_000).await;
    let resumed = TripSearchResumed {
        trip_id: TRIP,
        round: 2,
    };
    // The first offer is still open, so there is nobody for a second one; without the pickup it would be rejected.
    let nobody = DriverUnavailable {
        trip_id: TRIP,
        refused: 0,
    };
    Scenario::of(participant)
        .given([requested()])
        .when(resumed.clone())
        .await
        .then_emits([nobody]);
    let (_folder, participant) = dispatcher(3_000).await;
    Scenario::of(participant)
        .when(resumed)
        .await
        .then_rejects("trip.requested.pickup");
}

#[tokio::test]
async fn the_end_of_a_trip_releases_its_driver_once() {
    let (_folder, participant) = dispatcher(3_000).await;
    let released = DriverReleased {
        driver_id: "driver-1".into(),
        trip_id: TRIP,
        lease: 1,
    };
    let before = events![requested(), offered()];
    Scenario::of(participant)
        .given(before)
        .when(cancelled())
        .await
        .then_emits([released]);
    let (_folder, participant) = dispatcher(3_000).await;
    let before = events![requested(), offered(), cancelled()];
    Scenario::of(participant)
        .given(before)
        .when(cancelled())
        .await
        .then_nothing();
}

#[tokio::test]
async fn an_offer_that_comes_after_the_end_is_declined() {
    let (_folder, participant) = dispatcher(3_000).await;
    let declined = DriverDeclined {
        trip_id: TRIP,
        driver_id: "driver-1".into(),
        reason: DeclineReason::TripOver,
    };
    Scenario::of(participant)
        .given(events![requested(), cancelled()])
        .when(offered())
        .await
        .then_emits([declined]);
}
