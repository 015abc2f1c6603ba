//! The participant as the workflow sees it: what other services tell of a trip, and what comes of it.

use farandole::testing::Scenario;
use rides::{DriverAssigned, DriverUnavailable};
use serde_json::{Value, json};
use trip::{Patience, TripRequest, Trips, View};
use uuid::Uuid;

const TRIP: Uuid = Uuid::from_u128(17);

async fn trips_with_one() -> (tempfile::TempDir, Trips) {
    let folder = tempfile::tempdir().unwrap();
    let patience = Patience {
        patience_ms: 60_000,
        search_interval_ms: 2_000,
    };
    let trips = Trips::open(&folder.path().join("trip.sqlite3"), patience).unwrap();
    let request = json!({
        "trip_id": TRIP,
        "rider_id": "rider-1",
        "pickup": {"lat": 50.0, "lon": 10.0, "zone": "a"},
        "dropoff": {"lat": 50.1, "lon": 10.0, "zone": "b"},
        "distance_m": 7_400,
    });
    trips
        .request(serde_json::from_value::<TripRequest>(request).unwrap())
        .await
        .unwrap();
    (folder, trips)
}

fn assigned() -> DriverAssigned {
    DriverAssigned {
        trip_id: TRIP,
        driver_id: "driver-1".into(),
        lease: 1,
        pickup_distance_m: 111,
    }
}

async fn shown(trips: &Trips) -> Value {
    serde_json::to_value(View::of(&trips.get(TRIP).await.unwrap())).unwrap()
}

#[tokio::test]
async fn a_driver_is_assigned_and_the_ride_happens() {
    let (_folder, trips) = trips_with_one().await;
    Scenario::of(rides::trip::trip(trips.clone()))
        .when(assigned())
        .await
        .then_nothing();
    let trip = shown(&trips).await;
    assert_eq!(
        (&trip["status"], &trip["driver_id"]),
        (&json!("assigned"), &json!("driver-1"))
    );
    trips.pick_up(TRIP).await.unwrap();
    trips.drop_off(TRIP, None).await.unwrap();
    let trip = shown(&trips).await;
    assert_eq!(
        (&trip["status"], &trip["fare"]),
        (&json!("completed"), &json!("15.95"))
    );
    assert_eq!(
        trips.outbox().pending().await.unwrap(),
        3,
        "requested, picked up, completed"
    );
}

#[tokio::test]
async fn a_driver_who_is_assigned_after_the_cancellation_is_ignored() {
    let (_folder, trips) = trips_with_one().await;
    trips.cancel(TRIP, String::new()).await.unwrap();
    Scenario::of(rides::trip::trip(trips.clone()))
        .when(assigned())
        .await
        .then_nothing();
    assert_eq!(shown(&trips).await["status"], "cancelled");
    assert!(trips.pick_up(TRIP).await.is_err());
}

#[tokio::test]
async fn when_nobody_is_free_the_trip_asks_again_once() {
    let (_folder, trips) = trips_with_one().await;
    let nobody = DriverUnavailable {
        trip_id: TRIP,
        refused: 0,
    };
    Scenario::of(rides::trip::trip(trips.clone()))
        .when(nobody)
        .await
        .then_nothing();
    let later = farandole::now_ms() + 2_000;
    assert_eq!(trips.wake(later).await.unwrap(), 1);
    assert_eq!(trips.wake(later).await.unwrap(), 0);
    assert_eq!(
        (
            &shown(&trips).await["searches"],
            trips.outbox().pending().await.unwrap()
        ),
        (&json!(2), 2)
    );
}

#[tokio::test]
async fn what_is_due_stays_due_over_a_restart() {
    let (folder, trips) = trips_with_one().await;
    let nobody = DriverUnavailable {
        trip_id: TRIP,
        refused: 0,
    };
    Scenario::of(rides::trip::trip(trips))
        .when(nobody)
        .await
        .then_nothing();
    let patience = Patience {
        patience_ms: 1,
        search_interval_ms: 1,
    };
    let again = Trips::open(&folder.path().join("trip.sqlite3"), patience).unwrap();
    assert_eq!(again.wake(farandole::now_ms() + 2_000).await.unwrap(), 1);
    assert_eq!(shown(&again).await["searches"], 2);
}

#[tokio::test]
async fn an_event_of_a_trip_that_is_not_in_this_database_becomes_a_dead_letter() {
    let (_folder, trips) = trips_with_one().await;
    let elsewhere = DriverAssigned {
        trip_id: Uuid::from_u128(18),
        ..assigned()
    };
    Scenario::of(rides::trip::trip(trips.clone()))
        .when(elsewhere)
        .await
        .then_rejects("there is no trip");
    assert_eq!(shown(&trips).await["status"], "requested");
}
