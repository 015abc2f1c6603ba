//! The participant as the workflow sees it: who is told of what.

use std::sync::Mutex;

use farandole::Participant;
use farandole::testing::{Scenario, events};
use notification::{Channel, ChannelError, LogChannel, LogFile, Message, Notifier, Sent};
use rides::*;
use uuid::Uuid;

const TRIP: Uuid = Uuid::from_u128(17);

/// A channel that sends everything at the same moment, unless it is broken.
#[derive(Default)]
struct Fake {
    broken: Mutex<bool>,
}

impl Channel for Fake {
    fn name(&self) -> &'static str {
        "fake"
    }

    async fn send(&self, _: Message) -> Result<Sent, ChannelError> {
        if *self.broken.lock().unwrap() {
            Err(ChannelError::Closed)
        } else {
            Ok(Sent { at_ms: 5 })
        }
    }
}

fn notification() -> Participant {
    trip::notification(Notifier::new(Fake::default()))
}

fn requested() -> TripRequested {
    let place = || Place {
        lat: 50.0,
        lon: 10.0,
        zone: "a".into(),
    };
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

fn assigned() -> DriverAssigned {
    DriverAssigned {
        trip_id: TRIP,
        driver_id: "driver-1".into(),
        lease: 1,
        pickup_distance_m: 111,
    }
}

fn cancelled(driver_id: Option<&str>) -> TripCancelled {
    let driver_id = driver_id.map(str::to_owned);
    TripCancelled {
        trip_id: TRIP,
        rider_id: "rider-1".into(),
        driver_id,
        reason: String::new(),
    }
}

fn rider(stage: Stage) -> RiderNotified {
    RiderNotified {
        trip_id: TRIP,
        rider_id: "rider-1".into(),
        stage,
        channel: "fake".into(),
        notified_at: 5,
    }
}

fn driver(stage: Stage) -> DriverNotified {
    DriverNotified {
        trip_id: TRIP,
        driver_id: "driver-1".into(),
        stage,
        channel: "fake".into(),
        notified_at: 5,
    }
}

#[tokio::test]
async fn the_rider_is_told_of_the_request() {
    Scenario::of(notification())
        .when(requested())
        .await
        .then_emits([rider(Stage::Requested)]);
}

#[tokio::test]
async fn rider_and_driver_are_told_of_each_other() {
    let told = events![rider(Stage::Assigned), driver(Stage::Assigned)];
    Scenario::of(notification())
        .given([requested()])
        .when(assigned())
        .await
        .then_emits(told);
}

#[tokio::test]
async fn a_driver_on_the_way_is_told_that_the_trip_is_off() {
    let told = events![rider(Stage::Cancelled), driver(Stage::Cancelled)];
    Scenario::of(notification())
        .given([requested()])
        .when(cancelled(Some("driver-1")))
        .await
        .then_emits(told);
}

#[tokio::test]
async fn without_a_driver_only_the_rider_is_told() {
    Scenario::of(notification())
        .given([requested()])
        .when(cancelled(None))
        .await
        .then_emits([rider(Stage::Cancelled)]);
}

#[tokio::test]
async fn an_event_that_carries_no_rider_is_rejected() {
    Scenario::of(notification())
        .when(assigned())
        .await
        .then_rejects("trip.requested.rider_id");
}

#[tokio::test]
async fn a_broken_channel_is_tried_again() {
    let broken = Fake {
        broken: Mutex::new(true),
    };
    Scenario::of(trip::notification(Notifier::new(broken)))
        .when(requested())
        .await
        .then_retries("closed");
}

#[tokio::test]
async fn the_same_event_after_a_restart_gives_the_same_bytes_and_no_second_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notifications.jsonl");
    let mut values = Vec::new();
    for _ in 0..2 {
        let channel = LogChannel::new(LogFile::open(&path).unwrap()).unwrap();
        let then = Scenario::of(trip::notification(Notifier::new(channel)))
            .when(requested())
            .await;
        values.push(then.emitted().remove(0).record.value);
    }
    assert_eq!(values[0], values[1]);
    assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count(), 1);
}
