//! What a data folder keeps.

mod common;

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use common::*;
use farandole_broker::{Broker, BrokerError, Config};
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, ResourceSpecifier, TopicReplication};
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::producer::FutureProducer;
use rdkafka::{Offset, TopicPartitionList};

fn on_disk(folder: &tempfile::TempDir) -> Config {
    Config {
        data: Some(folder.path().to_owned()),
        ..Config::default()
    }
}

fn start(folder: &tempfile::TempDir) -> Broker {
    Broker::start_blocking(on_disk(folder)).expect("a broker on disk starts")
}

#[tokio::test]
async fn a_restart_keeps_topics_settings_records_and_offsets() {
    let folder = tempfile::tempdir().unwrap();
    let broker = start(&folder);
    create_topic(&broker, "trips", 3, &[("cleanup.policy", "compact")]).await;
    let idempotent = producer(&broker, &[("enable.idempotence", "true")]);
    let mut sent = Vec::new();
    for number in 0..50 {
        sent.push(
            send(
                &idempotent,
                "trips",
                &number.to_string(),
                &number.to_string(),
            )
            .await,
        );
    }
    let first = consumer(&broker, "g", &[]);
    let mut done = TopicPartitionList::new();
    done.add_partition_offset("trips", 1, Offset::Offset(2))
        .unwrap();
    first.commit(&done, CommitMode::Sync).unwrap();
    let cluster = first.client().fetch_cluster_id(PATIENCE).unwrap();
    let topics = std::fs::read(folder.path().join("topics.json")).unwrap();
    drop((first, idempotent));
    broker.stop().await;

    let broker = start(&folder);
    let again = producer(&broker, &[("enable.idempotence", "true")]);
    let (partition, offset) = send(&again, "trips", "0", "more").await;
    let before = sent.iter().filter(|(p, _)| *p == partition).count() as i64;
    assert_eq!(offset, before, "the log goes on where it ended");
    let second = consumer(&broker, "g", &[]);
    assert_eq!(second.client().fetch_cluster_id(PATIENCE).unwrap(), cluster);
    assert_eq!(
        std::fs::read(folder.path().join("topics.json")).unwrap(),
        topics,
        "topic ids"
    );
    let mut asked = TopicPartitionList::new();
    asked.add_partition("trips", 1);
    let committed = second.committed_offsets(asked, PATIENCE).unwrap();
    assert_eq!(committed.elements()[0].offset(), Offset::Offset(2));
    let reader = consumer(&broker, "reader", &[]);
    reader.subscribe(&["trips"]).unwrap();
    let mut values = take(&reader, 51, value);
    values.sort_by_key(|value| value.parse::<i32>().unwrap_or(99));
    let expected: Vec<String> = (0..50)
        .map(|n| n.to_string())
        .chain(["more".into()])
        .collect();
    assert_eq!(values, expected);
    let resource = ResourceSpecifier::Topic("trips");
    let described = admin(&broker)
        .describe_configs([&resource], &AdminOptions::new())
        .await;
    let described = described.unwrap().remove(0).unwrap();
    assert_eq!(
        described.get("cleanup.policy").unwrap().value.as_deref(),
        Some("compact")
    );
}

#[tokio::test]
async fn a_torn_record_is_cut_off_and_writing_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let broker = start(&folder);
    create_topic(&broker, "trips", 1, &[]).await;
    let sender = producer(&broker, &[]);
    send(&sender, "trips", "k", "whole").await;
    send(&sender, "trips", "k", "torn").await;
    drop(sender);
    broker.stop().await;
    let logs = folder.path().join("logs");
    let topic = std::fs::read_dir(logs)
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let log = topic.join("0.log");
    let file = std::fs::File::options().write(true).open(&log).unwrap();
    file.set_len(file.metadata().unwrap().len() - 3).unwrap();

    let broker = start(&folder);
    assert_eq!(
        send(&producer(&broker, &[]), "trips", "k", "next").await,
        (0, 1)
    );
    let reader = consumer(&broker, "reader", &[("check.crcs", "true")]);
    reader.subscribe(&["trips"]).unwrap();
    assert_eq!(take(&reader, 2, value), ["whole", "next"]);
}

