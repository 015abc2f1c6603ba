use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use farandole::{Context, External, StartOptions};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::ride::{self, TripRequested, WORKFLOWS, requested};
use crate::support::{Cluster, envelope, eventually};

#[tokio::test(flavor = "multi_thread")]
async fn two_services_bring_an_instance_to_its_end_and_a_plain_consumer_looks_on() {
    let cluster = Cluster::start().await;
    let seen = Arc::new(AtomicUsize::new(0));
    let assignment = cluster.run("driver-assignment", |service| {
        service.participant(ride::driver_assignment())
    });
    let notification = cluster.run("notification", |service| {
        service.participant(ride::notification())
    });
    let counter = seen.clone();
    let watcher = cluster.run("watcher", |service| {
        service.on(move |_: TripRequested, _: Context| {
            counter.fetch_add(1, Ordering::SeqCst);
            async { Ok(()) }
        })
    });
    let start = External::start(
        &WORKFLOWS[0],
        "trip",
        "request",
        &requested(""),
        StartOptions::default(),
    )
    .expect("a start");

    let instance = start.publish(&cluster.publisher).await.expect("published");

    let notified = cluster.wait_for("notifications", 1).await;
    let event = envelope(&notified[0]);
    assert_eq!(event.event, "rider.notified");
    assert_eq!(event.correlation.as_ref(), Some(&instance.correlation));
    assert_eq!(event.carried["trip.requested.rider_id"], "rider-17");
    let offered = cluster.wait_for("drivers", 1).await;
    assert_eq!(event.causation, Some(envelope(&offered[0]).id));
    let looked = eventually(|| async { (seen.load(Ordering::SeqCst) == 1).then_some(()) });
    assert!(
        looked.await.is_some(),
        "the plain consumer sees the event, whatever its workflow"
    );

    for service in [assignment, notification, watcher] {
        service.stop().await;
    }
    let kinds: Vec<String> = cluster
        .records("farandole.signals")
        .await
        .iter()
        .map(|record| envelope(record).source)
        .collect();
    assert_eq!(
        kinds
            .iter()
            .filter(|source| *source == "/notification")
            .count(),
        2,
        "started and stopping: {kinds:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_publishes_what_it_is_made_of_once() {
    let cluster = Cluster::start().await;
    for _ in 0..2 {
        let service = cluster.run("driver-assignment", |service| {
            service.participant(ride::driver_assignment())
        });
        cluster.wait_for("farandole.catalog", 7).await;
        service.stop().await;
    }
    let records = cluster.records("farandole.catalog").await;
    let mut keys: Vec<&str> = records
        .iter()
        .filter_map(|record| record.key_text())
        .collect();
    keys.sort_unstable();
    assert_eq!(
        keys,
        [
            "participant/driver-assignment/trip/1",
            "schema/driver.offered/1",
            "schema/driver.unavailable/1",
            "schema/rider.notified/1",
            "schema/trip.cancelled/1",
            "schema/trip.requested/1",
            "workflow/trip/1",
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn http_is_served_beside_with_probes() {
    let cluster = Cluster::start().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let address = listener.local_addr().expect("an address");
    let app = axum::Router::new().route("/hello", axum::routing::get(|| async { "hello" }));
    let service = cluster.run("trip", |service| {
        let shutdown = service.shutdown();
        service
            .participant(ride::trip())
            .http_on(app, listener)
            .background(async move { shutdown.requested().await })
    });
    let get = |path: &'static str| async move {
        let mut stream = tokio::net::TcpStream::connect(address).await.ok()?;
        let request =
            format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.ok()?;
        answer.starts_with("HTTP/1.1 200").then_some(answer)
    };
    assert!(
        eventually(|| get("/hello"))
            .await
            .expect("an answer")
            .ends_with("hello")
    );
    assert!(
        eventually(|| get("/readyz")).await.is_some(),
        "ready once the topics are there"
    );
    service.stop().await;
}
