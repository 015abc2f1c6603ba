//! The HTTP API: what it answers, and what it refuses.

mod support;

use farandole_tracker::store::{Store, StoreOptions};
use serde_json::Value;
use support::{Log, Trip, server::Server};
use tempfile::TempDir;

struct Scene {
    server: Server,
    log: Log,
    _store: Store,
    _folder: TempDir,
}

/// Five trips: one completed, one assigned, one whose offer is overdue, one given up, one of another workflow.
async fn scene() -> Scene {
    let mut log = Log::new();
    log.publish_definitions();
    let end = Trip::new("done").to_completed(&mut log);
    Trip::new("done").notify(&mut log, &end);
    let overdue = Trip::new("overdue").start(&mut log);
    Trip::new("overdue").notify(&mut log, &overdue);
    log.wait(60_000);
    Trip::new("assigned").to_assigned(&mut log);
    let refused = Trip::new("refused").start(&mut log);
    Trip::new("refused").notify(&mut log, &refused);
    log.dead_letter(
        "driver-assignment",
        "offer",
        &refused,
        "<script>alert(1)</script>",
    );
    let parcel = Trip {
        workflow: "parcel".into(),
        correlation: "parcel-1".into(),
        ..Trip::new("done")
    };
    parcel.start(&mut log);
    at(log).await
}

async fn at(log: Log) -> Scene {
    let folder = tempfile::tempdir().expect("a folder");
    let mut store =
        Store::open(&folder.path().join("tracker.db"), StoreOptions::default()).expect("a store");
    store.apply(&log.records).expect("records");
    let server = Server::start(store.books(), Some(log.offsets()), log.clock_ms).await;
    Scene {
        server,
        log,
        _store: store,
        _folder: folder,
    }
}

fn keys(answer: &Value) -> Vec<&str> {
    let instances = answer["instances"].as_array().expect("instances");
    instances
        .iter()
        .map(|instance| instance["key"].as_str().expect("a key"))
        .collect()
}

#[tokio::test]
async fn workflows_count_instances_by_status_and_by_step() {
    let scene = scene().await;
    let answer = scene.server.json("/api/workflows/trip").await;
    assert_eq!(
        answer["statuses"],
        serde_json::json!({"running": 1, "stuck": 2, "completed": 1, "failed": 0})
    );
    let steps = answer["definitions"][0]["steps"].as_array().expect("steps");
    let step = |name: &str| {
        steps
            .iter()
            .find(|step| step["step"] == name)
            .expect("the step")
    };
    assert_eq!(step("offer")["open"], 2);
    assert_eq!(step("offer")["overdue"], 1);
    assert_eq!(step("pick-up")["outside"], 1);
    assert!(step("decide")["durations"]["p95_ms"].is_i64());
    let all = scene.server.json("/api/workflows").await;
    let names: Vec<&str> = all["workflows"]
        .as_array()
        .expect("cards")
        .iter()
        .filter_map(|card| card["name"].as_str())
        .collect();
    assert_eq!(names, ["parcel", "trip"]);
}

#[tokio::test]
async fn instances_are_filtered_by_status_step_key_flag_and_time() {
    let scene = scene().await;
    for (query, expected) in [
        ("workflow=trip&status=stuck", &["refused", "overdue"][..]),
        ("status=completed", &["done"]),
        ("workflow=trip&step=offer", &["refused", "overdue"]),
        ("step=pick-up", &["assigned"]),
        ("key=assigned", &["assigned"]),
        ("flag=dead-lettered", &["refused"]),
        ("workflow=trip&since=2099-01-01T00:00:00Z", &[]),
        ("workflow=%27%20OR%201=1%20--", &[]),
        ("tenant=nobody", &[]),
    ] {
        let answer = scene.server.json(&format!("/api/instances?{query}")).await;
        assert_eq!(keys(&answer), expected, "{query}");
    }
}

