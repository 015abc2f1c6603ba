//! Topics in memory.

use std::collections::BTreeMap;
use std::sync::Arc;

use farandole_engine::TopicPartition;
use farandole_event::{Outgoing, Record};

const PARTITIONS: u32 = 6;

/// Partitioned logs, and the order in which everything was published.
#[derive(Default)]
pub(super) struct Topics {
    logs: BTreeMap<TopicPartition, Vec<Arc<Record>>>,
    pub(super) published: Vec<Arc<Record>>,
}

impl Topics {
    /// Appends a record to the partition of its key.
    pub(super) fn append(&mut self, outgoing: Outgoing, now_ms: i64) {
        let partition = outgoing.key.as_deref().map_or(0, partition_of);
        let topic: Arc<str> = outgoing.topic.into();
        let log = self
            .logs
            .entry(TopicPartition::new(topic.clone(), partition))
            .or_default();
        let record = Arc::new(Record {
            topic,
            partition,
            offset: log.len() as i64,
            timestamp_ms: Some(now_ms),
            key: outgoing.key,
            value: outgoing.value,
            headers: outgoing.headers,
        });
        log.push(record.clone());
        self.published.push(record);
    }

    pub(super) fn partitions(&self) -> impl Iterator<Item = &TopicPartition> {
        self.logs.keys()
    }

    pub(super) fn read(&self, partition: &TopicPartition, offset: usize) -> Option<&Arc<Record>> {
        self.logs.get(partition)?.get(offset)
    }
}

/// Any even spread will do, as long as a key stays in its partition (FNV-1a).
fn partition_of(key: &[u8]) -> i32 {
    let hash = key.iter().fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193)
    });
    i32::try_from(hash % PARTITIONS).unwrap_or(0)
}
