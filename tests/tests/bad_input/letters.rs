//! What becomes of records that are no events: dead letters, for people to look at and to give back.

use std::collections::BTreeMap;

use farandole_event::{Position, Record};
use farandole_kafka::Publisher;
use farandole_runtime::KafkaSettings;
use farandole_tests::line::{self, Line, PATIENCE};
use farandole_tests::{binaries, wait};
use serde_json::Value;

use crate::records::{bad, foreign, forge, good, own};

const GROUPS: [(&str, &str); 2] = [
    ("driver-assignment", "offer"),
    ("notification", "notify-rider"),
];

/// Each becomes one dead letter of each group that wants the event: its bytes as they were, where it stood, and why.
pub(crate) async fn bad_records_become_dead_letters_as_they_were(line: &Line) {
    let publisher = publisher(line);
    let mut published = Vec::new();
    for bad in bad() {
        let position = publisher.publish(bad.record.clone()).await;
        published.push((position.expect(bad.what), bad));
    }
    let left_alone = publisher.publish(foreign()).await.expect("published");
    let mut believed = good();
    forge(&mut believed.headers);
    publisher
        .publish(believed.clone())
        .await
        .expect("published");

    for (group, step) in GROUPS {
        let letters = letters(line, group, published.len()).await;
        for (position, bad) in &published {
            let about = format!("{} at {position} for {group}", bad.what);
            let letter = letters
                .get(position)
                .unwrap_or_else(|| panic!("no dead letter: {about}"));
            let says = |name: &str| letter.headers.text(name).unwrap_or_default();
            assert_eq!(
                says("dl_error_class"),
                bad.class,
                "{about}: {}",
                says("dl_error_message")
            );
            assert!(letter.value == bad.record.value, "{about}: another value");
            assert_eq!(letter.key, bad.record.key, "{about}");
            assert_eq!(own(&letter.headers), own(&bad.record.headers), "{about}");
            assert_eq!(
                (says("dl_group"), says("dl_redrives")),
                (group, "0"),
                "{about}"
            );
            assert!(
                ["", "(none)", step].contains(&says("dl_step")),
                "{about}: {}",
                says("dl_step")
            );
            eprintln!("{about}: {}", says("dl_error_message"));
        }
        assert!(
            !letters.contains_key(&left_alone),
            "{group} took what is no event"
        );
    }
    a_forged_header_changes_nothing_for_a_good_event(line, &believed).await;
    the_tracker_knows(line, &published[2].1.record.headers).await;
}

async fn a_forged_header_changes_nothing_for_a_good_event(
    line: &Line,
    event: &farandole_event::Outgoing,
) {
    let id = event.headers.text("ce_id").expect("an id");
    wait::until_async(
        "the event with forged headers is answered",
        PATIENCE,
        || async {
            let records = line.records().await;
            let answers = records
                .iter()
                .filter(|r| r.headers.text("ce_causationid") == Some(id));
            let mut steps: Vec<_> = answers.filter_map(|r| r.headers.text("ce_step")).collect();
            steps.sort_unstable();
            if steps == ["notify-rider", "offer"] {
                Ok(())
            } else {
                Err(format!("{steps:?}"))
            }
        },
    )
    .await;
}

/// The instance of an event that can't be read does not go on, and the tracker says why.
async fn the_tracker_knows(line: &Line, headers: &farandole_event::Headers) {
    let correlation = headers.text("ce_correlationid").expect("a correlation");
    wait::until_async(
        "the tracker tells of the dead letters",
        PATIENCE,
        || async {
            let answer = line
                .tracker(&format!("/api/instances/{correlation}"))
                .await?;
            let dead = |flag: &Value| flag == "dead-lettered";
            let flagged = answer["flags"]
                .as_array()
                .is_some_and(|flags| flags.iter().any(dead));
            let why = answer["why"].to_string().contains("dead-lettered");
            if flagged && why {
                Ok(())
            } else {
                Err(answer.to_string())
            }
        },
    )
    .await;
}

