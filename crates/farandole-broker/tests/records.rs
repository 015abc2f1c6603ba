//! Producing and consuming with librdkafka.

mod common;

use std::collections::BTreeSet;
use std::time::Duration;

use common::*;
use rdkafka::consumer::Consumer;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Header, Headers, Message, OwnedHeaders, Timestamp};
use rdkafka::producer::FutureRecord;
use rdkafka::{Offset, TopicPartitionList};

const IDEMPOTENT: &[(&str, &str)] = &[
    ("enable.idempotence", "true"),
    ("partitioner", "murmur2_random"),
];

#[tokio::test]
async fn records_come_back_in_order_per_key() {
    let broker = broker();
    create_topic(&broker, "trips", 3, &[]).await;
    let producer = producer(&broker, IDEMPOTENT);
    for number in 0..300 {
        send(
            &producer,
            "trips",
            &format!("rider-{}", number % 7),
            &number.to_string(),
        )
        .await;
    }
    let consumer = consumer(&broker, "readers", &[]);
    consumer.subscribe(&["trips"]).unwrap();
    let seen = take(&consumer, 300, |message| {
        (
            message.key().unwrap().to_vec(),
            value(message).parse::<i32>().unwrap(),
        )
    });
    let keys: BTreeSet<_> = seen.iter().map(|(key, _)| key.clone()).collect();
    assert_eq!(keys.len(), 7);
    for key in keys {
        let numbers: Vec<i32> = seen
            .iter()
            .filter(|(k, _)| *k == key)
            .map(|(_, n)| *n)
            .collect();
        assert!(numbers.is_sorted(), "{numbers:?}");
    }
}

#[tokio::test]
async fn a_record_keeps_its_headers_time_and_nulls() {
    let broker = broker();
    create_topic(&broker, "trips", 1, &[]).await;
    let headers = OwnedHeaders::new()
        .insert(Header {
            key: "ce_id",
            value: Some("e-1"),
        })
        .insert(Header {
            key: "empty",
            value: None::<&str>,
        });
    let record: FutureRecord<'_, str, str> = FutureRecord::to("trips")
        .timestamp(1_700_000_000_123)
        .headers(headers);
    producer(&broker, &[]).send(record, PATIENCE).await.unwrap();
    let consumer = consumer(&broker, "readers", &[]);
    consumer.subscribe(&["trips"]).unwrap();
    take(&consumer, 1, |message| {
        assert_eq!(
            message.timestamp(),
            Timestamp::CreateTime(1_700_000_000_123)
        );
        assert_eq!((message.key(), message.payload()), (None, None));
        let headers = message.headers().unwrap();
        assert_eq!(headers.get(0).value, Some(&b"e-1"[..]));
        assert_eq!(headers.get(1).value, None);
    });
}

#[tokio::test]
async fn compressed_batches_pass_untouched() {
    let broker = broker();
    create_topic(&broker, "trips", 1, &[]).await;
    let large = "x".repeat(5000);
    for codec in ["gzip", "zstd", "snappy", "lz4", "none"] {
        send(
            &producer(&broker, &[("compression.codec", codec)]),
            "trips",
            codec,
            &large,
        )
        .await;
    }
    let consumer = consumer(&broker, "readers", &[]);
    consumer.subscribe(&["trips"]).unwrap();
    assert_eq!(take(&consumer, 5, value), vec![large; 5]);
}

#[tokio::test]
async fn every_kind_of_acknowledgement_stores_the_record() {
    let broker = broker();
    create_topic(&broker, "trips", 1, &[]).await;
    for acks in ["0", "1", "all"] {
        send(&producer(&broker, &[("acks", acks)]), "trips", "k", acks).await;
    }
    let consumer = consumer(&broker, "readers", &[]);
    consumer.subscribe(&["trips"]).unwrap();
    let seen: BTreeSet<String> = take(&consumer, 3, value).into_iter().collect();
    assert_eq!(seen, BTreeSet::from(["0".into(), "1".into(), "all".into()]));
}

