//! The same records in any order and any number give the same facts and the same answers.

mod support;

use std::collections::BTreeMap;

use farandole_event::Record;
use farandole_tracker::{
    definitions::Definitions,
    fold::{Fact, Home, Instance, read},
    view::{Assessment, Context, assess},
};
use rand::{RngExt, SeedableRng, rngs::StdRng, seq::SliceRandom};
use support::{Log, Trip, definitions};

const SEEDS: u64 = 1_000;

/// A history with everything that makes order tempting: repeats, a conflict, a dead letter and its redrive, signals, and
/// two trips that share topics.
fn recorded() -> Log {
    let mut log = Log::new();
    let (first, second) = (Trip::new("t-1"), Trip::new("t-4"));
    let requested = second.start(&mut log);
    let completed = first.to_completed(&mut log);
    log.repeat(&requested);
    let letter = log.dead_letter("driver-assignment", "offer", &requested, "later");
    log.redrive("driver-assignment", &letter);
    let declined = second.answer(
        &mut log,
        &requested,
        "driver-assignment",
        "offer",
        "driver.offered",
    );
    second.answer(
        &mut log,
        &declined,
        "driver-assignment",
        "decide",
        "driver.declined",
    );
    log.repeat(&completed);
    let mut other = completed.clone();
    other.record.value = Some(b"{\"other\":true}".to_vec());
    log.repeat(&other);
    first.notify(&mut log, &completed);
    log.signal(farandole_event::system::Signal {
        kind: "retrying".into(),
        participant: "notification".into(),
        event_id: Some(completed.id.clone()),
        correlation: Some(first.correlation.clone()),
        attempts: Some(2),
        at_ms: 5,
        ..Default::default()
    });
    log
}

fn shuffled(records: &[Record], seed: u64) -> Vec<Record> {
    let mut random = StdRng::seed_from_u64(seed);
    let mut records = records.to_vec();
    for _ in 0..random.random_range(0..records.len()) {
        let again = records[random.random_range(0..records.len())].clone();
        records.push(again);
    }
    records.shuffle(&mut random);
    records
}

fn fold(records: &[Record]) -> BTreeMap<Home, Instance> {
    let mut found: BTreeMap<Home, Instance> = BTreeMap::new();
    for (home, fact) in records.iter().filter_map(|record| read(record).fact) {
        found.entry(home).or_default().insert(fact);
    }
    found
}

/// A fold that looks reasonable and is wrong: of several records with one event id, the last to arrive wins.
fn last_writer_wins(records: &[Record]) -> BTreeMap<Home, Instance> {
    let mut last: BTreeMap<(Home, String), Fact> = BTreeMap::new();
    for (home, fact) in records.iter().filter_map(|record| read(record).fact) {
        let id = fact.event().map_or_else(
            || fact.position.to_string(),
            |event| event.envelope.id.clone(),
        );
        last.insert((home, id), fact);
    }
    let mut found: BTreeMap<Home, Instance> = BTreeMap::new();
    for ((home, _), fact) in last {
        found.entry(home).or_default().insert(fact);
    }
    found
}

fn views(facts: &BTreeMap<Home, Instance>, definitions: &Definitions) -> Vec<Assessment> {
    let context = Context {
        definitions,
        cut_topics: &Default::default(),
        default_within_ms: None,
    };
    let of = |(home, instance): (&Home, &Instance)| match home {
        Home::Instance(correlation) => assess(correlation, instance, &context),
        Home::Participant(name) => assess(name, instance, &context),
    };
    facts.iter().map(of).collect()
}

/// The first seed whose order gives another result.
fn first_difference(fold: fn(&[Record]) -> BTreeMap<Home, Instance>) -> Option<u64> {
    let (log, definitions) = (recorded(), definitions());
    let facts = fold(&log.records);
    let answers = views(&facts, &definitions);
    (0..SEEDS).find(|seed| {
        let again = fold(&shuffled(&log.records, *seed));
        again != facts || views(&again, &definitions) != answers
    })
}

#[test]
fn shuffled_and_duplicated_records_give_the_same_facts_and_answers() {
    let seed = first_difference(fold);
    assert_eq!(seed, None, "this seed gives another result");
}

#[test]
fn a_fold_that_depends_on_the_order_is_caught() {
    assert!(
        first_difference(last_writer_wins).is_some(),
        "{SEEDS} seeds did not tell the wrong fold from the right one"
    );
}

#[test]
fn merging_parts_is_commutative_associative_and_idempotent() {
    let log = recorded();
    let whole = fold(&log.records);
    for seed in 0..100 {
        let records = shuffled(&log.records, seed);
        let (left, right) = records.split_at(usize::try_from(seed).expect("small") % records.len());
        let mut merged = fold(right);
        for (home, instance) in fold(left).into_iter().chain(fold(left)) {
            merged.entry(home).or_default().merge(&instance);
        }
        assert_eq!(merged, whole, "seed {seed}");
    }
}

#[test]
fn rings_of_causation_ids_end() {
    let (mut log, trip) = (Log::new(), Trip::new("t-1"));
    let requested = trip.start(&mut log);
    let mut ring = requested.envelope.clone();
    ring.id = "a".into();
    ring.causation = Some("b".into());
    log.envelope(ring.clone(), "t-1");
    (ring.id, ring.causation) = ("b".into(), Some("a".into()));
    log.envelope(ring, "t-1");
    let cancelled = trip.answer(&mut log, &requested, "trip", "cancel", "trip.cancelled");
    assert_eq!(cancelled.envelope.event, "trip.cancelled");
    assert_eq!(trip.assess(&log).events, 4);
}