/// `farandole dead-letters` lists them, shows one, and gives it back: to the failing group, where it fails again.
pub(crate) async fn a_retry_comes_back_to_the_failing_group_alone(line: &Line) {
    let listed: Value =
        serde_json::from_str(&command(line, 0, &["ls", "notification", "-o", "json"]))
            .expect("JSON");
    let listed = listed.as_array().expect("a list");
    let others = letters(line, "driver-assignment", listed.len()).await;
    for class in ["undecodable", "oversized"] {
        let before = letters(line, "notification", 0).await.len();
        let entry = listed
            .iter()
            .find(|entry| entry["class"] == class)
            .expect(class);
        let id = entry["id"].as_str().expect("an id");
        let shown: Value =
            serde_json::from_str(&command(line, 0, &["show", "notification", id])).expect("JSON");
        assert!(
            shown["decode_error"].is_string() && shown["payload_bytes"].is_u64(),
            "{shown}"
        );

        let dry = command(line, 0, &["retry", "notification", id, "--dry-run"]);
        assert!(dry.contains("would go to notification.redrive"), "{dry}");
        let said = command(line, 0, &["retry", "notification", id]);
        assert!(said.contains("1 of 1 given back"), "{said}");

        let origin: Position = serde_json::from_value(entry["origin"].clone()).expect("a position");
        let again = wait::until_async("it comes back as a dead letter", PATIENCE, || async {
            let letters = all(line, "notification").await;
            let redriven = letters
                .iter()
                .find(|l| place(l) == origin && l.headers.text("dl_redrives") == Some("1"));
            redriven
                .cloned()
                .ok_or(format!("{} dead letters", letters.len()))
        })
        .await;
        let first = letters(line, "notification", before)
            .await
            .remove(&origin)
            .expect("the first");
        assert!(
            again.value == first.value && again.key == first.key,
            "{class}: other bytes"
        );
        assert_eq!(own(&again.headers), own(&first.headers), "{class}");
        assert_eq!(again.headers.text("dl_error_class"), Some(class));

        let said = command(line, 0, &["retry", "notification", id]);
        assert!(
            said.contains("--again") && said.contains("0 of 1"),
            "{said}"
        );
    }
    let unaffected = letters(line, "driver-assignment", others.len()).await;
    assert_eq!(unaffected.len(), others.len());
    assert!(
        all(line, "driver-assignment").await.len() == others.len(),
        "the other group saw a redrive"
    );

    let table = command(line, 0, &["ls", "notification"]);
    assert!(
        table.contains("GIVEN BACK") && table.contains("oversized"),
        "{table}"
    );
    let unknown = command(line, 2, &["show", "notification", "5@999"]);
    assert!(
        unknown.contains("dead-letters ls notification"),
        "{unknown}"
    );
    let misspelt = command(line, 2, &["ls", "notificaton"]);
    assert!(
        misspelt.contains("Did you mean \"notification\"?"),
        "{misspelt}"
    );
}

/// Runs `farandole dead-letters` and answers what it said; the exit code must be this.
fn command(line: &Line, code: i32, arguments: &[&str]) -> String {
    let servers = line.broker.bootstrap_servers();
    let all = [
        &["dead-letters", "--bootstrap-servers", &servers],
        arguments,
    ]
    .concat();
    let done = line::run_farandole(binaries::workspace(), &all);
    let said = String::from_utf8_lossy(&done.stdout).into_owned();
    let complaint = String::from_utf8_lossy(&done.stderr).into_owned();
    assert_eq!(
        done.status.code(),
        Some(code),
        "{arguments:?}: {said}{complaint}"
    );
    if code == 0 { said } else { complaint }
}

/// The dead letters of a group by the place of their originals, the first of each, once there are so many.
async fn letters(line: &Line, group: &str, count: usize) -> BTreeMap<Position, Record> {
    wait::until_async(
        &format!("{count} dead letters of {group}"),
        PATIENCE,
        || async {
            let mut found = BTreeMap::new();
            for letter in all(line, group).await {
                found.entry(place(&letter)).or_insert(letter);
            }
            if found.len() >= count {
                Ok(found)
            } else {
                Err(format!("{:?}", found.keys()))
            }
        },
    )
    .await
}

async fn all(line: &Line, group: &str) -> Vec<Record> {
    let topic = format!("{group}.dead-letters");
    let read = farandole_read::read_to_end(&kafka(line, &[]), "bad-input", &[&topic]).await;
    let mut letters = read.expect("the dead letters can be read");
    letters.sort_by_key(|letter| letter.headers.text("dl_redrives").map(str::to_owned));
    letters
}

fn place(letter: &Record) -> Position {
    let says = |name: &str| letter.headers.text(name).unwrap_or_default();
    Position {
        topic: says("dl_topic").to_owned(),
        partition: says("dl_partition").parse().expect("a partition"),
        offset: says("dl_offset").parse().expect("an offset"),
    }
}

/// What is published is compressed: a topic's limit counts compressed bytes, so that more than the limit fits in.
fn publisher(line: &Line) -> Publisher {
    Publisher::open(&kafka(line, &[("compression.type", "lz4")]), "bad-input").expect("a publisher")
}

fn kafka(line: &Line, more: &[(&str, &str)]) -> KafkaSettings {
    let servers = line.broker.bootstrap_servers();
    let all = [&[("bootstrap.servers", servers.as_str())], more].concat();
    let all: Vec<_> = all
        .iter()
        .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
        .collect();
    KafkaSettings::load(None, std::iter::empty(), &all).expect("settings")
}
