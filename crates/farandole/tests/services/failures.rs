use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use farandole::{Context, External, Failure, Outgoing, Record, RetryPolicy, Service, StartOptions};

use crate::ride::{self, Offer, SCHEMAS, TripRequested, WORKFLOWS, offered, requested};
use crate::support::{Cluster, envelope, eventually, headers};

const DEAD: &str = "driver-assignment.dead-letters";
const REDRIVE: &str = "driver-assignment.redrive";

/// Two tries, right after each other.
fn hasty() -> RetryPolicy {
    RetryPolicy {
        attempts: 2,
        initial_ms: 10,
        ..RetryPolicy::default()
    }
}

fn start() -> Outgoing {
    let start = External::start(
        &WORKFLOWS[0],
        "trip",
        "request",
        &requested(""),
        StartOptions::default(),
    );
    start.expect("a start").outgoing.remove(0)
}

/// The record as it was published, but for what only the broker knows.
fn same(dead: &Record, original: &Outgoing) {
    assert_eq!(
        (&dead.key, &dead.value),
        (&original.key, &original.value),
        "key and value are the original's"
    );
    for header in original.headers.iter() {
        assert_eq!(
            dead.headers.get(&header.name),
            header.value.as_deref(),
            "header {}",
            header.name
        );
    }
}

