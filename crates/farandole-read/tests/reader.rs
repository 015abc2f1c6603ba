//! The reader, the inspector and the catalog against the embedded broker.

use std::time::Duration;

use farandole_broker::{Broker, Config};
use farandole_event::system::{CATALOG, CatalogEntry};
use farandole_event::{Codec, Envelope, Event, dataschema};
use farandole_read::{
    Inspector, ReadError, Reader, Start, TopicPartitionOffset, Watermarks, catalog, read_to_end,
};
use farandole_runtime::KafkaSettings;
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewPartitions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{FutureProducer, FutureRecord};
use rdkafka::{Offset, TopicPartitionList};

const DEADLINE: Duration = Duration::from_secs(20);

struct World {
    broker: Broker,
    kafka: KafkaSettings,
    producer: FutureProducer,
    admin: AdminClient<DefaultClientContext>,
}

impl World {
    async fn new(topics: &[(&str, i32)]) -> Self {
        let broker = Broker::start(Config {
            request_log: true,
            ..Config::default()
        })
        .await
        .expect("a broker");
        let servers = broker.bootstrap_servers();
        let config = |id: &str| {
            let mut config = ClientConfig::new();
            config
                .set("bootstrap.servers", &servers)
                .set("client.id", id);
            config
        };
        let admin: AdminClient<_> = config("test-admin").create().expect("admin");
        let new: Vec<_> = topics
            .iter()
            .map(|(name, count)| NewTopic::new(name, *count, TopicReplication::Fixed(1)))
            .collect();
        for made in admin
            .create_topics(&new, &AdminOptions::new())
            .await
            .expect("an answer")
        {
            made.expect("a topic");
        }
        Self {
            kafka: KafkaSettings::bootstrap(&servers),
            producer: config("test-producer").create().expect("producer"),
            admin,
            broker,
        }
    }

    async fn publish(&self, topic: &str, partition: i32, value: &str) -> i64 {
        let headers = OwnedHeaders::new()
            .insert(Header {
                key: "a",
                value: Some("1"),
            })
            .insert(Header {
                key: "none",
                value: None::<&str>,
            });
        let record = FutureRecord::to(topic)
            .partition(partition)
            .key("k")
            .payload(value)
            .headers(headers);
        self.producer
            .send(record, DEADLINE)
            .await
            .expect("published")
            .offset
    }

    fn new_producer(&self) -> FutureProducer {
        ClientConfig::new()
            .set("bootstrap.servers", self.broker.bootstrap_servers())
            .create()
            .expect("producer")
    }

    fn inspector(&self) -> Inspector {
        Inspector::open(&self.kafka, "inspector").expect("an inspector")
    }
}

fn from(topic: &str, partition: i32, start: Start) -> TopicPartitionOffset {
    TopicPartitionOffset {
        topic: topic.to_owned(),
        partition,
        start,
    }
}

