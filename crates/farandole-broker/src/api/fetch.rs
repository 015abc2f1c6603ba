//! Fetch: reads batches from partitions, waiting for them if need be.
//!
//! Fetch sessions are not kept: every response carries session id 0, which tells the client to
//! name all its partitions every time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use kafka_protocol::ResponseError;
use kafka_protocol::messages::fetch_request::{FetchPartition, FetchTopic};
use kafka_protocol::messages::fetch_response::{FetchableTopicResponse, PartitionData};
use kafka_protocol::messages::{FetchRequest, FetchResponse};
use tokio::sync::Notify;
use tokio::time::Instant;
use uuid::Uuid;

use crate::cluster::{Call, Cluster};
use crate::log::Slice;
use crate::partition::Partition;

/// More than this is never read for one request, in bytes (but for a single batch that is larger).
const MOST: usize = 64 << 20;

/// A fetch does not wait longer than this, whatever it asks for.
const LONGEST_WAIT: Duration = Duration::from_secs(300);

pub(crate) async fn handle(call: Call<'_>, request: FetchRequest) -> FetchResponse {
    if request.session_id != 0 {
        let error = ResponseError::FetchSessionIdNotFound.code();
        return FetchResponse::default().with_error_code(error);
    }
    let wait = Duration::from_millis(u64::try_from(request.max_wait_ms).unwrap_or(0));
    let deadline = Instant::now() + wait.min(LONGEST_WAIT);
    let min_bytes = usize::try_from(request.min_bytes).unwrap_or(0);
    let mut looked = look(call.cluster, &request);
    if looked.is_enough(min_bytes) || wait.is_zero() {
        return respond(&request, looked);
    }
    let waiting = Waiting::on(looked.partitions());
    loop {
        // Between the first look and the registration something may have come.
        looked = look(call.cluster, &request);
        let told = tokio::time::timeout_at(deadline, waiting.notify.notified());
        if looked.is_enough(min_bytes) || told.await.is_err() {
            return respond(&request, looked);
        }
    }
}

/// What a request finds at one moment: for each topic and partition, in the request's order.
struct Looked {
    topics: Vec<Vec<Seen>>,
    bytes: usize,
    failed: bool,
}

struct Seen {
    partition: Option<Arc<Partition>>,
    start: i64,
    end: i64,
    result: Result<Option<Slice>, ResponseError>,
}

impl Looked {
    fn is_enough(&self, min_bytes: usize) -> bool {
        self.failed || self.bytes >= min_bytes
    }

    fn partitions(&self) -> Vec<Arc<Partition>> {
        self.topics
            .iter()
            .flatten()
            .filter_map(|seen| seen.partition.clone())
            .collect()
    }
}

/// Looks at every partition. The turn of who is looked at first goes round, so that a busy
/// partition doesn't keep the others out of a response of limited size.
fn look(cluster: &Cluster, request: &FetchRequest) -> Looked {
    static TURN: AtomicUsize = AtomicUsize::new(0);
    let wanted: Vec<(usize, &FetchTopic, &FetchPartition)> = request
        .topics
        .iter()
        .enumerate()
        .flat_map(|(at, topic)| topic.partitions.iter().map(move |p| (at, topic, p)))
        .collect();
    let mut seen: Vec<Option<Seen>> = wanted.iter().map(|_| None).collect();
    let mut left = usize::try_from(request.max_bytes).unwrap_or(0).min(MOST);
    let (mut bytes, mut failed) = (0, false);
    let turn = if wanted.is_empty() {
        0
    } else {
        TURN.fetch_add(1, Ordering::Relaxed) % wanted.len()
    };
    for at in (turn..wanted.len()).chain(0..turn) {
        let (_, topic, partition) = wanted[at];
        let found = look_at(cluster, topic, partition, left, bytes == 0);
        match &found.result {
            Ok(Some(slice)) => {
                bytes += slice.size();
                left = left.saturating_sub(slice.size());
            }
            Ok(None) => {}
            Err(_) => failed = true,
        }
        seen[at] = Some(found);
    }
    let mut topics: Vec<Vec<Seen>> = request.topics.iter().map(|_| Vec::new()).collect();
    for ((topic, ..), seen) in wanted.iter().zip(seen) {
        topics[*topic].extend(seen);
    }
    Looked {
        topics,
        bytes,
        failed,
    }
}

fn look_at(
    cluster: &Cluster,
    topic: &FetchTopic,
    wanted: &FetchPartition,
    left: usize,
    first: bool,
) -> Seen {
    let by_id = topic.topic_id != Uuid::nil();
    let found = if by_id {
        cluster.topics.by_id(topic.topic_id)
    } else {
        cluster.topics.by_name(&topic.topic)
    };
    let failed = |error| Seen {
        partition: None,
        start: -1,
        end: -1,
        result: Err(error),
    };
    let Some(topic) = found else {
        return failed(if by_id {
            ResponseError::UnknownTopicId
        } else {
            ResponseError::UnknownTopicOrPartition
        });
    };
    let Some(partition) = topic.partition(wanted.partition) else {
        return failed(ResponseError::UnknownTopicOrPartition);
    };
    let limit = usize::try_from(wanted.partition_max_bytes)
        .unwrap_or(0)
        .min(left);
    let found = partition.find(wanted.fetch_offset, limit, first);
    let result = found.slice.map_err(|_| ResponseError::OffsetOutOfRange);
    Seen {
        partition: Some(partition),
        start: found.start,
        end: found.end,
        result,
    }
}

fn respond(request: &FetchRequest, looked: Looked) -> FetchResponse {
    let topic = |(topic, seen): (&FetchTopic, Vec<Seen>)| {
        let one = |(wanted, seen): (&FetchPartition, Seen)| {
            respond_one(wanted.partition, seen, request.isolation_level != 0)
        };
        FetchableTopicResponse::default()
            .with_topic(topic.topic.clone())
            .with_topic_id(topic.topic_id)
            .with_partitions(topic.partitions.iter().zip(seen).map(one).collect())
    };
    let topics = request
        .topics
        .iter()
        .zip(looked.topics)
        .map(topic)
        .collect();
    FetchResponse::default().with_responses(topics)
}

fn respond_one(number: i32, seen: Seen, read_committed: bool) -> PartitionData {
    let data = PartitionData::default()
        .with_partition_index(number)
        .with_high_watermark(seen.end)
        .with_last_stable_offset(seen.end)
        .with_log_start_offset(seen.start)
        .with_aborted_transactions(read_committed.then(Vec::new));
    let read = |slice: Slice| {
        slice.read().map_err(|error| {
            tracing::error!(partition = number, %error, "the log cannot be read");
            ResponseError::KafkaStorageError
        })
    };
    match seen.result.and_then(|slice| slice.map(read).transpose()) {
        Ok(records) => data.with_records(Some(records.unwrap_or_default())),
        Err(error) => data.with_error_code(error.code()),
    }
}

/// A fetch on the lists of those to tell; off them when dropped.
struct Waiting {
    notify: Arc<Notify>,
    partitions: Vec<Arc<Partition>>,
}

impl Waiting {
    fn on(partitions: Vec<Arc<Partition>>) -> Waiting {
        let notify = Arc::new(Notify::new());
        partitions
            .iter()
            .for_each(|partition| partition.tell(&notify));
        Waiting { notify, partitions }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.partitions
            .iter()
            .for_each(|partition| partition.tell_no_more(&self.notify));
    }
}
