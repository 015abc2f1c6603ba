//! The whole tracker beside a broker: it finds topics, reads them, goes on where it was, and asks for nothing but reading.

mod support;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    time::{Duration, Instant},
};

use clap::Parser;
use farandole_broker::{Broker, Config};
use farandole_event::Outgoing;
use farandole_kafka::{Admin, Publisher, TopicSpec};
use farandole_runtime::{KafkaSettings, Shutdown, Trigger};
use farandole_tracker::{Options, RunError, run};
use serde_json::Value;
use support::{Log, Trip};
use tokio::{sync::oneshot, task::JoinHandle};

const PATIENCE: Duration = Duration::from_secs(30);

struct Tracker {
    url: String,
    trigger: Trigger,
    task: JoinHandle<Result<(), RunError>>,
}

impl Tracker {
    async fn start(broker: &Broker, data: &Path) -> Self {
        let data = data.display().to_string();
        let servers = broker.bootstrap_servers();
        let flags = [
            "farandole-tracker",
            "--bootstrap-servers",
            &servers,
            "--listen",
            "127.0.0.1:0",
            "--data",
            &data,
        ];
        let options = Options::try_parse_from(flags).expect("flags");
        let (trigger, shutdown) = Shutdown::manual();
        let (told, address) = oneshot::channel();
        let task = tokio::spawn(run(options, shutdown, |address| {
            told.send(address).expect("somebody who waits")
        }));
        let url = format!("http://{}", address.await.expect("an address"));
        Self { url, trigger, task }
    }

    async fn stop(self) {
        self.trigger.request();
        tokio::time::timeout(PATIENCE, self.task)
            .await
            .expect("it ends in time")
            .expect("no panic")
            .expect("a clean end");
    }

    async fn get(&self, path: &str) -> Value {
        let answer = reqwest::get(format!("{}{path}", self.url))
            .await
            .expect("an answer");
        answer.json().await.expect("JSON")
    }

    /// Asks until the answer passes.
    async fn until(&self, path: &str, what: &str, test: impl Fn(&Value) -> bool) -> Value {
        let begun = Instant::now();
        loop {
            let answer = self.get(path).await;
            if test(&answer) {
                return answer;
            }
            assert!(begun.elapsed() < PATIENCE, "{what}: {answer}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// Writes a log's records to a broker, in their order.
async fn publish(broker: &Broker, log: &Log) {
    let kafka = KafkaSettings::bootstrap(&broker.bootstrap_servers());
    let topics: BTreeSet<&str> = log.records.iter().map(|record| &*record.topic).collect();
    let topics: Vec<TopicSpec> = topics
        .into_iter()
        .map(|name| TopicSpec {
            name: name.to_owned(),
            partitions: support::PARTITIONS,
            replication: 1,
            config: BTreeMap::from([(
                "message.timestamp.type".to_owned(),
                "LogAppendTime".to_owned(),
            )]),
        })
        .collect();
    Admin::open(&kafka)
        .expect("an admin")
        .ensure_topics(&topics)
        .await
        .expect("topics");
    let publisher = Publisher::open(&kafka, "somebody").expect("a publisher");
    for record in &log.records {
        let record = record.clone();
        let out = Outgoing {
            topic: record.topic.to_string(),
            key: record.key,
            value: record.value,
            headers: record.headers,
        };
        publisher.publish(out).await.expect("published");
    }
}

fn trips(names: &[&str]) -> Log {
    let mut log = Log::new();
    for name in names {
        let end = Trip::new(name).to_completed(&mut log);
        Trip::new(name).notify(&mut log, &end);
    }
    log
}

fn completed(count: u64) -> impl Fn(&Value) -> bool {
    move |answer| answer["statuses"]["completed"] == count
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tracker_finds_what_there_is_and_what_comes_later_and_goes_on_after_a_stop() {
    let broker = Broker::start(Config {
        request_log: true,
        ..Config::default()
    })
    .await
    .expect("a broker");
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("tracker.db");
    // Given a tracker that starts before there is any topic
    let tracker = Tracker::start(&broker, &data).await;
    // When services publish their definitions, and trips happen
    let mut definitions = Log::new();
    definitions.publish_definitions();
    publish(&broker, &definitions).await;
    publish(&broker, &trips(&["t-1", "t-2"])).await;
    // Then it counts them
    tracker
        .until("/api/workflows/trip", "two trips", completed(2))
        .await;
    tracker
        .until("/readyz", "readiness", |answer| answer["ready"] == true)
        .await;
    let before = tracker.get("/api/instances/t-1/events").await["events"].clone();
    tracker.stop().await;

    // And after a stop it goes on where it was
    publish(&broker, &trips(&["t-3"])).await;
    let tracker = Tracker::start(&broker, &data).await;
    tracker
        .until("/api/workflows/trip", "three trips", completed(3))
        .await;
    assert_eq!(
        tracker.get("/api/instances/t-1/events").await["events"],
        before
    );

    // And a new file gives the same answers
    let again = Tracker::start(&broker, &folder.path().join("again.db")).await;
    again
        .until("/api/workflows/trip", "the same three trips", completed(3))
        .await;
    for path in [
        "/api/workflows",
        "/api/workflows/trip",
        "/api/instances/t-2",
        "/api/instances/t-3/events",
        "/api/topology",
    ] {
        let settled = |answer: &Value| answer["as_of"]["behind"] == 0;
        let mut old = tracker.until(path, "caught up", settled).await;
        let mut new = again.until(path, "caught up", settled).await;
        for answer in [&mut old, &mut new] {
            answer.as_object_mut().expect("an object").remove("as_of");
        }
        assert_eq!(old, new, "{path}");
    }
    again.stop().await;
    tracker.stop().await;

    // And all the while it has asked for reading alone
    let allowed = BTreeSet::from([
        "ApiVersions",
        "Metadata",
        "Fetch",
        "ListOffsets",
        "OffsetFetch",
        "FindCoordinator",
        "DescribeGroups",
        "ListGroups",
    ]);
    for request in broker
        .requests()
        .iter()
        .filter(|request| request.client_id.starts_with("farandole-tracker"))
    {
        assert!(allowed.contains(request.kind), "{request:?}");
        assert_ne!(
            request
                .allow_auto_topic_creation
                .filter(|_| !request.topics.is_empty()),
            Some(true),
            "{request:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_broker_it_serves_and_says_that_it_is_not_ready_and_ends_in_time() {
    let broker = Broker::start(Config::default()).await.expect("a broker");
    let folder = tempfile::tempdir().expect("a folder");
    let tracker = Tracker::start(&broker, &folder.path().join("tracker.db")).await;
    broker.stop().await;
    let answer = tracker
        .until("/readyz", "trouble with Kafka", |answer| {
            answer["checks"]["kafka"] != "ok"
        })
        .await;
    assert_eq!(answer["ready"], false);
    assert_eq!(tracker.get("/livez").await["live"], true);
    assert_eq!(
        tracker.get("/api/workflows").await["workflows"],
        serde_json::json!([])
    );
    tracker.stop().await;
}
