use std::collections::BTreeSet;
use std::time::Duration;

use farandole_kafka::{Outcome, SubscriberSettings};

use crate::support::{Call, Cluster, Script, by_key};

const KEYS: usize = 12;

fn records(from: usize, to: usize) -> Vec<(String, String)> {
    (from..to)
        .flat_map(|n| (0..KEYS).map(move |key| (format!("key-{key}"), n.to_string())))
        .collect()
}

/// Two members come and go under load: nothing is lost, and what both did is in order for each key.
#[tokio::test(flavor = "multi_thread")]
async fn members_come_and_go_without_loss_and_in_order() {
    let cluster = Cluster::with(&[("trips", 4)]).await;
    let handler = Script::new(|_| async {
        tokio::time::sleep(Duration::from_millis(3)).await;
        Outcome::Done
    });
    let settings = |id: &str| SubscriberSettings {
        client_id: id.into(),
        ..SubscriberSettings::new("g", ["trips"])
    };
    cluster.publish("trips", records(0, 50)).await;
    let mut first = cluster.subscribe(settings("first"), &handler);
    first
        .until("all is assigned to the first", |status| {
            status.assigned.len() == 4
        })
        .await;
    handler.until_done(20).await;

    let mut second = cluster.subscribe(settings("second"), &handler);
    cluster.publish("trips", records(50, 100)).await;
    second
        .until("the second has a share", |status| {
            status.assigned.len() == 2
        })
        .await;
    first
        .until("the first has the rest", |status| {
            status.assigned.len() == 2
        })
        .await;
    first.stop_cleanly().await;
    second
        .until("the second has all", |status| status.assigned.len() == 4)
        .await;
    handler
        .until("every record is done", |handler| {
            distinct(&handler.done()) == KEYS * 100
        })
        .await;

    second.stop_cleanly().await;
    assert!(
        handler.overlaps().is_empty(),
        "at work twice at once: {:?}",
        handler.overlaps()
    );
    for (key, values) in by_key(&handler.done()) {
        let values: Vec<usize> = values
            .iter()
            .filter_map(|value| value.parse().ok())
            .collect();
        assert!(values.is_sorted(), "{key}: {values:?}");
    }
    assert_eq!(
        handler.done().len(),
        KEYS * 100,
        "running handlers were awaited and committed, so nothing was done twice"
    );
}

fn distinct(calls: &[Call]) -> usize {
    calls
        .iter()
        .map(|call| (&call.key, &call.value))
        .collect::<BTreeSet<_>>()
        .len()
}