#[tokio::test]
async fn log_append_time_is_the_brokers() {
    let broker = broker();
    create_topic(
        &broker,
        "trips",
        1,
        &[("message.timestamp.type", "LogAppendTime")],
    )
    .await;
    let record = FutureRecord::to("trips").key("k").payload("v").timestamp(5);
    producer(&broker, IDEMPOTENT)
        .send(record, PATIENCE)
        .await
        .unwrap();
    // With the checksum verified by the client: the broker had to renew it.
    let consumer = consumer(&broker, "readers", &[("check.crcs", "true")]);
    consumer.subscribe(&["trips"]).unwrap();
    take(&consumer, 1, |message| match message.timestamp() {
        Timestamp::LogAppendTime(time) => assert!(time > 1_700_000_000_000, "{time}"),
        other => panic!("{other:?}"),
    });
}

#[tokio::test]
async fn a_record_larger_than_the_topic_allows_is_refused() {
    let broker = broker();
    create_topic(&broker, "trips", 1, &[("max.message.bytes", "1000")]).await;
    let large = "x".repeat(2000);
    let record = FutureRecord::to("trips").key("k").payload(&large);
    let (error, _) = producer(&broker, &[])
        .send(record, PATIENCE)
        .await
        .unwrap_err();
    assert_eq!(
        error,
        KafkaError::MessageProduction(RDKafkaErrorCode::MessageSizeTooLarge)
    );
}

#[tokio::test]
async fn offsets_are_found_by_time() {
    let broker = broker();
    create_topic(&broker, "trips", 1, &[]).await;
    let producer = producer(&broker, &[]);
    for time in [1000, 2000, 3000] {
        let record = FutureRecord::to("trips")
            .key("k")
            .payload("v")
            .timestamp(time);
        producer.send(record, PATIENCE).await.unwrap();
    }
    let consumer = consumer(&broker, "readers", &[]);
    assert_eq!(
        consumer.fetch_watermarks("trips", 0, PATIENCE).unwrap(),
        (0, 3)
    );
    let at = |time: i64| {
        let mut wanted = TopicPartitionList::new();
        wanted
            .add_partition_offset("trips", 0, Offset::Offset(time))
            .unwrap();
        let found = consumer.offsets_for_times(wanted, PATIENCE).unwrap();
        found.elements()[0].offset()
    };
    assert_eq!(at(0), Offset::Offset(0));
    assert_eq!(at(1500), Offset::Offset(1));
    assert_eq!(at(3000), Offset::Offset(2));
    assert_eq!(at(3001), Offset::End);
}

#[tokio::test]
async fn a_fetch_from_beyond_the_log_starts_over_as_the_client_is_told_to() {
    let broker = broker();
    create_topic(&broker, "trips", 1, &[]).await;
    send(&producer(&broker, &[]), "trips", "k", "v").await;
    let consumer = consumer(&broker, "readers", &[]);
    let mut from = TopicPartitionList::new();
    from.add_partition_offset("trips", 0, Offset::Offset(99))
        .unwrap();
    consumer.assign(&from).unwrap();
    assert_eq!(take(&consumer, 1, value), ["v"]);
}

#[tokio::test]
async fn a_waiting_fetch_is_woken_by_the_next_record() {
    let broker = broker();
    create_topic(&broker, "trips", 1, &[]).await;
    let producer = producer(&broker, &[]);
    send(&producer, "trips", "k", "first").await;
    let consumer = consumer(&broker, "readers", &[("fetch.wait.max.ms", "25000")]);
    consumer.subscribe(&["trips"]).unwrap();
    take(&consumer, 1, value);
    let sent = std::time::Instant::now();
    send(&producer, "trips", "k", "second").await;
    assert_eq!(take(&consumer, 1, value), ["second"]);
    assert!(
        sent.elapsed() < Duration::from_secs(20),
        "the fetch waited to its end"
    );
}

#[tokio::test]
async fn all_partitions_are_served_through_responses_with_room_for_one_batch() {
    let broker = broker();
    create_topic(&broker, "trips", 4, &[]).await;
    let producer = producer(&broker, &[]);
    let large = "x".repeat(20_000);
    for partition in 0..4 {
        for _ in 0..10 {
            let record = FutureRecord::to("trips")
                .key("k")
                .payload(&large)
                .partition(partition);
            producer.send(record, PATIENCE).await.unwrap();
        }
    }
    // Room for one batch in each response.
    let limits = [("fetch.max.bytes", "25000"), ("message.max.bytes", "25000")];
    let consumer = consumer(&broker, "readers", &limits);
    consumer.subscribe(&["trips"]).unwrap();
    let seen = take(&consumer, 40, |message| message.partition());
    assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), 4);
}