#[tokio::test]
async fn a_deleted_topic_leaves_nothing_and_a_new_one_of_its_name_begins_empty() {
    let folder = tempfile::tempdir().unwrap();
    let broker = start(&folder);
    create_topic(&broker, "trips", 1, &[]).await;
    send(&producer(&broker, &[]), "trips", "k", "old").await;
    let deleted = admin(&broker)
        .delete_topics(&["trips"], &AdminOptions::new())
        .await
        .unwrap();
    assert_eq!(deleted, [Ok("trips".to_owned())]);
    assert_eq!(
        std::fs::read_dir(folder.path().join("logs"))
            .unwrap()
            .count(),
        0
    );
    create_topic(&broker, "trips", 1, &[]).await;
    assert_eq!(
        send(&producer(&broker, &[]), "trips", "k", "new").await,
        (0, 0)
    );
    broker.stop().await;
    let broker = start(&folder);
    let reader = consumer(&broker, "reader", &[]);
    assert_eq!(
        reader.fetch_watermarks("trips", 0, PATIENCE).unwrap(),
        (0, 1)
    );
}

#[tokio::test]
async fn a_second_broker_on_the_same_folder_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::start(on_disk(&folder)).await.unwrap();
    let second = Broker::start(on_disk(&folder)).await;
    assert!(matches!(second, Err(BrokerError::Locked(path)) if path == folder.path()));
    drop(broker);
    Broker::start(on_disk(&folder))
        .await
        .expect("the folder is free again")
        .stop()
        .await;
}

#[tokio::test]
async fn clients_find_the_broker_again_after_a_restart_at_the_same_address() {
    let folder = tempfile::tempdir().unwrap();
    let broker = start(&folder);
    create_topic(&broker, "trips", 1, &[]).await;
    let settings = &[
        ("enable.idempotence", "true"),
        ("reconnect.backoff.max.ms", "100"),
    ];
    let sender = producer(&broker, settings);
    let reader = consumer(&broker, "g", &[("reconnect.backoff.max.ms", "100")]);
    reader.subscribe(&["trips"]).unwrap();
    send(&sender, "trips", "k", "before").await;
    assert_eq!(take(&reader, 1, value), ["before"]);
    let listen = broker.address();
    broker.stop().await;

    let broker = Broker::start(Config {
        listen,
        ..on_disk(&folder)
    })
    .await
    .unwrap();
    assert_eq!(send(&sender, "trips", "k", "after").await, (0, 1));
    let mut seen = Vec::new();
    let deadline = std::time::Instant::now() + PATIENCE;
    while !seen.contains(&"after".to_owned()) {
        assert!(std::time::Instant::now() < deadline, "{seen:?}");
        // While the broker is away the client reports broken connections.
        if let Some(Ok(message)) = reader.poll(std::time::Duration::from_millis(100)) {
            seen.push(value(&message));
        }
    }
    drop(broker);
}

/// Not a test of its own: the broker that the next test kills, in a process of its own.
#[test]
#[ignore = "started by a_killed_broker_keeps_what_it_acknowledged"]
fn broker_to_be_killed() {
    let Some(folder) = std::env::var_os("BROKER_DATA") else {
        return;
    };
    let config = Config {
        data: Some(folder.into()),
        ..Config::default()
    };
    let broker = Broker::start_blocking(config).expect("a broker on disk starts");
    println!("listening {}", broker.bootstrap_servers());
    // Until the other side kills this process, or ends and so closes the pipe.
    std::io::stdin()
        .read_line(&mut String::new())
        .expect("a pipe");
}

#[tokio::test]
async fn a_killed_broker_keeps_what_it_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "--nocapture", "broker_to_be_killed"])
        .env("BROKER_DATA", folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let servers = lines
        .map_while(Result::ok)
        .find_map(|line| Some(line.split_once("listening ")?.1.to_owned()))
        .expect("the broker says where it listens");
    let mut client = rdkafka::ClientConfig::new();
    client
        .set("bootstrap.servers", servers)
        .set("enable.idempotence", "true");
    let admin: AdminClient<_> = client.create().unwrap();
    let topic = NewTopic::new("trips", 1, TopicReplication::Fixed(1));
    admin
        .create_topics([&topic], &AdminOptions::new())
        .await
        .unwrap()
        .remove(0)
        .unwrap();
    let sender: FutureProducer = client.create().unwrap();
    for number in 0..100 {
        assert_eq!(
            send(&sender, "trips", "k", &number.to_string()).await,
            (0, number)
        );
    }
    let committer: BaseConsumer = client.clone().set("group.id", "g").create().unwrap();
    let mut done = TopicPartitionList::new();
    done.add_partition_offset("trips", 0, Offset::Offset(40))
        .unwrap();
    committer.commit(&done, CommitMode::Sync).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();

    let broker = start(&folder);
    let reader = consumer(&broker, "g", &[("check.crcs", "true")]);
    reader.subscribe(&["trips"]).unwrap();
    let expected: Vec<String> = (40..100).map(|n| n.to_string()).collect();
    assert_eq!(take(&reader, 60, value), expected);
}
