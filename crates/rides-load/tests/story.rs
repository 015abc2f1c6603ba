//! Riders' stories against a small made-up trip service that is out of order now and then.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use rides_load::accepted::Accepted;
use rides_load::board::Board;
use rides_load::client::{Client, Status};
use rides_load::drivers::Drivers;
use rides_load::plan::{Fate, Mix, Ride, made_up, plan};
use rides_load::rider::{Story, World, play};
use rides_load::tally::Tally;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::time::Instant;
use uuid::Uuid;

/// A trip service that assigns a driver at once, except to trips that begin with `far`; every third answer is an error.
#[derive(Clone, Default)]
struct Fake(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    answers: u32,
    changed: u32,
    trips: HashMap<Uuid, (u32, &'static str)>,
    requests: u32,
}

type Answer = (StatusCode, Json<Value>);

impl Fake {
    async fn serve(self) -> String {
        let router = Router::new()
            .route("/trips", get(list).post(request))
            .route("/trips/{trip_id}/{action}", post(act))
            .with_state(self);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async { axum::serve(listener, router).await });
        url
    }

    fn answer(&self, act: impl FnOnce(&mut Inner) -> Answer) -> Answer {
        let mut inner = self.0.lock().unwrap();
        inner.answers += 1;
        let answer = act(&mut inner);
        // What was asked is done all the same: the app must be able to ask again.
        if inner.answers.is_multiple_of(3) {
            (StatusCode::SERVICE_UNAVAILABLE, Json(json!({})))
        } else {
            answer
        }
    }
}

impl Inner {
    fn show(&mut self, trip_id: Uuid, status: &'static str) -> Answer {
        self.changed += 1;
        self.trips.insert(trip_id, (self.changed, status));
        (StatusCode::OK, Json(view(trip_id, status)))
    }
}

fn view(trip_id: Uuid, status: &str) -> Value {
    json!({
        "trip_id": trip_id,
        "status": status,
        "requested_at_ms": 1_000,
        "assigned_at_ms": 1_040,
        "driver_id": "driver-1",
        "pickup_distance_m": 50,
    })
}

async fn request(State(fake): State<Fake>, Json(body): Json<Value>) -> Answer {
    let trip_id = serde_json::from_value(body["trip_id"].clone()).unwrap();
    let far = body["pickup"]["zone"] == "far outside";
    fake.answer(|inner| {
        inner.requests += 1;
        let answer = inner.show(trip_id, "requested");
        let _shown_later = inner.show(trip_id, if far { "unfulfilled" } else { "assigned" });
        answer
    })
}

async fn act(State(fake): State<Fake>, Path((trip_id, action)): Path<(Uuid, String)>) -> Answer {
    fake.answer(|inner| match (action.as_str(), inner.trips[&trip_id].1) {
        ("cancel", "unfulfilled") => (StatusCode::CONFLICT, Json(json!({"state": "unfulfilled"}))),
        ("cancel", _) => inner.show(trip_id, "cancelled"),
        ("picked-up", _) => inner.show(trip_id, "picked_up"),
        (_, _) => inner.show(trip_id, "completed"),
    })
}

async fn list(State(fake): State<Fake>) -> Answer {
    fake.answer(|inner| {
        let mut trips: Vec<_> = inner.trips.iter().collect();
        trips.sort_by_key(|(_, (changed, _))| *changed);
        let shown: Vec<Value> = trips
            .iter()
            .map(|(trip_id, (_, status))| view(**trip_id, status))
            .collect();
        (
            StatusCode::OK,
            Json(json!({"trips": shown, "next_cursor": "0", "more": false})),
        )
    })
}

fn ride(fate: Fate) -> Ride {
    let remote_share = if fate == Fate::WaitsInVain { 1.0 } else { 0.0 };
    let ride = plan(
        &made_up(1, 1),
        Mix {
            seed: 1,
            cancel_share: 0.0,
            remote_share,
        },
    )
    .remove(0);
    Ride { fate, ..ride }
}

/// Plays one rider against the service at `url`, a thousand times as fast as life.
async fn played(ride: Ride, url: &str, limit: Duration) -> Story {
    let deadline = Instant::now() + limit;
    let client = Arc::new(Client::new(url, deadline).unwrap());
    let world = Arc::new(World {
        client: client.clone(),
        board: Arc::default(),
        drivers: Arc::new(Drivers::new(3, 1)),
        tally: Arc::new(Tally::of(1)),
        accepted: Accepted::open(None).unwrap(),
        time_scale: 10_000.0,
        deadline,
    });
    let follow = tokio::spawn(Board::follow(world.board.clone(), client));
    let story = play(ride, world).await;
    follow.abort();
    story
}

const ENOUGH: Duration = Duration::from_secs(30);

#[tokio::test]
async fn a_rider_arrives_although_every_third_answer_is_an_error() {
    let fake = Fake::default();
    let story = played(ride(Fate::Rides), &fake.clone().serve().await, ENOUGH).await;
    assert_eq!(story.end, Ok(Status::Completed));
    assert_eq!(story.assigned_after, Some(Duration::from_millis(40)));
}

#[tokio::test]
async fn a_request_that_got_lost_is_made_again_for_the_same_trip() {
    let fake = Fake::default();
    fake.0.lock().unwrap().answers = 2; // the next answer is an error
    let story = played(ride(Fate::Rides), &fake.clone().serve().await, ENOUGH).await;
    assert_eq!(story.end, Ok(Status::Completed));
    let inner = fake.0.lock().unwrap();
    assert_eq!(inner.trips.len(), 1);
}

#[tokio::test]
async fn a_rider_calls_it_off() {
    let story = played(
        ride(Fate::CallsOff(Duration::ZERO)),
        &Fake::default().serve().await,
        ENOUGH,
    )
    .await;
    assert_eq!(story.end, Ok(Status::Cancelled));
}

#[tokio::test]
async fn a_rider_far_outside_waits_in_vain() {
    let story = played(
        ride(Fate::WaitsInVain),
        &Fake::default().serve().await,
        ENOUGH,
    )
    .await;
    assert_eq!(story.end, Ok(Status::Unfulfilled));
}

#[tokio::test]
async fn a_service_that_never_answers_is_named_as_the_reason() {
    let nobody = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    let story = played(
        ride(Fate::Rides),
        &format!("http://{nobody}"),
        Duration::from_millis(600),
    )
    .await;
    let reason = story.end.unwrap_err();
    assert!(
        reason.contains("POST /trips: no answer in time"),
        "{reason}"
    );
}
