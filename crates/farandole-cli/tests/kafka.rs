//! Commands that talk to Kafka, against the embedded broker.

use std::process::Command;

use farandole_broker::{Broker, Config};
use farandole_event::dead_letter::{DeadLetter, ErrorClass, topic};
use farandole_event::{Headers, Position, Record};
use farandole_kafka::Publisher;
use farandole_read::read_to_end;
use farandole_runtime::KafkaSettings;
use serde_json::Value;

struct World {
    broker: Broker,
}

impl World {
    async fn new() -> Self {
        Self {
            broker: Broker::start(Config::default()).await.expect("a broker"),
        }
    }

    fn kafka(&self) -> KafkaSettings {
        KafkaSettings::bootstrap(&self.broker.bootstrap_servers())
    }

    /// Exit code and everything said.
    fn farandole(&self, args: &[&str]) -> (i32, String) {
        let output = Command::new(env!("CARGO_BIN_EXE_farandole"))
            .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
            .args(["--bootstrap-servers", &self.broker.bootstrap_servers()])
            .args(args)
            .env_remove("RUST_LOG")
            .output()
            .expect("it runs");
        let text = String::from_utf8_lossy(&output.stdout).into_owned()
            + &String::from_utf8_lossy(&output.stderr);
        (output.status.code().unwrap_or(-1), text)
    }

    #[track_caller]
    fn fine(&self, args: &[&str]) -> String {
        let (code, said) = self.farandole(args);
        assert_eq!(code, 0, "{args:?}: {said}");
        said
    }
}

fn letter(step: &str, class: ErrorClass) -> DeadLetter {
    DeadLetter {
        origin: Position {
            topic: "trips".into(),
            partition: 3,
            offset: 17,
        },
        timestamp_ms: Some(1_700_000_000_000),
        group: "notification".into(),
        step: Some(step.into()),
        attempts: 8,
        class,
        message: "no\u{1b}[31m answer".into(),
        redrives: 0,
    }
}

fn original(id: &str) -> Record {
    let mut headers = Headers::new();
    headers.push("ce_id", id);
    headers.push("ce_type", "trip.requested");
    let value = Some(b"{}".to_vec());
    Record {
        topic: "trips".into(),
        partition: 3,
        offset: 17,
        timestamp_ms: None,
        key: Some(b"trip-1".to_vec()),
        value,
        headers,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn topics_are_planned_then_created_then_as_they_should_be() {
    let world = World::new().await;
    let (code, said) = world.farandole(&["topics", "plan"]);
    assert!(
        code == 1 && said.contains("trips") && said.contains("to be created"),
        "{code}: {said}"
    );
    let said = world.fine(&["topics", "apply", "--service", "rider-map"]);
    assert!(
        said.contains("rider-map.dead-letters") && said.contains("cleanup.policy=compact"),
        "{said}"
    );
    let said = world.fine(&["topics", "plan"]);
    assert!(
        !said.contains("to be created") && said.contains("as it should be"),
        "{said}"
    );
    let (code, said) = world.farandole(&["topics", "plan", "--partitions", "12"]);
    assert!(
        code == 1 && said.contains("partitions: 6 instead of 12"),
        "{code}: {said}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn dead_letters_are_listed_shown_and_given_back_once() {
    let world = World::new().await;
    world.fine(&["topics", "apply"]);
    let publisher = Publisher::open(&world.kafka(), "test").expect("a publisher");
    let letters = topic("notification");
    for (id, step, class) in [
        ("e-1", "notify-rider", ErrorClass::Exhausted),
        ("e-2", "notify-driver", ErrorClass::Rejected),
    ] {
        publisher
            .publish(letter(step, class).wrap(&letters, &original(id)))
            .await
            .expect("published");
    }

    let said = world.fine(&["dead-letters", "ls", "notification"]);
    assert!(
        said.contains("notify-rider") && said.contains("trips[3]@17"),
        "{said}"
    );
    assert!(
        !said.contains('\u{1b}'),
        "a message can't steer the terminal: {said:?}"
    );
    let said = world.fine(&["dead-letters", "show", "notification", "e-2"]);
    let shown: Value = serde_json::from_str(&said).expect("JSON");
    assert_eq!(
        (shown["class"].as_str(), shown["step"].as_str()),
        (Some("rejected"), Some("notify-driver"))
    );

    let said = world.fine(&[
        "dead-letters",
        "retry",
        "notification",
        "--all",
        "--class",
        "exhausted",
        "--dry-run",
    ]);
    assert!(said.contains("1 of 1 would be given back"), "{said}");
    let redriven = async || {
        read_to_end(&world.kafka(), "test", &["notification.redrive"])
            .await
            .expect("records")
    };
    assert!(redriven().await.is_empty(), "a dry run publishes nothing");

    let said = world.fine(&["dead-letters", "retry", "notification", "e-1"]);
    assert!(said.contains("1 of 1 given back"), "{said}");
    let said = world.fine(&["dead-letters", "retry", "notification", "--all"]);
    assert!(
        said.contains("was given back before") && said.contains("1 of 2 given back"),
        "{said}"
    );
    let records = redriven().await;
    assert_eq!(records.len(), 2);
    let first = records
        .iter()
        .find(|record| record.headers.text("ce_id") == Some("e-1"))
        .expect("the first");
    let letter = DeadLetter::read(first).expect("still a dead letter");
    assert_eq!((letter.redrives, letter.origin.offset), (1, 17));
    assert_eq!(
        (first.key.as_deref(), first.value.as_deref()),
        (Some(b"trip-1".as_slice()), Some(b"{}".as_slice()))
    );
    world.fine(&["dead-letters", "retry", "notification", "e-1", "--again"]);
    assert_eq!(redriven().await.len(), 3);

    let (code, said) = world.farandole(&["dead-letters", "ls", "notificaton"]);
    assert!(
        code == 2 && said.contains("Did you mean \"notification\"?"),
        "{code}: {said}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tail_shows_every_record_even_one_that_is_no_event() {
    let world = World::new().await;
    world.fine(&["topics", "apply"]);
    let publisher = Publisher::open(&world.kafka(), "test").expect("a publisher");
    let record = original("e-1");
    let outgoing = farandole_event::Outgoing {
        topic: "trips".into(),
        key: record.key,
        value: record.value,
        headers: Headers::new(),
    };
    publisher.publish(outgoing).await.expect("published");
    let said = world.fine(&[
        "events",
        "tail",
        "trips",
        "--from",
        "beginning",
        "-n",
        "1",
        "-o",
        "json",
    ]);
    let shown: Value = serde_json::from_str(said.trim()).expect("one JSON object");
    assert_eq!(
        (shown["topic"].as_str(), shown["key"].as_str()),
        (Some("trips"), Some("trip-1"))
    );
    assert!(shown["error"].is_string(), "{shown}");
    let (code, said) = world.farandole(&["events", "tail", "trip"]);
    assert!(
        code == 2 && said.contains("Did you mean \"trips\"?"),
        "{code}: {said}"
    );
}
