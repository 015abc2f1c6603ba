//! What the tests with a real client share.
#![allow(dead_code, reason = "each test file uses its own part")]

use std::time::{Duration, Instant};

use farandole_broker::{Broker, Config};
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::{BorrowedMessage, Message};
use rdkafka::producer::{FutureProducer, FutureRecord};

/// No test waits longer for anything.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) fn broker() -> Broker {
    Broker::start_blocking(Config::default()).expect("a broker in memory starts")
}

pub(crate) fn client(broker: &Broker) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", broker.bootstrap_servers());
    config.set("broker.address.family", "v4");
    config
}

pub(crate) fn admin(broker: &Broker) -> AdminClient<DefaultClientContext> {
    client(broker).create().expect("an admin client")
}

pub(crate) async fn create_topic(
    broker: &Broker,
    name: &str,
    partitions: i32,
    settings: &[(&str, &str)],
) {
    let mut topic = NewTopic::new(name, partitions, TopicReplication::Fixed(1));
    for (key, value) in settings {
        topic = topic.set(key, value);
    }
    let results = admin(broker)
        .create_topics([&topic], &AdminOptions::new())
        .await;
    assert_eq!(results.expect("an answer"), [Ok(name.to_owned())]);
}

pub(crate) fn producer(broker: &Broker, settings: &[(&str, &str)]) -> FutureProducer {
    let mut config = client(broker);
    config
        .set("linger.ms", "0")
        .set("message.timeout.ms", "20000");
    for (key, value) in settings {
        config.set(*key, *value);
    }
    config.create().expect("a producer")
}

/// Sends a record and gives its partition and offset.
pub(crate) async fn send(
    producer: &FutureProducer,
    topic: &str,
    key: &str,
    value: &str,
) -> (i32, i64) {
    let record = FutureRecord::to(topic).key(key).payload(value);
    let delivery = producer
        .send(record, PATIENCE)
        .await
        .expect("the record is delivered");
    (delivery.partition, delivery.offset)
}

pub(crate) fn consumer(broker: &Broker, group: &str, settings: &[(&str, &str)]) -> BaseConsumer {
    let mut config = client(broker);
    config
        .set("group.id", group)
        .set("auto.offset.reset", "earliest")
        .set("enable.auto.commit", "false")
        .set("session.timeout.ms", "6000")
        .set("heartbeat.interval.ms", "200")
        .set("fetch.wait.max.ms", "100");
    for (key, value) in settings {
        config.set(*key, *value);
    }
    config.create().expect("a consumer")
}

/// Polls until `enough` records have come.
pub(crate) fn take<T>(
    consumer: &BaseConsumer,
    enough: usize,
    map: impl Fn(&BorrowedMessage<'_>) -> T,
) -> Vec<T> {
    let mut taken = Vec::new();
    let deadline = Instant::now() + PATIENCE;
    while taken.len() < enough {
        assert!(
            Instant::now() < deadline,
            "{} of {enough} records came",
            taken.len()
        );
        match consumer.poll(Duration::from_millis(100)) {
            Some(Ok(message)) => taken.push(map(&message)),
            Some(Err(error)) => panic!("the consumer fails: {error}"),
            None => {}
        }
    }
    taken
}

/// Polls until a condition holds.
pub(crate) fn poll_until(consumer: &BaseConsumer, what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "in vain: {what}");
        if let Some(Err(error)) = consumer.poll(Duration::from_millis(50)) {
            panic!("the consumer fails: {error}");
        }
    }
}

pub(crate) fn value(message: &BorrowedMessage<'_>) -> String {
    String::from_utf8(message.payload().unwrap_or_default().to_vec()).expect("text")
}

pub(crate) fn assigned(consumer: &BaseConsumer) -> Vec<i32> {
    let assignment = consumer.assignment().expect("an assignment");
    let mut partitions: Vec<i32> = assignment
        .elements()
        .iter()
        .map(|e| e.partition())
        .collect();
    partitions.sort_unstable();
    partitions
}
