use std::time::Duration;

use farandole_engine::Settings;
use farandole_kafka::{Outcome, SubscribeError, SubscriberSettings};
use tokio::sync::Semaphore;

use crate::support::{Cluster, Script, by_key};

/// `count` values for each key, the keys taking turns.
fn records(keys: usize, count: usize) -> Vec<(String, String)> {
    (0..count)
        .flat_map(|n| (0..keys).map(move |key| (format!("key-{key}"), n.to_string())))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_handled_at_once_and_each_in_order() {
    let cluster = Cluster::with(&[("trips", 2)]).await;
    cluster.publish("trips", records(8, 25)).await;
    let handler = Script::new(|_| async {
        tokio::time::sleep(Duration::from_millis(2)).await;
        Outcome::Done
    });

    let running = cluster.subscribe(SubscriberSettings::new("g", ["trips"]), &handler);
    handler.until_done(200).await;

    running.stop_cleanly().await;
    assert_eq!(handler.done().len(), 200, "each once");
    assert!(
        handler.overlaps().is_empty(),
        "two at once of {:?}",
        handler.overlaps()
    );
    assert!(
        handler.most_at_work() > 2,
        "more at once than there are partitions: {}",
        handler.most_at_work()
    );
    let in_order: Vec<String> = (0..25).map(|n| n.to_string()).collect();
    for (key, values) in by_key(&handler.done()) {
        assert_eq!(values, in_order, "{key}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_goes_on_where_the_last_run_ended() {
    let cluster = Cluster::with(&[("trips", 3)]).await;
    cluster.publish("trips", records(5, 10)).await;
    let first = Script::new(|_| async { Outcome::Done });
    let running = cluster.subscribe(SubscriberSettings::new("g", ["trips"]), &first);
    first.until_done(50).await;
    running.stop_cleanly().await;

    cluster
        .publish("trips", [("key-1".to_owned(), "new".to_owned())])
        .await;
    let second = Script::new(|_| async { Outcome::Done });
    let running = cluster.subscribe(SubscriberSettings::new("g", ["trips"]), &second);
    second.until_done(1).await;
    running.stop_cleanly().await;
    let values: Vec<String> = second.done().into_iter().map(|call| call.value).collect();
    assert_eq!(values, ["new"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn reading_pauses_while_the_memory_is_full_and_nothing_is_lost() {
    static GATE: Semaphore = Semaphore::const_new(0);
    let cluster = Cluster::with(&[("trips", 2)]).await;
    cluster.publish("trips", records(50, 80)).await;
    let handler = Script::new(|_| async {
        let _through = GATE.acquire().await;
        Outcome::Done
    });
    let engine = Settings {
        max_buffered_records: 100,
        ..Settings::default()
    };
    let mut running = cluster.subscribe(
        SubscriberSettings {
            engine,
            ..SubscriberSettings::new("g", ["trips"])
        },
        &handler,
    );

    running.until("paused", |status| status.paused).await;
    let held = running.status.borrow().buffered_records;
    assert!(
        held < 1_000,
        "the limit of 100 is exceeded by a batch at most: {held}"
    );

    GATE.add_permits(1_000);
    handler.until_done(4_000).await;
    running.stop_cleanly().await;
    assert_eq!(handler.done().len(), 4_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_topic_is_an_error_that_names_it() {
    let cluster = Cluster::with(&[("trips", 1)]).await;
    let handler = Script::new(|_| async { Outcome::Done });
    let settings = SubscriberSettings::new("g", ["trips", "drivers", "assignments"]);
    let error = cluster
        .subscribe(settings, &handler)
        .ended()
        .await
        .expect_err("two topics are missing");
    assert!(
        matches!(&error, SubscribeError::MissingTopics { topics, .. } if *topics == ["assignments", "drivers"]),
        "{error}"
    );
    assert!(
        error.to_string().contains("farandole topics apply"),
        "{error}"
    );
}
