//! OffsetForLeaderEpoch: the log has one epoch and never loses its end.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::offset_for_leader_epoch_response::{
    EpochEndOffset, OffsetForLeaderTopicResult,
};
use kafka_protocol::messages::{OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse};

use crate::cluster::Call;

pub(crate) fn handle(
    call: Call<'_>,
    request: OffsetForLeaderEpochRequest,
) -> OffsetForLeaderEpochResponse {
    let mut topics = Vec::with_capacity(request.topics.len());
    for wanted in request.topics {
        let topic = call.cluster.topics.by_name(&wanted.topic);
        let mut partitions = Vec::with_capacity(wanted.partitions.len());
        for one in wanted.partitions {
            let partition = topic
                .as_ref()
                .and_then(|topic| topic.partition(one.partition));
            let answer = EpochEndOffset::default().with_partition(one.partition);
            partitions.push(match partition {
                Some(partition) => answer
                    .with_leader_epoch(0)
                    .with_end_offset(partition.range().1),
                None => answer.with_error_code(ResponseError::UnknownTopicOrPartition.code()),
            });
        }
        let result = OffsetForLeaderTopicResult::default().with_topic(wanted.topic);
        topics.push(result.with_partitions(partitions));
    }
    OffsetForLeaderEpochResponse::default().with_topics(topics)
}
