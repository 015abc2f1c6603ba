//! What apps can ask of the trip service, over HTTP and without Kafka.

use std::net::SocketAddr;

use farandole::{Shutdown, Trigger, http};
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use trip::{Patience, Trips};

const TRIP: &str = "8f14e45f-ceea-467f-a8d4-1f0e3a5b9c01";
const OTHER: &str = "8f14e45f-ceea-467f-a8d4-1f0e3a5b9c02";

struct Service {
    _folder: tempfile::TempDir,
    _end: Trigger,
    trips: Trips,
    address: SocketAddr,
    client: Client,
}

struct Answer {
    status: StatusCode,
    kind: String,
    location: Option<String>,
    body: Value,
}

impl Service {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let patience = Patience {
            patience_ms: 60_000,
            search_interval_ms: 2_000,
        };
        let trips = Trips::open(&folder.path().join("trip.sqlite3"), patience).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (end, shutdown) = Shutdown::manual();
        tokio::spawn(http::serve(listener, trip::router(trips.clone()), shutdown));
        let client = Client::builder().no_proxy().build().unwrap();
        Self {
            _folder: folder,
            _end: end,
            trips,
            address,
            client,
        }
    }

    async fn ask(&self, method: Method, path: &str, body: Option<&str>) -> Answer {
        let mut request = self
            .client
            .request(method, format!("http://{}{path}", self.address));
        if let Some(body) = body {
            request = request
                .header("content-type", "application/json")
                .body(body.to_owned());
        }
        let response = request.send().await.unwrap();
        let header = |name| {
            response
                .headers()
                .get(name)
                .and_then(|value| value.to_str().ok())
                .map(str::to_owned)
        };
        let (kind, location) = (
            header("content-type").unwrap_or_default(),
            header("location"),
        );
        Answer {
            status: response.status(),
            kind,
            location,
            body: response.json().await.unwrap(),
        }
    }

    async fn post(&self, path: &str, body: &Value) -> Answer {
        self.ask(Method::POST, path, Some(&body.to_string())).await
    }

    async fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path, None).await
    }
}

fn request(trip_id: &str) -> Value {
    json!({
        "trip_id": trip_id,
        "rider_id": "rider-17",
        "pickup": {"lat": 40.7614, "lon": -73.9776, "zone": "Midtown East"},
        "dropoff": {"lat": 40.7033, "lon": -74.017, "zone": "Battery Park"},
    })
}

#[track_caller]
fn assert_problem(answer: &Answer, status: u16) {
    assert_eq!(answer.status.as_u16(), status, "{}", answer.body);
    assert_eq!(answer.kind, "application/problem+json");
    assert_eq!(answer.body["status"], status);
    assert!(
        answer.body["detail"]
            .as_str()
            .is_some_and(|detail| !detail.is_empty()),
        "{}",
        answer.body
    );
}

#[tokio::test]
async fn a_new_trip_is_created_and_its_event_waits_in_the_outbox() {
    let service = Service::start().await;
    let answer = service.post("/trips", &request(TRIP)).await;
    assert_eq!(answer.status, StatusCode::CREATED);
    assert_eq!(answer.location, Some(format!("/trips/{TRIP}")));
    assert_eq!(
        (&answer.body["status"], &answer.body["passengers"]),
        (&json!("requested"), &json!(1))
    );
    assert_eq!(service.trips.outbox().pending().await.unwrap(), 1);
    let shown = service.get(&format!("/trips/{TRIP}")).await;
    assert_eq!((shown.status, shown.body), (StatusCode::OK, answer.body));
}

#[tokio::test]
async fn the_service_chooses_an_id_where_the_app_does_not() {
    let service = Service::start().await;
    let mut body = request(TRIP);
    body.as_object_mut().unwrap().remove("trip_id");
    let (one, other) = (
        service.post("/trips", &body).await,
        service.post("/trips", &body).await,
    );
    assert_eq!(
        (one.status, other.status),
        (StatusCode::CREATED, StatusCode::CREATED)
    );
    assert_ne!(one.body["trip_id"], other.body["trip_id"]);
}

#[tokio::test]
async fn the_same_request_again_is_the_same_trip() {
    let service = Service::start().await;
    let first = service.post("/trips", &request(TRIP)).await;
    let again = service.post("/trips", &request(TRIP)).await;
    assert_eq!((again.status, &again.body), (StatusCode::OK, &first.body));
    assert_eq!(
        service.trips.outbox().pending().await.unwrap(),
        1,
        "one event"
    );
}

#[tokio::test]
async fn another_request_under_the_same_id_is_a_conflict() {
    let service = Service::start().await;
    service.post("/trips", &request(TRIP)).await;
    let mut other = request(TRIP);
    other["passengers"] = json!(4);
    assert_problem(&service.post("/trips", &other).await, 409);
}