fn redriven(dead: &Record, redrives: u32) -> Outgoing {
    let mut headers = dead.headers.clone();
    headers.set("dl_redrives", redrives.to_string());
    Outgoing {
        topic: REDRIVE.into(),
        key: dead.key.clone(),
        value: dead.value.clone(),
        headers,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_is_tried_again_becomes_a_dead_letter_and_is_redriven_to_the_failing_group_alone()
{
    let cluster = Cluster::start().await;
    let (repaired, watched) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicUsize::new(0)),
    );
    let works = repaired.clone();
    let fragile = farandole::Participant::new("driver-assignment", &WORKFLOWS, SCHEMAS).step(
        "offer",
        move |trip: TripRequested, cx: Context| {
            let works = works.load(Ordering::SeqCst);
            async move {
                if works {
                    Ok(Offer::DriverOffered(offered(&trip.trip_id)))
                } else {
                    Err(Failure::retry(format!("try {}", cx.attempt())))
                }
            }
        },
    );
    let assignment = cluster.run("driver-assignment", |service| {
        service.participant(fragile).policy("offer", hasty())
    });
    let counter = watched.clone();
    let watch = |service: Service| {
        service.on(move |_: TripRequested, _| {
            counter.fetch_add(1, Ordering::SeqCst);
            async { Ok(()) }
        })
    };
    let watcher = cluster.run("watcher", watch);

    let original = start();
    let published = cluster.publish(original.clone()).await;

    let dead = cluster.wait_for(DEAD, 1).await.remove(0);
    same(&dead, &original);
    let text = |name: &str| dead.headers.text(name).unwrap_or_default().to_owned();
    assert_eq!(
        (text("dl_topic"), text("dl_offset")),
        ("trips".into(), published.offset.to_string())
    );
    assert_eq!(
        (text("dl_group"), text("dl_step")),
        ("driver-assignment".into(), "offer".into())
    );
    assert_eq!(
        (text("dl_attempts"), text("dl_error_class")),
        ("2".into(), "exhausted".into())
    );
    assert_eq!(
        (text("dl_error_message"), text("dl_redrives")),
        ("try 2".into(), "0".into())
    );

    cluster.publish(redriven(&dead, 1)).await;
    let again = cluster.wait_for(DEAD, 2).await;
    let again = again
        .iter()
        .find(|letter| letter.headers.text("dl_redrives") == Some("1"))
        .expect("the count is kept");
    same(again, &original);
    assert_eq!(
        again.headers.text("dl_topic"),
        Some("trips"),
        "the origin is kept"
    );
    assert_eq!(
        again.headers.text("dl_offset"),
        Some(published.offset.to_string().as_str())
    );

    repaired.store(true, Ordering::SeqCst);
    cluster.publish(redriven(again, 2)).await;
    let offered = cluster.wait_for("drivers", 1).await;
    assert_eq!(
        envelope(&offered[0]).id,
        "7b7afeea-7e58-5c7d-bf82-7d6766b53c2c",
        "the same id as without the detour"
    );
    assert_eq!(
        watched.load(Ordering::SeqCst),
        1,
        "other groups don't see it again"
    );

    assignment.stop().await;
    watcher.stop().await;
    let signals = cluster.records("farandole.signals").await;
    assert!(
        signals.len() >= 6,
        "started, retrying, dead-lettered, stopping: {}",
        signals.len()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_would_fail_again_is_not_tried_again_and_others_go_on() {
    let cluster = Cluster::start().await;
    let assignment = cluster.run("driver-assignment", |service| {
        service
            .participant(ride::driver_assignment())
            .policy("offer", hasty())
    });
    for (trip, note) in [("trip-1", "reject"), ("trip-2", "panic"), ("trip-3", "")] {
        let event = ride::requested_as(trip, note);
        let start = External::start(
            &WORKFLOWS[0],
            "trip",
            "request",
            &event,
            StartOptions::default(),
        )
        .expect("a start");
        start.publish(&cluster.publisher).await.expect("published");
    }
    let dead = cluster.wait_for(DEAD, 2).await;
    let told = |trip: &str| {
        let letter = dead
            .iter()
            .find(|letter| letter.key_text() == Some(trip))
            .expect("a dead letter");
        ["dl_error_class", "dl_attempts", "dl_error_message"]
            .map(|name| letter.headers.text(name).unwrap_or_default().to_owned())
    };
    assert_eq!(told("trip-1"), ["rejected", "1", "no such zone"]);
    assert_eq!(
        told("trip-2"),
        ["panicked", "2", "the handler panicked: out of paper"]
    );
    assert_eq!(
        cluster.wait_for("drivers", 1).await.len(),
        1,
        "trip-3 goes on"
    );
    assignment.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_are_no_event_become_dead_letters_as_they_are() {
    let cluster = Cluster::start().await;
    let assignment = cluster.run("driver-assignment", |service| {
        service.participant(ride::driver_assignment())
    });
    let mut garbled = start();
    garbled.value = garbled
        .value
        .map(|value| [&value[..10], b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f"].concat());
    let mut nameless = start();
    nameless.headers.remove("ce_id");
    let mut newer = start();
    newer.headers.set("ce_workflowversion", "9");
    let records = [
        (garbled, "undecodable"),
        (nameless, "undecodable"),
        (newer, "unknown-version"),
    ];
    for (record, _) in &records {
        cluster.publish(record.clone()).await;
    }

    let dead = cluster.wait_for(DEAD, records.len()).await;

    for (original, class) in &records {
        let letter = dead.iter().find(|letter| {
            letter.value == original.value
                && letter.headers.get("ce_id") == original.headers.get("ce_id")
                && letter.headers.get("ce_workflowversion")
                    == original.headers.get("ce_workflowversion")
        });
        let letter = letter.unwrap_or_else(|| panic!("no dead letter of class {class}"));
        same(letter, original);
        assert_eq!(letter.headers.text("dl_error_class"), Some(*class));
    }
    cluster.publish(start()).await;
    cluster.wait_for("drivers", 1).await;
    assignment.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn records_of_others_on_the_same_topic_are_left_alone() {
    let cluster = Cluster::start().await;
    let assignment = cluster.run("driver-assignment", |service| {
        service.participant(ride::driver_assignment())
    });
    let plain = Outgoing {
        topic: "trips".into(),
        key: None,
        value: Some(b"hello".to_vec()),
        headers: headers(&[("who", "somebody")]),
    };
    let mut elsewhere = start();
    elsewhere.headers.set("ce_workflow", "parcel");
    let mut loose = start();
    loose.headers.remove("ce_correlationid");
    let broken_but_unwanted = Outgoing {
        headers: headers(&[("ce_type", "weather.changed")]),
        ..plain.clone()
    };
    for record in [plain, elsewhere, loose, broken_but_unwanted, start()] {
        cluster.publish(record).await;
    }
    cluster.wait_for("drivers", 1).await;
    let committed = eventually(|| async {
        let inspector = farandole_read::Inspector::open(&cluster.kafka, "test").ok()?;
        let partitions: Vec<(String, i32)> = (0..3)
            .map(|partition| ("trips".to_owned(), partition))
            .collect();
        let read: i64 = committed(&inspector, &partitions).await?;
        (read == 5).then_some(())
    });
    assert!(committed.await.is_some(), "they count as done");
    assert!(cluster.records(DEAD).await.is_empty());
    assert_eq!(cluster.records("drivers").await.len(), 1);
    assignment.stop().await;
}

/// How many records of these partitions the group has done.
async fn committed(
    inspector: &farandole_read::Inspector,
    partitions: &[(String, i32)],
) -> Option<i64> {
    let offsets = inspector
        .committed("driver-assignment", partitions)
        .await
        .ok()?;
    Some(offsets.values().flatten().sum())
}