#[tokio::test]
async fn pages_follow_each_other_without_gap_or_repeat() {
    let scene = scene().await;
    let all = scene.server.json("/api/instances").await;
    let (mut found, mut path) = (vec![], "/api/instances?limit=2".to_owned());
    loop {
        let page = scene.server.json(&path).await;
        found.extend(keys(&page).into_iter().map(str::to_owned));
        let Some(cursor) = page["next_cursor"].as_str() else {
            break;
        };
        path = format!("/api/instances?limit=2&cursor={cursor}");
    }
    assert_eq!(found, keys(&all));
}

#[tokio::test]
async fn an_instance_is_found_by_correlation_by_workflow_and_key_and_by_a_key_of_its_own() {
    let scene = scene().await;
    let correlation = Trip::new("assigned").correlation;
    for id in [correlation.as_str(), "trip:assigned", "assigned"] {
        assert_eq!(
            scene.server.json(&format!("/api/instances/{id}")).await["correlation"],
            correlation,
            "{id}"
        );
    }
    let (status, kind, body) = scene.server.get("/api/instances/done").await;
    assert_eq!((status, kind.as_str()), (409, "application/problem+json"));
    let problem: Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!(problem["candidates"].as_array().map(Vec::len), Some(2));
    assert_eq!(
        scene.server.json("/api/instances/parcel:done").await["correlation"],
        "parcel-1"
    );
}

#[tokio::test]
async fn of_several_runs_of_a_key_the_latest_answers_and_lists_the_others() {
    let mut log = Log::new();
    log.publish_definitions();
    Trip::new("again").start(&mut log);
    let second = Trip {
        correlation: "second-run".into(),
        ..Trip::new("again")
    };
    second.start(log.wait(1_000));
    let scene = at(log).await;
    let answer = scene.server.json("/api/instances/again").await;
    assert_eq!(answer["correlation"], "second-run");
    assert_eq!(
        answer["other_runs"],
        serde_json::json!([Trip::new("again").correlation])
    );
}

#[tokio::test]
async fn an_instance_tells_status_flags_waits_reasons_and_timeline() {
    let scene = scene().await;
    let refused = scene.server.json("/api/instances/refused").await;
    assert_eq!(refused["status"], "stuck");
    assert_eq!(refused["flags"], serde_json::json!(["dead-lettered"]));
    assert_eq!(refused["why"][0]["reason"], "dead-lettered");
    assert_eq!(refused["why"][0]["message"], "<script>alert(1)</script>");
    assert!(
        refused["timeline"]
            .as_array()
            .expect("entries")
            .iter()
            .any(|entry| entry["kind"] == "dead-letter")
    );
    let overdue = scene.server.json("/api/instances/overdue").await;
    assert_eq!(overdue["why"][0]["reason"], "never-emitted");
    assert_eq!(overdue["deviations"][0]["kind"], "missing");
    assert_eq!(overdue["flags"], serde_json::json!(["deviated"]));
    let assigned = scene.server.json("/api/instances/assigned").await;
    assert_eq!(assigned["waits_for"][0]["step"], "pick-up");
    assert_eq!(assigned["waits_for"][0]["kind"], "outside");
}

#[tokio::test]
async fn events_come_with_decoded_payload_and_position() {
    let scene = scene().await;
    let answer = scene.server.json("/api/instances/overdue/events").await;
    let first = &answer["events"][0];
    assert_eq!(first["event"], "trip.requested");
    assert_eq!(first["data"]["key"], "overdue");
    assert_eq!(first["position"]["topic"], "trips");
}

#[tokio::test]
async fn every_answer_says_how_far_the_tracker_had_read() {
    let scene = scene().await;
    let as_of = scene.server.json("/api/instances").await["as_of"].clone();
    assert_eq!(as_of["at_ms"], scene.log.clock_ms);
    assert_eq!(as_of["behind"], 0);
    let partitions = as_of["partitions"].as_array().expect("partitions");
    assert!(
        partitions
            .iter()
            .any(|of| of["topic"] == "trips" && of["next_offset"] == of["end_offset"])
    );
}

