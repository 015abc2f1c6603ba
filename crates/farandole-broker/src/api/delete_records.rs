//! DeleteRecords: deletes a partition's oldest records.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::delete_records_response::{
    DeleteRecordsPartitionResult, DeleteRecordsTopicResult,
};
use kafka_protocol::messages::{DeleteRecordsRequest, DeleteRecordsResponse};

use crate::cluster::Call;
use crate::journal::Entry;
use crate::topic::Topic;

pub(crate) fn handle(call: Call<'_>, request: DeleteRecordsRequest) -> DeleteRecordsResponse {
    let mut topics = Vec::with_capacity(request.topics.len());
    for wanted in request.topics {
        let topic = call.cluster.topics.by_name(&wanted.name);
        let mut partitions = Vec::with_capacity(wanted.partitions.len());
        for one in wanted.partitions {
            let result = match &topic {
                Some(topic) => delete(call, topic, one.partition_index, one.offset),
                None => Err(ResponseError::UnknownTopicOrPartition),
            };
            let answer =
                DeleteRecordsPartitionResult::default().with_partition_index(one.partition_index);
            partitions.push(match result {
                Ok(start) => answer.with_low_watermark(start),
                Err(error) => answer.with_low_watermark(-1).with_error_code(error.code()),
            });
        }
        let result = DeleteRecordsTopicResult::default().with_name(wanted.name);
        topics.push(result.with_partitions(partitions));
    }
    DeleteRecordsResponse::default().with_topics(topics)
}

fn delete(call: Call<'_>, topic: &Topic, number: i32, before: i64) -> Result<i64, ResponseError> {
    let partition = topic
        .partition(number)
        .ok_or(ResponseError::UnknownTopicOrPartition)?;
    let start = partition
        .delete_before(before)
        .map_err(|_| ResponseError::OffsetOutOfRange)?;
    let entry = Entry::LogStart {
        topic: topic.id,
        partition: number,
        offset: start,
    };
    call.cluster
        .journal
        .add(entry)
        .map_err(|_| ResponseError::KafkaStorageError)?;
    Ok(start)
}
