use std::collections::BTreeMap;
use std::time::Duration;

use farandole_event::Record;
use farandole_runtime::KafkaSettings;

use crate::error::ReadError;
use crate::inspector::{Inspector, Partition};
use crate::reader::{Reader, Start, TopicPartitionOffset};

/// How often an answer is looked for when no record comes: the end of a compacted or transactional log may have none.
const LOOK: Duration = Duration::from_millis(200);
/// Looks without any record after which a partition counts as read: what is left are markers and compacted offsets.
const QUIET_LOOKS: u32 = 15;

/// Reads topics from their beginning to the end they have now: every record of every partition, by topic and partition
/// in order. For tools and tests; it holds everything in memory.
///
/// # Errors
/// A topic that does not exist; no broker answers.
pub async fn read_to_end(
    kafka: &KafkaSettings,
    client_id: &str,
    topics: &[&str],
) -> Result<Vec<Record>, ReadError> {
    let inspector = Inspector::open(kafka, client_id)?;
    let mut open = open_partitions(&inspector, topics).await?;
    let mut reader = Reader::open(kafka, client_id)?;
    let from = open.keys().map(|(topic, partition)| TopicPartitionOffset {
        topic: topic.clone(),
        partition: *partition,
        start: Start::Beginning,
    });
    reader.assign(&from.collect::<Vec<_>>())?;
    let mut records = Vec::new();
    let mut quiet = 0;
    while !open.is_empty() && quiet < QUIET_LOOKS {
        let Ok(batch) = tokio::time::timeout(LOOK, reader.next_batch(1000)).await else {
            quiet += 1;
            continue;
        };
        quiet = 0;
        for record in batch? {
            take(record, &mut open, &mut records);
        }
    }
    reader.close(Duration::from_secs(1)).await;
    records
        .sort_by(|a, b| (&a.topic, a.partition, a.offset).cmp(&(&b.topic, b.partition, b.offset)));
    Ok(records)
}

/// The partitions that hold something, with their ends.
async fn open_partitions(
    inspector: &Inspector,
    topics: &[&str],
) -> Result<BTreeMap<Partition, i64>, ReadError> {
    let known = inspector.topics().await?;
    let mut partitions = Vec::new();
    for name in topics {
        let topic = known
            .iter()
            .find(|topic| topic.name == *name)
            .ok_or_else(|| ReadError::NoTopic((*name).to_owned()))?;
        partitions.extend((0..topic.partitions).map(|partition| (topic.name.clone(), partition)));
    }
    let beginnings = inspector.beginnings(&partitions).await?;
    let mut ends = inspector.ends(&partitions).await?;
    ends.retain(|partition, end| {
        beginnings
            .get(partition)
            .is_none_or(|beginning| beginning < end)
    });
    Ok(ends)
}

fn take(record: Record, open: &mut BTreeMap<Partition, i64>, records: &mut Vec<Record>) {
    let partition = (record.topic.to_string(), record.partition);
    let Some(end) = open.get(&partition) else {
        return;
    };
    if record.offset + 1 >= *end {
        let past = record.offset >= *end;
        open.remove(&partition);
        if past {
            return;
        }
    }
    records.push(record);
}
