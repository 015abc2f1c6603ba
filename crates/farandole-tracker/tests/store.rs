//! The store keeps records and offsets together, survives a kill, and answers the same after a rebuild.

mod support;

use std::{collections::BTreeMap, path::Path, process::Command};

use farandole_event::Record;
use farandole_tracker::store::{Books, Store, StoreError, StoreOptions};
use serde_json::Value;
use support::{Log, Trip, server};

fn open(path: &Path) -> Store {
    Store::open(path, StoreOptions::default()).expect("the store")
}

fn recorded() -> Log {
    let mut log = Log::new();
    log.publish_definitions();
    for number in 0..12 {
        let trip = Trip::new(&format!("trip-{number}"));
        match number % 3 {
            0 => {
                let end = trip.to_completed(&mut log);
                trip.notify(&mut log, &end);
                log.repeat(&end);
            }
            1 => drop(trip.to_assigned(&mut log)),
            _ => {
                let requested = trip.start(&mut log);
                log.dead_letter("driver-assignment", "offer", &requested, "no map");
            }
        }
    }
    let mut alien = support::Log::new();
    alien.append(
        "trips",
        "x",
        Some(b"not an event".to_vec()),
        Default::default(),
    );
    let mut record = alien.records.remove(0);
    record.offset = 10_000;
    log.records.push(record);
    log
}

fn answers(books: &Books, log: &Log) -> BTreeMap<String, Value> {
    let answers = server::every_answer(books.clone(), Some(log.offsets()), log.clock_ms);
    assert_eq!(
        answers["/api/instances?limit=500"]["instances"]
            .as_array()
            .map(Vec::len),
        Some(12)
    );
    answers
}

#[test]
fn what_was_taken_in_is_there_after_opening_again_and_nothing_is_taken_twice() {
    let folder = tempfile::tempdir().expect("a folder");
    let (path, log) = (folder.path().join("tracker.db"), recorded());
    let (first, rest) = log.records.split_at(log.records.len() / 2);
    let mut store = open(&path);
    store.apply(first).expect("the first half");
    let next = store.next_offsets().clone();
    drop(store);

    let mut store = open(&path);
    assert_eq!(
        *store.next_offsets(),
        next,
        "the store's offsets are the truth"
    );
    store.apply(first).expect("known records");
    store.apply(rest).expect("the rest");
    let halves = answers(&store.books(), &log);

    let whole = folder.path().join("whole.db");
    let mut store = open(&whole);
    store.apply(&log.records).expect("everything at once");
    assert_eq!(answers(&store.books(), &log), halves);
}

#[test]
fn a_rebuild_answers_as_before_whatever_the_batches_and_the_order_of_partitions() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = recorded();
    let mut store = open(&folder.path().join("first.db"));
    for record in &log.records {
        store
            .apply(std::slice::from_ref(record))
            .expect("one record");
    }
    let one_by_one = answers(&store.books(), &log);

    let mut partitions: Vec<Record> = log.records.clone();
    // The last partition first: definitions and beginnings come after what needs them.
    partitions
        .sort_by(|a, b| (&b.topic, b.partition, a.offset).cmp(&(&a.topic, a.partition, b.offset)));
    let mut store = open(&folder.path().join("second.db"));
    for batch in partitions.chunks(7) {
        store.apply(batch).expect("a batch");
    }
    assert_eq!(answers(&store.books(), &log), one_by_one);
}

#[test]
fn a_second_tracker_on_the_same_file_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("tracker.db");
    let _first = open(&path);
    let refused = Store::open(&path, StoreOptions::default())
        .err()
        .expect("a refusal");
    assert!(matches!(refused, StoreError::Locked(_)), "{refused}");
}

#[test]
fn a_file_of_another_format_is_refused_with_what_to_do() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("tracker.db");
    drop(open(&path));
    rusqlite::Connection::open(&path)
        .expect("SQLite")
        .execute_batch("PRAGMA user_version = 99")
        .expect("a version");
    let refused = Store::open(&path, StoreOptions::default())
        .err()
        .expect("a refusal");
    assert!(
        matches!(refused, StoreError::Format { found: 99, .. }),
        "{refused}"
    );
    assert!(refused.to_string().contains("delete the file"), "{refused}");
}

/// Run by the test below in a process of its own, which is killed in the middle.
#[test]
fn take_in_for_ever() {
    let Ok(path) = std::env::var("TRACKER_STORE_TO_KILL") else {
        return;
    };
    let mut store = open(Path::new(&path));
    for record in &recorded().records {
        store
            .apply(std::slice::from_ref(record))
            .expect("one record");
        println!("applied");
    }
}

#[test]
fn killed_at_any_moment_it_goes_on_where_its_offsets_say() {
    use std::io::{BufRead, BufReader};
    let folder = tempfile::tempdir().expect("a folder");
    let log = recorded();
    let mut store = open(&folder.path().join("whole.db"));
    store.apply(&log.records).expect("records");
    let expected = answers(&store.books(), &log);
    for (round, lines) in [3, 40, 90].into_iter().enumerate() {
        let path = folder.path().join(format!("{round}.db"));
        let mut child = Command::new(std::env::current_exe().expect("this test"))
            .args(["--exact", "take_in_for_ever", "--nocapture"])
            .env("TRACKER_STORE_TO_KILL", &path)
            .stdout(std::process::Stdio::piped())
            .spawn()
            .expect("a child");
        let mut output = BufReader::new(child.stdout.take().expect("its output")).lines();
        output
            .by_ref()
            .map_while(Result::ok)
            .filter(|line| line.contains("applied"))
            .take(lines)
            .for_each(drop);
        child.kill().expect("a kill");
        child.wait().expect("its end");
        let mut store = open(&path);
        store.apply(&log.records).expect("everything again");
        assert_eq!(
            answers(&store.books(), &log),
            expected,
            "killed after {lines} records"
        );
    }
}
