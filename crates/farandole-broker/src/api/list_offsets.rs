//! ListOffsets: the first offset, the next one, or the one at a time.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::list_offsets_response::{
    ListOffsetsPartitionResponse, ListOffsetsTopicResponse,
};
use kafka_protocol::messages::{ListOffsetsRequest, ListOffsetsResponse};

use crate::cluster::Call;
use crate::partition::Partition;

const LATEST: i64 = -1;
const EARLIEST: i64 = -2;
const MAX_TIMESTAMP: i64 = -3;

pub(crate) fn handle(call: Call<'_>, request: ListOffsetsRequest) -> ListOffsetsResponse {
    let mut topics = Vec::with_capacity(request.topics.len());
    for wanted in request.topics {
        let topic = call.cluster.topics.by_name(&wanted.name);
        let mut partitions = Vec::with_capacity(wanted.partitions.len());
        for one in wanted.partitions {
            let partition = topic
                .as_ref()
                .and_then(|topic| topic.partition(one.partition_index));
            let result = match partition {
                Some(partition) => find(&partition, one.timestamp),
                None => Err(ResponseError::UnknownTopicOrPartition),
            };
            let response =
                ListOffsetsPartitionResponse::default().with_partition_index(one.partition_index);
            partitions.push(match result {
                Ok((offset, timestamp)) => {
                    let epoch = if offset >= 0 { 0 } else { -1 };
                    response
                        .with_offset(offset)
                        .with_timestamp(timestamp)
                        .with_leader_epoch(epoch)
                }
                Err(error) => response
                    .with_offset(-1)
                    .with_timestamp(-1)
                    .with_error_code(error.code()),
            });
        }
        let topic = ListOffsetsTopicResponse::default().with_name(wanted.name);
        topics.push(topic.with_partitions(partitions));
    }
    ListOffsetsResponse::default().with_topics(topics)
}

/// An offset and its record's time; -1 where there is none.
fn find(partition: &Partition, timestamp: i64) -> Result<(i64, i64), ResponseError> {
    let found = match timestamp {
        LATEST => return Ok((partition.range().1, -1)),
        EARLIEST => return Ok((partition.range().0, -1)),
        MAX_TIMESTAMP => partition.newest_record(),
        time if time >= 0 => partition.record_at(time),
        _ => return Err(ResponseError::InvalidRequest),
    };
    match found {
        Ok(found) => Ok(found.unwrap_or((-1, -1))),
        Err(error) => {
            tracing::error!(%error, "the log cannot be read");
            Err(ResponseError::KafkaStorageError)
        }
    }
}
