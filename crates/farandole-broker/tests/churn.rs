//! Producers and consumers that come and go: nothing is lost, nothing is stored twice.

mod common;

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use common::*;
use farandole_broker::{Broker, Config};
use rdkafka::Message;
use rdkafka::consumer::{CommitMode, Consumer};
use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer, ThreadedProducer};

const PRODUCERS: usize = 3;
const EACH: usize = 5_000;

#[test]
fn consumers_that_come_and_go_see_every_record_and_the_log_has_each_once() {
    let folder = tempfile::tempdir().unwrap();
    let config = Config {
        data: Some(folder.path().to_owned()),
        ..Config::default()
    };
    let broker = Broker::start_blocking(config).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(create_topic(&broker, "trips", 6, &[]));
    let seen = Mutex::new(BTreeSet::new());
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for number in 0..PRODUCERS {
            let broker = &broker;
            scope.spawn(move || produce(broker, number));
        }
        for lifetime in [usize::MAX, 700, 1100] {
            let (broker, seen, done) = (&broker, &seen, &done);
            scope.spawn(move || consume(broker, lifetime, seen, done));
        }
        let deadline = Instant::now() + 2 * PATIENCE;
        while seen.lock().unwrap().len() < PRODUCERS * EACH && Instant::now() < deadline {
            std::thread::park_timeout(Duration::from_millis(20));
        }
        done.store(true, Ordering::Relaxed);
    });
    assert_eq!(seen.lock().unwrap().len(), PRODUCERS * EACH, "records seen");
    let reader = consumer(&broker, "reader", &[]);
    let ends = (0..6).map(|p| reader.fetch_watermarks("trips", p, PATIENCE).unwrap().1);
    assert_eq!(
        ends.sum::<i64>(),
        (PRODUCERS * EACH) as i64,
        "records stored"
    );
}

fn produce(broker: &Broker, number: usize) {
    let mut config = client(broker);
    config
        .set("enable.idempotence", "true")
        .set("linger.ms", "1");
    let producer: ThreadedProducer<DefaultProducerContext> = config.create().unwrap();
    for n in 0..EACH {
        let value = format!("{number}-{n}");
        producer
            .send(BaseRecord::to("trips").key(&value).payload(&value))
            .unwrap();
    }
    producer.flush(PATIENCE).unwrap();
}

/// Consumes as one member after another, each of which leaves after a number of records.
fn consume(broker: &Broker, lifetime: usize, seen: &Mutex<BTreeSet<String>>, done: &AtomicBool) {
    while !done.load(Ordering::Relaxed) {
        let member = consumer(broker, "g", &[]);
        member.subscribe(&["trips"]).unwrap();
        let mut left = lifetime;
        while left > 0 && !done.load(Ordering::Relaxed) {
            if let Some(Ok(message)) = member.poll(Duration::from_millis(20)) {
                seen.lock().unwrap().insert(value(&message));
                left -= 1;
                if message.offset() % 50 == 0 {
                    // Refused while the group rebalances: then someone sees the record again.
                    let _ = member.commit_message(&message, CommitMode::Sync);
                }
            }
        }
    }
}
