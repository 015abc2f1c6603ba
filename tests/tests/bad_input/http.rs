//! Requests that are none.

use farandole_tests::line::Line;
use reqwest::{Client, Response};
use serde_json::{Value, json};
use uuid::Uuid;

/// `POST /trips` and what happens to a trip.
pub(crate) async fn what_is_no_request_is_answered_with_a_problem(line: &Line) {
    let http = Client::new();
    let trips = format!("{}/trips", line.trip_url);
    let json = "application/json";
    let mut wrong_type = request();
    wrong_type["passengers"] = json!("two");
    let mut unknown_field = request();
    unknown_field["pasengers"] = json!(2);
    let mut nowhere = request();
    nowhere["pickup"]["lat"] = json!(123.0);
    let mut nobody = request();
    nobody["rider_id"] = json!("");
    let bodies: [(&str, Vec<u8>, u16, &str); 9] = [
        (json, b"\xff\xfe garbage".to_vec(), 400, "line 1"),
        (json, Vec::new(), 400, "EOF"),
        (json, b"{\"rider_id\": ".to_vec(), 400, "line 1"),
        (json, wrong_type.to_string().into(), 422, "passengers"),
        (json, unknown_field.to_string().into(), 422, "pasengers"),
        (json, nowhere.to_string().into(), 422, "pickup.lat"),
        (json, nobody.to_string().into(), 422, "rider_id"),
        (
            "text/plain",
            request().to_string().into(),
            415,
            "application/json",
        ),
        (json, vec![b' '; 2_000_000], 413, "1 MiB"),
    ];
    for (kind, body, status, words) in bodies {
        let shown = String::from_utf8_lossy(&body[..body.len().min(60)]).into_owned();
        let sent = http
            .post(&trips)
            .header("content-type", kind)
            .body(body)
            .send();
        let answer = sent
            .await
            .unwrap_or_else(|e| panic!("{kind} {shown}: {e:?}"));
        problem(answer, status, words, &shown).await;
    }

    let unknown = Uuid::new_v4();
    for (path, status, words) in [
        (format!("{unknown}"), 404, unknown.to_string().as_str()),
        ("no-uuid".to_owned(), 400, "UUID"),
        ("%ff".to_owned(), 400, "UTF-8"),
        (format!("{unknown}/fly"), 404, "nothing is served"),
    ] {
        let answer = http
            .get(format!("{trips}/{path}"))
            .send()
            .await
            .expect("an answer");
        problem(answer, status, words, &path).await;
    }
    let wrong_method = http.delete(&trips).send().await.expect("an answer");
    problem(wrong_method, 405, "DELETE", "DELETE /trips").await;
    let stranger = http
        .post(&trips)
        .header("origin", "https://elsewhere.example");
    let stranger = stranger
        .header("content-type", json)
        .body(request().to_string());
    problem(
        stranger.send().await.expect("an answer"),
        403,
        "origin",
        "a foreign page",
    )
    .await;

    // A trip that nobody drives yet can't be picked up.
    let mut remote = request();
    remote["pickup"] = json!({"lat": -75.1, "lon": 123.3, "zone": "Nowhere"});
    let accepted = http
        .post(&trips)
        .header("content-type", json)
        .body(remote.to_string());
    let trip: Value = accepted
        .send()
        .await
        .expect("an answer")
        .json()
        .await
        .expect("a trip");
    let trip = trip["trip_id"].as_str().expect("an id");
    for (what, words) in [("picked-up", "picked up"), ("dropped-off", "dropped off")] {
        let answer = http
            .post(format!("{trips}/{trip}/{what}"))
            .send()
            .await
            .expect("an answer");
        let body = problem(answer, 409, words, what).await;
        assert_eq!(body["state"], "requested", "{body}");
    }
    let cancel = http
        .post(format!("{trips}/{trip}/cancel"))
        .body("{\"reason\": 7}");
    problem(
        cancel.send().await.expect("an answer"),
        422,
        "string",
        "a reason of 7",
    )
    .await;
    let cancel = http
        .post(format!("{trips}/{trip}/cancel"))
        .send()
        .await
        .expect("an answer");
    assert!(cancel.status().is_success(), "{cancel:?}");
}

/// The tracker's API.
pub(crate) async fn what_is_no_question_is_answered_with_a_problem(line: &Line) {
    let http = Client::new();
    let long = "a".repeat(2_000);
    for (path, status, words) in [
        ("/api/instances?limit=-1", 400, "1 to 500"),
        ("/api/instances?limit=1000000000", 400, "1 to 500"),
        (
            "/api/instances?limit=99999999999999999999999",
            400,
            "1 to 500",
        ),
        ("/api/instances?limit=many", 400, "many"),
        ("/api/instances?cursor=broken", 400, "next_cursor"),
        ("/api/instances?cursor=%00%ff", 400, "UTF-8"),
        ("/api/instances?statsu=stuck", 400, "known are workflow"),
        ("/api/instances?status=sutck", 400, "stuck"),
        ("/api/instances?since=yesterday", 400, "2026-01-31"),
        ("/api/instances?flag=%3Cscript%3E", 400, "deviated"),
        ("/api/instances?limit=1&limit=2", 400, "twice"),
        ("/api/instances/nobody", 404, "workflow:key"),
        ("/api/instances/%ff", 400, "UTF-8"),
        (&format!("/api/instances/{long}"), 400, "1 to 1024"),
        ("/api/instances/..%2f..%2fetc%2fpasswd", 404, "passwd"),
        ("/api/workflows/parcel", 404, "parcel"),
        ("/api/nothing", 404, "nothing is served"),
    ] {
        let url = format!("{}{path}", line.tracker_url);
        let answer = http.get(url).send().await.expect("an answer");
        problem(answer, status, words, path).await;
    }
    let post = http.post(format!("{}/api/instances", line.tracker_url));
    problem(post.send().await.expect("an answer"), 405, "POST", "POST").await;

    // A head of a megabyte is refused before anything looks at it.
    let id = "a".repeat(1 << 20);
    let url = format!("{}/api/instances/{id}", line.tracker_url);
    if let Ok(answer) = http.get(url).send().await {
        assert!(answer.status().is_client_error(), "{}", answer.status());
    }
    line.tracker("/api/instances?limit=1")
        .await
        .expect("the tracker is fine");
}

fn request() -> Value {
    let place = json!({"lat": 40.76, "lon": -73.98, "zone": "Midtown East"});
    json!({"rider_id": "rider-17", "pickup": place, "dropoff": place})
}

/// The answer is a problem with that status whose detail has these words.
#[track_caller]
fn problem(answer: Response, status: u16, words: &str, about: &str) -> impl Future<Output = Value> {
    let caller = std::panic::Location::caller();
    let (words, about) = (words.to_owned(), about.to_owned());
    async move {
        let kind = answer.headers().get("content-type").cloned();
        let got = answer.status().as_u16();
        let text = answer.text().await.expect("a body");
        let place = format!("{about} (from line {}): {got} {text}", caller.line());
        assert_eq!(got, status, "{place}");
        assert_eq!(kind.expect(&place), "application/problem+json", "{place}");
        let body: Value = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{place}: {e}"));
        assert_eq!(body["status"], status, "{place}");
        assert!(
            body["detail"].as_str().is_some_and(|d| d.contains(&words)),
            "{words:?} in {place}"
        );
        body
    }
}