async fn values(reader: &mut Reader, count: usize) -> Vec<String> {
    let mut found = Vec::new();
    while found.len() < count {
        let batch = tokio::time::timeout(DEADLINE, reader.next_batch(100))
            .await
            .expect("records in time")
            .expect("records");
        found.extend(batch.iter().map(|record| {
            String::from_utf8_lossy(record.value.as_deref().unwrap_or(b"null")).into_owned()
        }));
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_reads_from_where_it_is_told_and_takes_on_partitions_later() {
    let world = World::new(&[("trips", 2)]).await;
    for value in ["a", "b", "c"] {
        world.publish("trips", 0, value).await;
    }
    let mut reader = Reader::open(&world.kafka, "reader").expect("a reader");
    reader
        .assign(&[from("trips", 0, Start::At(1))])
        .expect("open");
    assert_eq!(values(&mut reader, 2).await, ["b", "c"]);

    world.publish("trips", 1, "other").await;
    reader
        .assign(&[from("trips", 1, Start::Beginning)])
        .expect("open");
    assert_eq!(values(&mut reader, 1).await, ["other"]);
    world.publish("trips", 0, "d").await;
    assert_eq!(
        values(&mut reader, 1).await,
        ["d"],
        "the first partition goes on where it was"
    );

    world
        .admin
        .create_partitions(&[NewPartitions::new("trips", 3)], &AdminOptions::new())
        .await
        .expect("an answer")
        .remove(0)
        .expect("one more");
    // The old producer would not look for new partitions before its metadata ages.
    let world = World {
        producer: world.new_producer(),
        ..world
    };
    world.publish("trips", 2, "new").await;
    reader
        .assign(&[from("trips", 2, Start::Beginning)])
        .expect("open");
    assert_eq!(values(&mut reader, 1).await, ["new"]);
    assert!(reader.close(DEADLINE).await, "it ends in time");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_comes_whole_with_null_headers() {
    let world = World::new(&[("trips", 1)]).await;
    world.publish("trips", 0, "a").await;
    let record = read_to_end(&world.kafka, "reader", &["trips"])
        .await
        .expect("records")
        .remove(0);
    assert_eq!(
        (record.topic.as_ref(), record.partition, record.offset),
        ("trips", 0, 0)
    );
    assert_eq!(
        (record.key.as_deref(), record.value.as_deref()),
        (Some(b"k".as_slice()), Some(b"a".as_slice()))
    );
    assert!(record.timestamp_ms.is_some());
    let headers: Vec<_> = record
        .headers
        .iter()
        .map(|header| (header.name.as_str(), header.value.as_deref()))
        .collect();
    assert_eq!(headers, [("a", Some(b"1".as_slice())), ("none", None)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn read_to_end_needs_no_records_and_names_a_missing_topic() {
    let world = World::new(&[("empty", 3)]).await;
    assert!(
        read_to_end(&world.kafka, "reader", &["empty"])
            .await
            .expect("records")
            .is_empty()
    );
    let error = read_to_end(&world.kafka, "reader", &["emtpy"])
        .await
        .expect_err("no such topic");
    assert!(
        matches!(&error, ReadError::NoTopic(name) if name == "emtpy"),
        "{error}"
    );
    assert!(
        !world
            .inspector()
            .topics()
            .await
            .expect("topics")
            .iter()
            .any(|topic| topic.name == "emtpy"),
        "asking created nothing"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_inspector_sees_offsets_and_groups_without_joining() {
    let world = World::new(&[("trips", 2)]).await;
    for value in ["a", "b", "c"] {
        world.publish("trips", 0, value).await;
    }
    let member: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", world.broker.bootstrap_servers())
        .set("group.id", "notification")
        .set("client.id", "notification-1")
        .set("session.timeout.ms", "6000")
        .create()
        .expect("a member");
    member.subscribe(&["trips"]).expect("subscribed");
    let deadline = std::time::Instant::now() + DEADLINE;
    while member.assignment().expect("assignment").count() < 2
        && std::time::Instant::now() < deadline
    {
        let _ = member.poll(Duration::from_millis(50));
    }
    let mut done = TopicPartitionList::new();
    done.add_partition_offset("trips", 0, Offset::Offset(2))
        .expect("an offset");
    member.commit(&done, CommitMode::Sync).expect("committed");

    let inspector = world.inspector();
    let partitions = [("trips".to_owned(), 0), ("trips".to_owned(), 1)];
    assert_eq!(
        inspector.watermarks("trips", 0).await.expect("watermarks"),
        Watermarks { low: 0, high: 3 }
    );
    let ends = inspector.ends(&partitions).await.expect("ends");
    assert_eq!(ends.into_values().collect::<Vec<_>>(), [3, 0]);
    let committed = inspector
        .committed("notification", &partitions)
        .await
        .expect("offsets");
    assert_eq!(committed.into_values().collect::<Vec<_>>(), [Some(2), None]);
    let group = inspector
        .group("notification")
        .await
        .expect("groups")
        .expect("the group");
    assert_eq!((group.state.as_str(), group.members.len()), ("Stable", 1));
    assert_eq!(group.members[0].client_id, "notification-1");
    assert_eq!(group.members[0].assignment, partitions);
    assert_eq!(inspector.group("nobody").await.expect("groups"), None);
}

/// Records, but only what SEMANTICS lets a passive reader ask for.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_but_reading_requests_is_made() {
    let world = World::new(&[("trips", 1)]).await;
    world.publish("trips", 0, "a").await;
    let inspector = Inspector::open(&world.kafka, "passive").expect("an inspector");
    let mut reader = Reader::open(&world.kafka, "passive").expect("a reader");
    reader
        .assign(&[from("trips", 0, Start::Beginning)])
        .expect("open");
    values(&mut reader, 1).await;
    inspector.groups().await.expect("groups");
    inspector
        .committed("some-group", &[("trips".to_owned(), 0)])
        .await
        .expect("offsets");
    inspector
        .beginnings(&[("trips".to_owned(), 0)])
        .await
        .expect("offsets");
    let _ = inspector.watermarks("trips", 0).await;
    catalog::load(&world.kafka, "passive")
        .await
        .expect("an empty catalog");
    reader.close(DEADLINE).await;

    let requests: Vec<_> = world
        .broker
        .requests()
        .into_iter()
        .filter(|request| request.client_id == "passive")
        .collect();
    let allowed = [
        "ApiVersions",
        "Metadata",
        "Fetch",
        "ListOffsets",
        "OffsetFetch",
        "FindCoordinator",
        "DescribeGroups",
        "ListGroups",
    ];
    assert!(requests.len() > 8, "the log saw us: {requests:?}");
    for request in &requests {
        assert!(allowed.contains(&request.kind), "{request:?}");
        assert_ne!(request.allow_auto_topic_creation, Some(true), "{request:?}");
    }
    for kind in ["Fetch", "OffsetFetch", "ListGroups", "ListOffsets"] {
        assert!(
            requests.iter().any(|request| request.kind == kind),
            "{kind} was asked: {requests:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_catalog_is_loaded_and_followed() {
    let world = World::new(&[(CATALOG, 1), ("trips", 1)]).await;
    let mut follower = catalog::Follower::open(&world.kafka, "follower").expect("a follower");
    let publish = async |version: i32| {
        let entry = CatalogEntry::new("workflow", "trip", version, "workflow: trip", "trip", 1);
        let value = Codec::<CatalogEntry>::new()
            .expect("codec")
            .encode(&entry)
            .expect("bytes");
        let envelope = Envelope {
            id: format!("id-{version}"),
            source: "/trip".to_owned(),
            event: CatalogEntry::NAME.to_owned(),
            dataschema: Some(dataschema(CatalogEntry::NAME, CatalogEntry::VERSION)),
            content_type: Some("application/avro".to_owned()),
            ..Envelope::default()
        };
        let mut headers = OwnedHeaders::new();
        for header in envelope.to_headers().iter() {
            headers = headers.insert(Header {
                key: &header.name,
                value: header.value.as_deref(),
            });
        }
        let key = format!("workflow/trip/{version}");
        let record = FutureRecord::to(CATALOG)
            .key(&key)
            .payload(&value)
            .headers(headers);
        world
            .producer
            .send(record, DEADLINE)
            .await
            .expect("published");
    };
    publish(1).await;
    world
        .producer
        .send(
            FutureRecord::to(CATALOG).key("x").payload("rubbish"),
            DEADLINE,
        )
        .await
        .expect("published");
    let known = catalog::load(&world.kafka, "loader").await.expect("known");
    assert_eq!(
        known.workflows.keys().collect::<Vec<_>>(),
        [&("trip".to_owned(), 1)]
    );
    assert_eq!(known.problems.len(), 1, "{:?}", known.problems);

    publish(2).await;
    while follower.known.workflows.len() < 2 {
        tokio::time::timeout(DEADLINE, follower.changed())
            .await
            .expect("in time")
            .expect("a change");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offset_beyond_the_end_is_noticed_when_records_come_again() {
    let world = World::new(&[("trips", 1)]).await;
    world.publish("trips", 0, "a").await;
    let mut reader = Reader::open(&world.kafka, "reader").expect("a reader");
    reader
        .assign(&[from("trips", 0, Start::At(40))])
        .expect("open");
    assert_eq!(values(&mut reader, 1).await, ["a"]);
    let notices = reader.notices();
    assert!(
        format!("{notices:?}")
            .contains("Rewound { topic: \"trips\", partition: 0, expected: 40, found: 0 }"),
        "{notices:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn dropping_a_reader_does_not_wait() {
    let world = World::new(&[("trips", 1)]).await;
    let reader = Reader::open(&world.kafka, "reader").expect("a reader");
    reader
        .assign(&[from("trips", 0, Start::Beginning)])
        .expect("open");
    world.broker.stop().await;
    let before = std::time::Instant::now();
    drop(reader);
    assert!(before.elapsed() < Duration::from_millis(500));
}
