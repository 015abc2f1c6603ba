//! Publishing and administration against the embedded broker.

use std::time::Duration;

use farandole_broker::{Broker, Config};
use farandole_event::{Headers, Outgoing};
use farandole_kafka::{Admin, Change, PublishError, Publisher, TopicSpec};
use farandole_runtime::KafkaSettings;

async fn cluster(partitions: i32) -> (Broker, KafkaSettings, Publisher) {
    let broker = Broker::start(Config::default()).await.expect("a broker");
    let kafka = KafkaSettings::bootstrap(&broker.bootstrap_servers());
    Admin::open(&kafka)
        .expect("an admin")
        .ensure_topics(&[TopicSpec::new("trips", partitions)])
        .await
        .expect("a topic");
    let publisher = Publisher::open(&kafka, "test").expect("a publisher");
    (broker, kafka, publisher)
}

fn trip(key: Option<&str>, value: Option<Vec<u8>>) -> Outgoing {
    Outgoing {
        topic: "trips".into(),
        key: key.map(Into::into),
        value,
        headers: Headers::new(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn records_go_out_in_the_order_of_the_calls() {
    let (_broker, kafka, publisher) = cluster(1).await;
    let sent: Vec<_> = (0..2_000)
        .map(|n| publisher.send(trip(Some("a"), Some(n.to_string().into()))))
        .collect();
    assert!(publisher.flush(Duration::from_secs(20)).await);
    assert_eq!(publisher.outstanding(), 0);
    for (offset, sent) in sent.into_iter().enumerate() {
        assert_eq!(sent.await.expect("delivered").offset, offset as i64);
    }
    let values: Vec<String> = farandole_read::read_to_end(&kafka, "test", &["trips"])
        .await
        .expect("read")
        .into_iter()
        .filter_map(|record| String::from_utf8(record.value?).ok())
        .collect();
    assert_eq!(
        values,
        (0..2_000).map(|n| n.to_string()).collect::<Vec<_>>()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_fit_the_clients_queue_waits_in_order() {
    let (_broker, kafka, _) = cluster(1).await;
    let overrides = [
        (
            "bootstrap.servers".to_owned(),
            kafka.bootstrap_servers().to_owned(),
        ),
        ("queue.buffering.max.messages".to_owned(), "10".to_owned()),
    ];
    let kafka = KafkaSettings::load(None, std::iter::empty(), &overrides).expect("settings");
    let publisher = Publisher::open(&kafka, "test").expect("a publisher");
    let sent: Vec<_> = (0..500)
        .map(|n| publisher.send(trip(Some("a"), Some(n.to_string().into()))))
        .collect();
    for (offset, sent) in sent.into_iter().enumerate() {
        assert_eq!(sent.await.expect("delivered").offset, offset as i64);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_headers_and_nulls_arrive_as_they_were() {
    let (_broker, kafka, publisher) = cluster(3).await;
    let mut headers = Headers::new();
    headers.push("twice", "1");
    headers.push("twice", "2");
    headers.push_raw("null", None);
    headers.push("bytes", [0xff, 0x00]);
    let out = Outgoing {
        headers: headers.clone(),
        ..trip(None, None)
    };
    publisher.publish(out).await.expect("delivered");
    publisher
        .publish(trip(Some(""), Some(vec![])))
        .await
        .expect("delivered");

    let records = farandole_read::read_to_end(&kafka, "test", &["trips"])
        .await
        .expect("read");
    let null = records
        .iter()
        .find(|record| record.key.is_none())
        .expect("the one without a key");
    assert_eq!((&null.value, &null.headers), (&None, &headers));
    assert!(
        null.timestamp_ms
            .is_some_and(|at_ms| at_ms > 1_700_000_000_000),
        "append time"
    );
    let empty = records
        .iter()
        .find(|record| record.key.is_some())
        .expect("the one with a key");
    assert_eq!(
        (empty.key.as_deref(), empty.value.as_deref()),
        (Some(&[][..]), Some(&[][..]))
    );
}

/// The partitions are those that Kafka's Java client chooses: `toPositive(murmur2(key)) % partitions`.
#[tokio::test(flavor = "multi_thread")]
async fn keys_go_to_the_partitions_that_java_clients_choose() {
    let (_broker, _kafka, publisher) = cluster(100).await;
    // murmur2 of these keys, from the tests of Kafka's own `Utils`.
    for (key, hash) in [
        ("21", -973_932_308_i32),
        ("foobar", -790_332_482),
        ("a-little-bit-long-string", -985_981_536),
    ] {
        let position = publisher
            .publish(trip(Some(key), None))
            .await
            .expect("delivered");
        assert_eq!(position.partition, (hash & i32::MAX) % 100, "{key}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_published_says_why() {
    let (_broker, _kafka, publisher) = cluster(1).await;
    let error = publisher
        .publish(trip(Some("a"), Some(vec![0; 2_000_000])))
        .await
        .expect_err("too large");
    assert!(
        matches!(
            error,
            PublishError::TooLarge {
                size: 2_000_001,
                ..
            }
        ),
        "{error}"
    );
    publisher
        .publish(trip(Some("a"), Some(vec![0; 1_000_000])))
        .await
        .expect("the next one goes out");

    let nowhere = Outgoing {
        topic: "nowhere".into(),
        ..trip(Some("a"), None)
    };
    let error = publisher.publish(nowhere).await.expect_err("no such topic");
    assert!(
        matches!(error, PublishError::UnknownTopic { .. })
            && error.to_string().contains("topics apply"),
        "{error}"
    );

    let error = publisher
        .publish(Outgoing {
            topic: "a b".into(),
            ..trip(None, None)
        })
        .await
        .expect_err("no name");
    assert!(matches!(error, PublishError::TopicName { .. }), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn ensuring_topics_creates_what_is_missing_and_tells_what_differs() {
    let (_broker, kafka, _publisher) = cluster(3).await;
    let admin = Admin::open(&kafka).expect("an admin");
    let wanted = [
        TopicSpec::new("trips", 3),
        TopicSpec::new("drivers", 2).with("cleanup.policy", "compact"),
    ];
    let change = |changes: Vec<farandole_kafka::TopicChange>| {
        changes
            .into_iter()
            .map(|one| one.change)
            .collect::<Vec<_>>()
    };

    assert_eq!(
        change(admin.ensure_topics(&wanted).await.expect("ensured")),
        [Change::Exists, Change::Created]
    );
    assert_eq!(
        change(admin.ensure_topics(&wanted).await.expect("ensured")),
        [Change::Exists, Change::Exists]
    );
    let other = change(
        admin
            .ensure_topics(&[TopicSpec::new("trips", 6)])
            .await
            .expect("ensured"),
    );
    assert!(
        matches!(&other[..], [Change::Differs(said)] if said[0].to_string() == "partitions: 3 instead of 6"),
        "{other:?}"
    );

    let drivers = &admin
        .describe_topics(&["drivers", "nowhere"])
        .await
        .expect("described")[..];
    assert_eq!((drivers.len(), drivers[0].partitions), (1, 2));
    assert_eq!(
        drivers[0].config.get("cleanup.policy").map(String::as_str),
        Some("compact")
    );

    admin
        .delete_topics(&["drivers", "nowhere"])
        .await
        .expect("deleted");
    assert!(
        admin
            .describe_topics(&["drivers"])
            .await
            .expect("described")
            .is_empty()
    );
}
