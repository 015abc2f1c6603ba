//! OffsetDelete: a group forgets how far it has come.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::offset_delete_request::OffsetDeleteRequestTopic;
use kafka_protocol::messages::offset_delete_response::{
    OffsetDeleteResponsePartition, OffsetDeleteResponseTopic,
};
use kafka_protocol::messages::{OffsetDeleteRequest, OffsetDeleteResponse};

use crate::cluster::{Call, Cluster};
use crate::group::Group;
use crate::journal::Entry;
use crate::lock;

pub(crate) fn handle(call: Call<'_>, request: OffsetDeleteRequest) -> OffsetDeleteResponse {
    let Some(group) = call.cluster.groups.get(&request.group_id) else {
        let error = ResponseError::GroupIdNotFound.code();
        return OffsetDeleteResponse::default().with_error_code(error);
    };
    let mut group = lock(&group);
    let mut topics = Vec::with_capacity(request.topics.len());
    for topic in request.topics {
        let error = delete(call.cluster, &mut group, &topic)
            .err()
            .map_or(0, |e| e.code());
        let one = |partition_index| {
            OffsetDeleteResponsePartition::default()
                .with_partition_index(partition_index)
                .with_error_code(error)
        };
        let partitions = topic
            .partitions
            .iter()
            .map(|p| one(p.partition_index))
            .collect();
        let response = OffsetDeleteResponseTopic::default().with_name(topic.name);
        topics.push(response.with_partitions(partitions));
    }
    OffsetDeleteResponse::default().with_topics(topics)
}

fn delete(
    cluster: &Cluster,
    group: &mut Group,
    topic: &OffsetDeleteRequestTopic,
) -> Result<(), ResponseError> {
    if group.subscribes(&topic.name) {
        return Err(ResponseError::GroupSubscribedToTopic);
    }
    let partitions: Vec<i32> = topic.partitions.iter().map(|p| p.partition_index).collect();
    let entry = Entry::Forget {
        group: group.id.clone(),
        topic: topic.name.to_string(),
        partitions: partitions.clone(),
    };
    cluster
        .journal
        .add(entry)
        .map_err(|_| ResponseError::KafkaStorageError)?;
    group.forget(&topic.name, Some(&partitions));
    Ok(())
}
