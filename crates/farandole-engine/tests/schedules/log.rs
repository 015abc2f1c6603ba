//! What was written to the partitions.

use std::collections::BTreeMap;
use std::sync::Arc;

use farandole_engine::{Exhausted, RetryPolicy, Task, TopicPartition};

use crate::random::Random;

pub(crate) struct Record {
    pub(crate) offset: i64,
    pub(crate) lane: Arc<str>,
    pub(crate) bytes: usize,
    pub(crate) tasks: Vec<Task>,
    /// It has been handled to its end at least once.
    pub(crate) settled: bool,
}

#[derive(Default)]
pub(crate) struct Log {
    pub(crate) records: Vec<Record>,
    /// The offset after the last record.
    pub(crate) end: i64,
    pub(crate) committed: i64,
    /// The next record to deliver.
    pub(crate) next: usize,
}

/// Three partitions with gaps in their offsets, and a few lanes across them.
pub(crate) fn write(random: &mut Random) -> BTreeMap<TopicPartition, Log> {
    let lanes: Vec<Arc<str>> = (0..1 + random.below(5))
        .map(|n| format!("lane-{n}").into())
        .collect();
    let names = [("trips", 0), ("trips", 1), ("assignments", 0)];
    names
        .map(|(topic, number)| (TopicPartition::new(topic, number), log(random, &lanes)))
        .into_iter()
        .collect()
}

fn log(random: &mut Random, lanes: &[Arc<str>]) -> Log {
    let mut log = Log::default();
    for _ in 0..random.below(15) {
        log.end += if random.one_in(4) {
            1 + random.below(5) as i64
        } else {
            0
        }; // a gap
        let lane = lanes[random.below(lanes.len())].clone();
        let tasks = (0..[1, 1, 1, 2, 3, 0][random.below(6)])
            .map(|n| task(random, n))
            .collect();
        log.records.push(Record {
            offset: log.end,
            lane,
            bytes: random.below(100),
            tasks,
            settled: false,
        });
        log.end += 1;
    }
    log
}

pub(crate) fn task(random: &mut Random, number: usize) -> Task {
    let policy = RetryPolicy {
        attempts: 1 + random.below(4) as u32,
        initial_ms: random.below(50) as i64,
        then: if random.one_in(12) {
            Exhausted::Stop
        } else {
            Exhausted::Skip
        },
        ..RetryPolicy::default()
    };
    Task {
        step: format!("step-{number}").into(),
        policy: Arc::new(policy),
    }
}
