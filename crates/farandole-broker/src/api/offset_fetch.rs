//! OffsetFetch: how far groups have come.

use std::collections::BTreeMap;

use kafka_protocol::messages::offset_fetch_request::OffsetFetchRequestGroup;
use kafka_protocol::messages::offset_fetch_response::{
    OffsetFetchResponseGroup, OffsetFetchResponsePartition, OffsetFetchResponsePartitions,
    OffsetFetchResponseTopic, OffsetFetchResponseTopics,
};
use kafka_protocol::messages::{OffsetFetchRequest, OffsetFetchResponse, TopicName};
use kafka_protocol::protocol::StrBytes;

use crate::cluster::{Call, Cluster, text};
use crate::journal::Committed;
use crate::lock;

pub(crate) fn handle(call: Call<'_>, request: OffsetFetchRequest) -> OffsetFetchResponse {
    if call.version >= 8 {
        let groups = request
            .groups
            .into_iter()
            .map(|group| many(call.cluster, group))
            .collect();
        return OffsetFetchResponse::default().with_groups(groups);
    }
    let list = |t: kafka_protocol::messages::offset_fetch_request::OffsetFetchRequestTopic| {
        (t.name, t.partition_indexes)
    };
    let wanted = request
        .topics
        .map(|topics| topics.into_iter().map(list).collect());
    let topics = find(call.cluster, &request.group_id, wanted)
        .into_iter()
        .map(|(name, found)| {
            let partitions = found.into_iter().map(single).collect();
            OffsetFetchResponseTopic::default()
                .with_name(name)
                .with_partitions(partitions)
        });
    OffsetFetchResponse::default().with_topics(topics.collect())
}

fn many(cluster: &Cluster, request: OffsetFetchRequestGroup) -> OffsetFetchResponseGroup {
    let list = |t: kafka_protocol::messages::offset_fetch_request::OffsetFetchRequestTopics| {
        (t.name, t.partition_indexes)
    };
    let wanted = request
        .topics
        .map(|topics| topics.into_iter().map(list).collect());
    let topics = find(cluster, &request.group_id, wanted)
        .into_iter()
        .map(|(name, found)| {
            let partitions = found.into_iter().map(plural).collect();
            OffsetFetchResponseTopics::default()
                .with_name(name)
                .with_partitions(partitions)
        });
    OffsetFetchResponseGroup::default()
        .with_topics(topics.collect())
        .with_group_id(request.group_id)
}

/// A partition and what is committed for it.
struct Found {
    partition: i32,
    offset: i64,
    leader_epoch: i32,
    metadata: StrBytes,
}

impl Found {
    fn new(partition: i32, committed: Option<&Committed>) -> Found {
        Found {
            partition,
            offset: committed.map_or(-1, |c| c.offset),
            leader_epoch: committed.map_or(-1, |c| c.leader_epoch),
            metadata: committed.map_or_else(StrBytes::new, |c| text(&c.metadata)),
        }
    }
}

/// What a group has committed for these partitions, or for all.
fn find(
    cluster: &Cluster,
    group: &str,
    wanted: Option<Vec<(TopicName, Vec<i32>)>>,
) -> Vec<(TopicName, Vec<Found>)> {
    let group = cluster.groups.get(group);
    let group = group.as_ref().map(|group| lock(group));
    if let Some(wanted) = wanted {
        let one = |topic: &str, partition| {
            Found::new(
                partition,
                group.as_ref().and_then(|g| g.committed(topic, partition)),
            )
        };
        let topic = |(name, partitions): (TopicName, Vec<i32>)| {
            let found = partitions.into_iter().map(|p| one(&name, p)).collect();
            (name, found)
        };
        return wanted.into_iter().map(topic).collect();
    }
    let mut topics: BTreeMap<&str, Vec<Found>> = BTreeMap::new();
    for committed in group.iter().flat_map(|group| group.all_committed()) {
        let found = Found::new(committed.partition, Some(committed));
        topics.entry(&committed.topic).or_default().push(found);
    }
    topics
        .into_iter()
        .map(|(name, found)| (text(name).into(), found))
        .collect()
}

fn single(found: Found) -> OffsetFetchResponsePartition {
    OffsetFetchResponsePartition::default()
        .with_partition_index(found.partition)
        .with_committed_offset(found.offset)
        .with_committed_leader_epoch(found.leader_epoch)
        .with_metadata(Some(found.metadata))
}

fn plural(found: Found) -> OffsetFetchResponsePartitions {
    OffsetFetchResponsePartitions::default()
        .with_partition_index(found.partition)
        .with_committed_offset(found.offset)
        .with_committed_leader_epoch(found.leader_epoch)
        .with_metadata(Some(found.metadata))
}
