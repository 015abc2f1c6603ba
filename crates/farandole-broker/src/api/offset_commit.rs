//! OffsetCommit: a group remembers how far it has come.

use std::time::Instant;

use kafka_protocol::ResponseError;
use kafka_protocol::messages::offset_commit_request::OffsetCommitRequestTopic;
use kafka_protocol::messages::offset_commit_response::{
    OffsetCommitResponsePartition, OffsetCommitResponseTopic,
};
use kafka_protocol::messages::{OffsetCommitRequest, OffsetCommitResponse};

use crate::cluster::{Call, Cluster};
use crate::group::Identity;
use crate::journal::{Committed, Entry};
use crate::lock;

/// The longest metadata that can be committed with an offset, in bytes.
const LONGEST_METADATA: usize = 4096;

pub(crate) fn handle(call: Call<'_>, request: OffsetCommitRequest) -> OffsetCommitResponse {
    let (offsets, mut response) = sort_out(call.cluster, &request.topics);
    if let Err(error) = commit(call.cluster, &request, offsets) {
        for partition in response.topics.iter_mut().flat_map(|t| &mut t.partitions) {
            partition.error_code = error.code();
        }
    }
    response
}

/// What can be committed, and the response if it is.
fn sort_out(
    cluster: &Cluster,
    topics: &[OffsetCommitRequestTopic],
) -> (Vec<Committed>, OffsetCommitResponse) {
    let mut offsets = Vec::new();
    let mut responses = Vec::with_capacity(topics.len());
    for topic in topics {
        let known = cluster.topics.by_name(&topic.name);
        let mut partitions = Vec::with_capacity(topic.partitions.len());
        for wanted in &topic.partitions {
            let number = wanted.partition_index;
            let exists = known
                .as_ref()
                .is_some_and(|topic| topic.partition(number).is_some());
            let metadata = wanted.committed_metadata.as_deref().unwrap_or_default();
            let error = if !exists {
                ResponseError::UnknownTopicOrPartition.code()
            } else if metadata.len() > LONGEST_METADATA {
                ResponseError::OffsetMetadataTooLarge.code()
            } else {
                offsets.push(Committed {
                    topic: topic.name.to_string(),
                    partition: number,
                    offset: wanted.committed_offset,
                    leader_epoch: wanted.committed_leader_epoch,
                    metadata: metadata.to_owned(),
                });
                0
            };
            let response = OffsetCommitResponsePartition::default().with_partition_index(number);
            partitions.push(response.with_error_code(error));
        }
        let response = OffsetCommitResponseTopic::default().with_name(topic.name.clone());
        responses.push(response.with_partitions(partitions));
    }
    (
        offsets,
        OffsetCommitResponse::default().with_topics(responses),
    )
}

fn commit(
    cluster: &Cluster,
    request: &OffsetCommitRequest,
    offsets: Vec<Committed>,
) -> Result<(), ResponseError> {
    if request.group_id.is_empty() {
        return Err(ResponseError::InvalidGroupId);
    }
    let generation = request.generation_id_or_member_epoch;
    let group = match cluster.groups.get(&request.group_id) {
        Some(group) => group,
        None if generation >= 0 => return Err(ResponseError::IllegalGeneration),
        None => cluster.groups.get_or_make(&request.group_id),
    };
    let mut group = lock(&group);
    let who = Identity {
        member_id: &request.member_id,
        instance_id: request.group_instance_id.as_deref(),
    };
    group.may_commit(who, generation, Instant::now())?;
    if offsets.is_empty() {
        return Ok(());
    }
    let entry = Entry::Commit {
        group: group.id.clone(),
        offsets: offsets.clone(),
    };
    cluster
        .journal
        .add(entry)
        .map_err(|_| ResponseError::KafkaStorageError)?;
    group.commit(offsets);
    Ok(())
}
