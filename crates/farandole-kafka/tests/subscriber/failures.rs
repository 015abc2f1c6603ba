use std::time::Duration;

use farandole_kafka::{Exhausted, Outcome, RetryPolicy, SubscriberSettings};

use crate::support::{Call, Cluster, Script, by_key};

fn pairs(records: &[(&str, &str)]) -> Vec<(String, String)> {
    records
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect()
}

fn retry() -> Outcome {
    Outcome::Retry {
        message: "not yet".into(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_keeps_failing_becomes_a_dead_letter_and_its_lane_goes_on() {
    let cluster = Cluster::with(&[("trips", 1)]).await;
    cluster
        .publish(
            "trips",
            pairs(&[("a", "bad"), ("a", "good"), ("b", "good")]),
        )
        .await;
    let handler = Script::new(|call: Call| async move {
        if call.value == "bad" {
            retry()
        } else {
            Outcome::Done
        }
    });

    let running = cluster.subscribe(SubscriberSettings::new("g", ["trips"]), &handler);
    handler.until_done(2).await;
    running.stop_cleanly().await;

    let attempts: Vec<u32> = handler
        .begun()
        .iter()
        .filter(|call| call.value == "bad")
        .map(|call| call.attempt)
        .collect();
    assert_eq!(attempts, [1, 2, 3]);
    let letters = cluster.read("dead").await;
    assert_eq!(letters.len(), 1);
    let letter = &letters[0];
    assert_eq!(
        (letter.key_text(), letter.value.as_deref()),
        (Some("a"), Some(&b"bad"[..]))
    );
    assert_eq!(letter.headers.text("dl_error_class"), Some("exhausted"));
    assert_eq!(letter.headers.text("dl_error_message"), Some("not yet"));
    assert_eq!(letter.headers.text("dl_attempts"), Some("3"));
    assert_eq!(
        handler.notices(),
        [
            "retrying 0 after 1",
            "retrying 0 after 2",
            "dead-lettered 0 exhausted"
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn panics_rejections_and_hanging_handlers_hurt_nobody_else() {
    let cluster = Cluster::with(&[("trips", 1)]).await;
    let records = [
        ("panic", "1"),
        ("reject", "1"),
        ("hang", "1"),
        ("unroutable", "1"),
        ("fine", "1"),
        ("hang", "2"),
    ];
    cluster.publish("trips", pairs(&records)).await;
    let handler = Script::new(|call: Call| async move {
        match (call.key.as_str(), call.value.as_str()) {
            ("panic", _) => panic!("on purpose"),
            ("reject", _) => Outcome::Reject {
                class: "rejected".into(),
                message: "never".into(),
            },
            ("hang", "1") => std::future::pending().await,
            _ => Outcome::Done,
        }
    });
    let settings = SubscriberSettings {
        handler_timeout: Duration::from_millis(200),
        ..SubscriberSettings::new("g", ["trips"])
    };

    let running = cluster.subscribe(settings, &handler);
    handler.until_done(2).await;
    running.stop_cleanly().await;

    let mut letters: Vec<(String, String, String)> = Vec::new();
    for letter in cluster.read("dead").await {
        let text = |name| letter.headers.text(name).unwrap_or_default().to_owned();
        letters.push((
            letter.key_text().unwrap_or_default().into(),
            text("dl_error_class"),
            text("dl_error_message"),
        ));
    }
    letters.sort();
    let said: Vec<(&str, &str)> = letters
        .iter()
        .map(|(key, class, _)| (key.as_str(), class.as_str()))
        .collect();
    assert_eq!(
        said,
        [
            ("hang", "exhausted"),
            ("panic", "panicked"),
            ("reject", "rejected"),
            ("unroutable", "panicked")
        ]
    );
    assert_eq!(letters[0].2, "the handler did not answer within 200 ms");
    assert_eq!(letters[1].2, "on purpose");
    let tries = |key: &str| {
        handler
            .begun()
            .iter()
            .filter(|call| call.key == key && call.value == "1")
            .count()
    };
    assert_eq!((tries("reject"), tries("hang")), (1, 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_may_stop_its_partition_while_others_go_on() {
    let cluster = Cluster::with(&[("trips", 1), ("drivers", 1)]).await;
    let policy = RetryPolicy {
        attempts: 2,
        initial_ms: 10,
        then: Exhausted::Stop,
        ..RetryPolicy::default()
    };
    let handler = Script::with_policy(policy, |call: Call| async move {
        if call.value == "bad" {
            retry()
        } else {
            Outcome::Done
        }
    });
    let mut running =
        cluster.subscribe(SubscriberSettings::new("g", ["trips", "drivers"]), &handler);

    cluster.publish("trips", pairs(&[("a", "bad")])).await;
    running
        .until("stopped", |status| {
            status.stopped.iter().any(|name| &*name.topic == "trips")
        })
        .await;
    cluster.publish("trips", pairs(&[("b", "later")])).await;
    cluster.publish("drivers", pairs(&[("c", "good")])).await;
    handler.until_done(1).await;

    running.stop_cleanly().await;
    assert_eq!(
        by_key(&handler.done()).into_keys().collect::<Vec<_>>(),
        ["c"]
    );
    assert!(cluster.read("dead").await.is_empty());

    let repaired = Script::new(|_| async { Outcome::Done });
    let running = cluster.subscribe(
        SubscriberSettings::new("g", ["trips", "drivers"]),
        &repaired,
    );
    repaired.until_done(2).await;
    running.stop_cleanly().await;
    assert_eq!(
        by_key(&repaired.done()).into_keys().collect::<Vec<_>>(),
        ["a", "b"],
        "nothing was left out"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_letter_that_is_too_large_goes_out_without_its_body() {
    let cluster = Cluster::with(&[("trips", 1)]).await;
    // Just below the topic's limit of 1 048 588 bytes: the added headers make the letter too large.
    let large = "x".repeat(1_048_400);
    cluster.publish("trips", [("a".to_owned(), large)]).await;
    let handler = Script::new(|_| async {
        Outcome::Reject {
            class: "rejected".into(),
            message: "never".repeat(10),
        }
    });

    let running = cluster.subscribe(SubscriberSettings::new("g", ["trips"]), &handler);
    handler
        .until("dead-lettered", |handler| {
            handler
                .notices()
                .contains(&"dead-lettered 0 rejected".to_owned())
        })
        .await;
    running.stop_cleanly().await;

    let letters = cluster.read("dead").await;
    assert_eq!(letters.len(), 1);
    assert_eq!(
        letters[0].headers.text("dl_value_reference"),
        Some("trips[0]@0 (1048400 bytes)")
    );
    assert_eq!(letters[0].headers.text("dl_error_class"), Some("rejected"));
}