#[tokio::test]
async fn hostile_requests_get_a_problem_and_the_next_one_is_answered() {
    let scene = scene().await;
    let long = "x".repeat(5_000);
    for (path, expected) in [
        ("/api/instances?limit=-1", 400),
        ("/api/instances?limit=0", 400),
        ("/api/instances?limit=1000000000", 400),
        ("/api/instances?limit=1&limit=2", 400),
        ("/api/instances?cursor=zz", 400),
        ("/api/instances?cursor=00", 400),
        ("/api/instances?cursor=%00", 400),
        ("/api/instances?status=asleep", 400),
        ("/api/instances?since=yesterday", 400),
        ("/api/instances?flag=red", 400),
        ("/api/instances?version=-3", 400),
        ("/api/instances?sort=key", 400),
        ("/api/instances?key=%ff%fe", 400),
        ("/api/instances?key=%f", 400),
        ("/api/instances/%ff", 400),
        ("/api/instances/..%2f..%2fetc%2fpasswd", 404),
        ("/api/instances/18446744073709551616", 404),
        ("/api/instances/nobody/why", 404),
        ("/api/instances/nobody/events", 404),
        ("/api/workflows/nobody", 404),
        ("/api/nothing", 404),
        (&format!("/api/instances/{long}"), 400),
    ] {
        let (status, kind, body) = scene.server.get(path).await;
        assert_eq!(
            (status, kind.as_str()),
            (expected, "application/problem+json"),
            "{path}: {body}"
        );
        let problem: Value = serde_json::from_str(&body).expect("JSON");
        assert!(
            problem["detail"]
                .as_str()
                .is_some_and(|detail| detail.len() < 400),
            "{path}: {body}"
        );
    }
    assert_eq!(scene.server.get("/api/instances").await.0, 200);
}

#[tokio::test]
async fn the_page_is_served_under_a_strict_policy_and_everything_it_names_is_there() {
    let scene = scene().await;
    let (status, kind, page) = scene.server.get("/").await;
    assert_eq!((status, kind.as_str()), (200, "text/html; charset=utf-8"));
    let policy = scene.server.header("/", "content-security-policy").await;
    assert!(
        policy.starts_with("default-src 'none'") && !policy.contains("unsafe"),
        "{policy}"
    );
    let named = page.split('"').filter(|text| text.starts_with("/page/"));
    let named: Vec<&str> = named.collect();
    assert!(named.len() >= 3, "{named:?}");
    for path in named {
        assert_eq!(scene.server.get(path).await.0, 200, "{path}");
    }
    for file in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src/page"))
        .expect("the page's files")
    {
        let text = std::fs::read_to_string(file.expect("a file").path()).expect("text");
        for forbidden in [
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "https://",
        ] {
            assert!(!text.contains(forbidden), "{forbidden} in the page");
        }
    }
}

#[tokio::test]
async fn metrics_count_instances_and_lag() {
    let scene = scene().await;
    let (_, kind, text) = scene.server.get("/metrics").await;
    assert!(kind.starts_with("text/plain"), "{kind}");
    assert!(
        text.contains("farandole_instances{workflow=\"trip\",version=\"1\",status=\"stuck\"} 2\n"),
        "{text}"
    );
    assert!(text.contains("farandole_tracker_lag_records 0\n"), "{text}");
}

#[tokio::test]
async fn the_openapi_document_names_every_route() {
    let scene = scene().await;
    let document = scene.server.json("/openapi.json").await;
    for path in [
        "/api/workflows/{name}",
        "/api/instances",
        "/api/instances/{id}/why",
        "/api/groups",
        "/api/topology",
        "/metrics",
    ] {
        assert!(
            document["paths"][path]["get"]["responses"]["200"].is_object(),
            "{path}"
        );
    }
}
