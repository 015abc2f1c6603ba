//! A broker with the topics of the ride, and services on it.

use std::future::Future;
use std::time::{Duration, Instant};

use farandole::{
    Envelope, Headers, KafkaSettings, Outgoing, Publisher, Record, Service, ServiceSettings,
    Shutdown, Trigger,
};
use farandole_broker::{Broker, Config};
use farandole_kafka::{Admin, TopicSpec};
use tokio::task::JoinHandle;

pub(crate) const PATIENCE: Duration = Duration::from_secs(40);

const TOPICS: [&str; 6] = [
    "trips",
    "drivers",
    "assignments",
    "notifications",
    "farandole.signals",
    "farandole.catalog",
];
const PARTICIPANTS: [&str; 4] = ["trip", "driver-assignment", "notification", "watcher"];

pub(crate) struct Cluster {
    _broker: Broker,
    pub(crate) kafka: KafkaSettings,
    pub(crate) publisher: Publisher,
}

/// A service that runs until it is stopped.
pub(crate) struct Running {
    stop: Trigger,
    ended: JoinHandle<farandole::Result<()>>,
}

impl Cluster {
    /// A broker with every topic.
    pub(crate) async fn start() -> Self {
        let cluster = Self::empty().await;
        let own = PARTICIPANTS
            .iter()
            .flat_map(|name| [format!("{name}.dead-letters"), format!("{name}.redrive")]);
        let topics: Vec<String> = TOPICS
            .iter()
            .map(|name| (*name).to_owned())
            .chain(own)
            .collect();
        let specs: Vec<TopicSpec> = topics
            .into_iter()
            .map(|name| TopicSpec::new(name, 3).with("max.message.bytes", "4000000"))
            .collect();
        cluster.create(&specs).await;
        cluster
    }

    /// A broker without topics.
    pub(crate) async fn empty() -> Self {
        let broker = Broker::start(Config::default()).await.expect("a broker");
        let kafka = KafkaSettings::bootstrap(&broker.bootstrap_servers());
        let publisher = Publisher::open(&kafka, "test").expect("a publisher");
        Self {
            _broker: broker,
            kafka,
            publisher,
        }
    }

    pub(crate) async fn create(&self, specs: &[TopicSpec]) {
        Admin::open(&self.kafka)
            .expect("an admin")
            .ensure_topics(specs)
            .await
            .expect("topics");
    }

    /// A service and what stops it.
    pub(crate) fn service(&self, name: &str) -> (Service, Trigger) {
        let (stop, shutdown) = Shutdown::manual();
        (
            Service::new(name, ServiceSettings::new(self.kafka.clone(), shutdown))
                .expect("a service"),
            stop,
        )
    }

    /// Runs a service as `build` makes it.
    pub(crate) fn run(&self, name: &str, build: impl FnOnce(Service) -> Service) -> Running {
        let (service, stop) = self.service(name);
        Running {
            stop,
            ended: tokio::spawn(build(service).run()),
        }
    }

    pub(crate) async fn publish(&self, outgoing: Outgoing) -> Record {
        let position = self
            .publisher
            .publish(outgoing.clone())
            .await
            .expect("delivered");
        Record {
            topic: position.topic.into(),
            partition: position.partition,
            offset: position.offset,
            timestamp_ms: None,
            key: outgoing.key,
            value: outgoing.value,
            headers: outgoing.headers,
        }
    }

    pub(crate) async fn records(&self, topic: &str) -> Vec<Record> {
        farandole_read::read_to_end(&self.kafka, "test", &[topic])
            .await
            .expect("records")
    }

    /// Waits until the topic has that many records.
    pub(crate) async fn wait_for(&self, topic: &str, count: usize) -> Vec<Record> {
        let found = eventually(|| async {
            let records = self.records(topic).await;
            (records.len() >= count).then_some(records)
        });
        found
            .await
            .unwrap_or_else(|| panic!("{topic} never had {count} records"))
    }
}

impl Running {
    pub(crate) async fn stop(self) {
        self.stop.request();
        self.ended().await.expect("a clean end");
    }

    pub(crate) async fn ended(self) -> farandole::Result<()> {
        let Self { stop, ended } = self;
        let ended = tokio::time::timeout(PATIENCE, ended)
            .await
            .expect("it ends in time")
            .expect("no panic");
        drop(stop);
        ended
    }
}

/// Asks again and again until there is an answer; `None` when none came in time.
pub(crate) async fn eventually<T, F: Future<Output = Option<T>>>(ask: impl Fn() -> F) -> Option<T> {
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        if let Some(answer) = ask().await {
            return Some(answer);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    None
}

pub(crate) fn envelope(record: &Record) -> Envelope {
    Envelope::read(record).expect("an envelope").envelope
}

pub(crate) fn headers(pairs: &[(&str, &str)]) -> Headers {
    let mut headers = Headers::new();
    pairs
        .iter()
        .for_each(|(name, value)| headers.push(*name, *value));
    headers
}