#[tokio::test]
async fn what_is_no_request_is_refused_with_the_reason() {
    let service = Service::start().await;
    for (body, status, word) in [
        ("{", 400, "EOF"),
        ("[1]", 422, "invalid"),
        (r#"{"rider_id": "rider-1"}"#, 422, "pickup"),
        (r#"{"rider": "rider-1"}"#, 422, "rider"),
    ] {
        let answer = service.ask(Method::POST, "/trips", Some(body)).await;
        assert_problem(&answer, status);
        assert!(
            answer.body["detail"].as_str().unwrap().contains(word),
            "{}",
            answer.body
        );
    }
    let mut nowhere = request(TRIP);
    nowhere["pickup"]["lat"] = json!(91);
    assert_problem(&service.post("/trips", &nowhere).await, 422);
    let mut wrong_id = request("17");
    wrong_id["rider_id"] = json!("rider-1");
    assert_problem(&service.post("/trips", &wrong_id).await, 422);
    assert_eq!(service.trips.outbox().pending().await.unwrap(), 0);
}

#[tokio::test]
async fn a_trip_can_be_cancelled_once_and_saying_it_again_is_fine() {
    let service = Service::start().await;
    service.post("/trips", &request(TRIP)).await;
    let path = format!("/trips/{TRIP}/cancel");
    let answer = service
        .post(&path, &json!({"reason": "plans changed"}))
        .await;
    assert_eq!(
        (answer.status, &answer.body["status"]),
        (StatusCode::OK, &json!("cancelled"))
    );
    let again = service.ask(Method::POST, &path, None).await;
    assert_eq!(
        (again.status, &again.body["reason"]),
        (StatusCode::OK, &json!("plans changed"))
    );
    assert_eq!(
        service.trips.outbox().pending().await.unwrap(),
        2,
        "trip.requested and one trip.cancelled"
    );
}

#[tokio::test]
async fn what_the_state_does_not_allow_is_a_conflict_that_names_the_state() {
    let service = Service::start().await;
    service.post("/trips", &request(TRIP)).await;
    for action in ["picked-up", "dropped-off"] {
        let answer = service
            .ask(Method::POST, &format!("/trips/{TRIP}/{action}"), None)
            .await;
        assert_problem(&answer, 409);
        assert_eq!(answer.body["state"], "requested");
    }
}

#[tokio::test]
async fn unknown_trips_and_paths_are_not_found_and_odd_ids_refused() {
    let service = Service::start().await;
    assert_problem(&service.get(&format!("/trips/{OTHER}")).await, 404);
    assert_problem(
        &service
            .ask(Method::POST, &format!("/trips/{OTHER}/cancel"), None)
            .await,
        404,
    );
    assert_problem(&service.get("/trip").await, 404);
    assert_problem(&service.get("/trips/17").await, 400);
    assert_problem(&service.ask(Method::DELETE, "/trips", None).await, 405);
    let fare = json!({"fare": "18.505"});
    assert_problem(
        &service
            .post(&format!("/trips/{OTHER}/dropped-off"), &fare)
            .await,
        422,
    );
}

#[tokio::test]
async fn the_list_is_filtered_and_paged_and_shows_later_changes_at_the_cursor() {
    let service = Service::start().await;
    for number in 1..=5 {
        let mut body = request(&format!("8f14e45f-ceea-467f-a8d4-1f0e3a5b9c{number:02}"));
        body["rider_id"] = json!(format!("rider-{}", number % 2));
        service.post("/trips", &body).await;
    }
    service
        .post(&format!("/trips/{TRIP}/cancel"), &json!({}))
        .await;
    let ids = |answer: &Answer| -> Vec<String> {
        let trips = answer.body["trips"].as_array().unwrap();
        trips
            .iter()
            .map(|trip| trip["trip_id"].as_str().unwrap()[34..].to_owned())
            .collect()
    };
    let first = service.get("/trips?limit=3").await;
    assert_eq!(
        (ids(&first), &first.body["more"]),
        (vec!["02".into(), "03".into(), "04".into()], &json!(true))
    );
    let cursor = first.body["next_cursor"].as_str().unwrap();
    let second = service
        .get(&format!("/trips?limit=3&cursor={cursor}"))
        .await;
    assert_eq!(
        (ids(&second), &second.body["more"]),
        (vec!["05".into(), "01".into()], &json!(false)),
        "in the order of change"
    );
    let cursor = second.body["next_cursor"].as_str().unwrap().to_owned();
    assert_eq!(
        ids(&service.get(&format!("/trips?cursor={cursor}")).await),
        Vec::<String>::new()
    );
    service
        .post(
            "/trips/8f14e45f-ceea-467f-a8d4-1f0e3a5b9c03/cancel",
            &json!({}),
        )
        .await;
    assert_eq!(
        ids(&service.get(&format!("/trips?cursor={cursor}")).await),
        ["03"]
    );
    assert_eq!(
        ids(&service.get("/trips?status=cancelled").await),
        ["01", "03"]
    );
    assert_eq!(
        ids(&service.get("/trips?rider=rider-0&status=requested").await),
        ["02", "04"]
    );
    for query in [
        "status=lost",
        "limit=0",
        "limit=1001",
        "limit=x",
        "cursor=x",
        "order=asc",
    ] {
        assert_problem(&service.get(&format!("/trips?{query}")).await, 400);
    }
}

#[tokio::test]
async fn a_trip_without_a_driver_is_given_up_when_patience_ends() {
    let service = Service::start().await;
    service.post("/trips", &request(TRIP)).await;
    let now = farandole::now_ms();
    assert_eq!(service.trips.wake(now + 59_000).await.unwrap(), 0);
    assert_eq!(service.trips.wake(now + 60_000).await.unwrap(), 1);
    assert_eq!(
        service.get(&format!("/trips/{TRIP}")).await.body["status"],
        "unfulfilled"
    );
    assert_eq!(service.trips.wake(now + 120_000).await.unwrap(), 0);
    let late = service
        .ask(Method::POST, &format!("/trips/{TRIP}/cancel"), None)
        .await;
    assert_problem(&late, 409);
    assert_eq!(late.body["state"], "unfulfilled");
}
