//! Administration with librdkafka's admin client.

mod common;

use common::*;
use rdkafka::admin::{
    AdminOptions, AlterConfig, NewPartitions, NewTopic, ResourceSpecifier, TopicReplication,
};
use rdkafka::consumer::Consumer;
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::{Offset, TopicPartitionList};

#[tokio::test]
async fn topics_that_cannot_be_are_refused_with_the_reason() {
    let broker = broker();
    create_topic(&broker, "trips", 1, &[]).await;
    let new = |name, partitions, replicas| {
        NewTopic::new(name, partitions, TopicReplication::Fixed(replicas))
    };
    let bad_setting = new("c", 1, 1).set("retention.ms", "a week");
    let no_setting = new("d", 1, 1).set("no.such", "1");
    let wanted = [
        (new("trips", 1, 1), RDKafkaErrorCode::TopicAlreadyExists),
        (new("no spaces", 1, 1), RDKafkaErrorCode::InvalidTopic),
        (new("a", 20_000, 1), RDKafkaErrorCode::InvalidPartitions),
        (new("b", 1, 3), RDKafkaErrorCode::InvalidReplicationFactor),
        (bad_setting, RDKafkaErrorCode::InvalidConfig),
        (no_setting, RDKafkaErrorCode::InvalidConfig),
    ];
    for (topic, expected) in wanted {
        let results = admin(&broker)
            .create_topics([&topic], &AdminOptions::new())
            .await
            .unwrap();
        assert_eq!(results, [Err((topic.name.to_owned(), expected))]);
    }
    let check = AdminOptions::new().validate_only(true);
    let results = admin(&broker)
        .create_topics([&new("e", 1, 1)], &check)
        .await
        .unwrap();
    assert_eq!(results, [Ok("e".to_owned())]);
    let reader = consumer(&broker, "reader", &[]);
    assert_eq!(
        reader
            .fetch_metadata(None, PATIENCE)
            .unwrap()
            .topics()
            .len(),
        1
    );
}

#[tokio::test]
async fn topics_are_deleted_and_grown() {
    let broker = broker();
    create_topic(&broker, "trips", 2, &[]).await;
    let admin = admin(&broker);
    let options = AdminOptions::new();
    let grown = admin
        .create_partitions([&NewPartitions::new("trips", 5)], &options)
        .await
        .unwrap();
    assert_eq!(grown, [Ok("trips".to_owned())]);
    let shrunk = admin
        .create_partitions([&NewPartitions::new("trips", 3)], &options)
        .await
        .unwrap();
    assert_eq!(
        shrunk,
        [Err((
            "trips".to_owned(),
            RDKafkaErrorCode::InvalidPartitions
        ))]
    );
    let reader = consumer(&broker, "reader", &[]);
    let metadata = reader.fetch_metadata(Some("trips"), PATIENCE).unwrap();
    assert_eq!(metadata.topics()[0].partitions().len(), 5);
    let gone = admin
        .delete_topics(&["trips", "x"], &options)
        .await
        .unwrap();
    let unknown = Err(("x".to_owned(), RDKafkaErrorCode::UnknownTopicOrPartition));
    assert_eq!(gone, [Ok("trips".to_owned()), unknown]);
    assert!(
        reader
            .fetch_metadata(None, PATIENCE)
            .unwrap()
            .topics()
            .is_empty()
    );
}

#[tokio::test]
async fn settings_are_shown_and_changed() {
    let broker = broker();
    create_topic(&broker, "trips", 1, &[("retention.ms", "1000")]).await;
    let admin = admin(&broker);
    let options = AdminOptions::new();
    let topic = ResourceSpecifier::Topic("trips");
    let node = ResourceSpecifier::Broker(1);
    let mut shown = admin
        .describe_configs([&topic, &node], &options)
        .await
        .unwrap();
    let node = shown.remove(1).unwrap();
    let topic_settings = shown.remove(0).unwrap();
    let value = |name: &str| topic_settings.get(name).unwrap().value.clone().unwrap();
    assert_eq!(
        (value("retention.ms"), value("cleanup.policy")),
        ("1000".into(), "delete".into())
    );
    assert!(topic_settings.get("cleanup.policy").unwrap().is_default);
    assert!(!topic_settings.get("retention.ms").unwrap().is_default);
    assert_eq!(
        node.get("num.partitions").unwrap().value.as_deref(),
        Some("6")
    );

    let change = AlterConfig::new(ResourceSpecifier::Topic("trips")).set("max.message.bytes", "50");
    admin
        .alter_configs([&change], &options)
        .await
        .unwrap()
        .remove(0)
        .unwrap();
    let shown = admin
        .describe_configs([&topic], &options)
        .await
        .unwrap()
        .remove(0)
        .unwrap();
    assert_eq!(
        shown.get("max.message.bytes").unwrap().value.as_deref(),
        Some("50")
    );
    assert_eq!(
        shown.get("retention.ms").unwrap().value.as_deref(),
        Some("604800000")
    );
    let record = rdkafka::producer::FutureRecord::to("trips")
        .key("k")
        .payload("v");
    assert!(
        producer(&broker, &[]).send(record, PATIENCE).await.is_err(),
        "the setting is obeyed"
    );
}

#[tokio::test]
async fn the_oldest_records_are_deleted() {
    let broker = broker();
    create_topic(&broker, "trips", 1, &[]).await;
    let sender = producer(&broker, &[]);
    for number in 0..5 {
        send(&sender, "trips", "k", &number.to_string()).await;
    }
    let mut before = TopicPartitionList::new();
    before
        .add_partition_offset("trips", 0, Offset::Offset(3))
        .unwrap();
    admin(&broker)
        .delete_records(&before, &AdminOptions::new())
        .await
        .unwrap();
    let reader = consumer(&broker, "reader", &[]);
    assert_eq!(
        reader.fetch_watermarks("trips", 0, PATIENCE).unwrap(),
        (3, 5)
    );
    reader.subscribe(&["trips"]).unwrap();
    assert_eq!(take(&reader, 2, value), ["3", "4"]);
}
