use std::time::{Duration, Instant};

use farandole_kafka::{Outcome, SubscriberSettings};

use crate::support::{Call, Cluster, Script};

#[tokio::test(flavor = "multi_thread")]
async fn the_end_waits_for_running_handlers() {
    let cluster = Cluster::with(&[("trips", 1)]).await;
    cluster
        .publish("trips", [("a".to_owned(), "1".to_owned())])
        .await;
    let handler = Script::new(|_| async {
        tokio::time::sleep(Duration::from_millis(700)).await;
        Outcome::Done
    });
    let running = cluster.subscribe(SubscriberSettings::new("g", ["trips"]), &handler);
    handler
        .until("begun", |handler| !handler.begun().is_empty())
        .await;

    running.stop_cleanly().await;
    assert_eq!(handler.done().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_that_does_not_end_is_given_up_and_its_record_delivered_again() {
    let cluster = Cluster::with(&[("trips", 1)]).await;
    cluster
        .publish("trips", [("a".to_owned(), "1".to_owned())])
        .await;
    let handler = Script::new(|_: Call| std::future::pending());
    let settings = SubscriberSettings {
        drain: Duration::from_millis(300),
        ..SubscriberSettings::new("g", ["trips"])
    };
    let running = cluster.subscribe(settings.clone(), &handler);
    handler
        .until("begun", |handler| !handler.begun().is_empty())
        .await;
    let ended = running.stop().await;
    assert_eq!((ended.abandoned, ended.left_behind), (1, false));

    let again = Script::new(|_| async { Outcome::Done });
    let running = cluster.subscribe(settings, &again);
    again.until_done(1).await;
    running.stop_cleanly().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_comes_in_time_although_the_broker_is_gone() {
    let mut cluster = Cluster::with(&[("trips", 1)]).await;
    cluster
        .publish("trips", (0..50).map(|n| ("a".to_owned(), n.to_string())))
        .await;
    let handler = Script::new(|_| async {
        tokio::time::sleep(Duration::from_millis(20)).await;
        Outcome::Done
    });
    let settings = SubscriberSettings {
        drain: Duration::from_secs(1),
        ..SubscriberSettings::new("g", ["trips"])
    };
    let mut running = cluster.subscribe(settings, &handler);
    handler.until_done(5).await;
    cluster.stop_broker().await;
    running
        .until("the loss is seen", |status| !status.connected)
        .await;

    let asked = Instant::now();
    running.stop().await;
    assert!(
        asked.elapsed() < Duration::from_secs(10),
        "{:?}",
        asked.elapsed()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscriber_that_still_waits_for_a_broker_ends_at_once() {
    let mut cluster = Cluster::with(&[("trips", 1)]).await;
    cluster.stop_broker().await;
    let handler = Script::new(|_| async { Outcome::Done });
    let mut running = cluster.subscribe(SubscriberSettings::new("g", ["trips"]), &handler);
    running
        .until("it says that it waits", |status| {
            status.last_error.is_some()
        })
        .await;

    let asked = Instant::now();
    running.stop_cleanly().await;
    assert!(
        asked.elapsed() < Duration::from_secs(1),
        "{:?}",
        asked.elapsed()
    );
}
