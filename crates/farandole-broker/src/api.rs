//! The requests the broker answers: one file for each kind.

mod alter_configs;
mod api_versions;
mod create_partitions;
mod create_topics;
mod delete_groups;
mod delete_records;
mod delete_topics;
mod describe_cluster;
mod describe_configs;
mod describe_groups;
mod fetch;
mod find_coordinator;
mod heartbeat;
mod incremental_alter_configs;
mod init_producer_id;
mod join_group;
mod leave_group;
mod list_groups;
mod list_offsets;
mod metadata;
mod offset_commit;
mod offset_delete;
mod offset_fetch;
mod offset_for_leader_epoch;
mod produce;
mod sync_group;

use kafka_protocol::messages::{ApiKey, RequestKind, ResponseKind};

use crate::cluster::Call;

pub(crate) use api_versions::unsupported as unsupported_api_versions;

/// A kind of request: its key, its name, and the versions that are served.
#[derive(Debug)]
pub(crate) struct Kind {
    pub(crate) key: ApiKey,
    pub(crate) name: &'static str,
    pub(crate) min: i16,
    pub(crate) max: i16,
}

const fn kind(key: ApiKey, name: &'static str, min: i16, max: i16) -> Kind {
    Kind {
        key,
        name,
        min,
        max,
    }
}

/// The requests that are served.
pub(crate) const KINDS: &[Kind] = &[
    kind(ApiKey::Produce, "Produce", 3, 11),
    kind(ApiKey::Fetch, "Fetch", 4, 16),
    kind(ApiKey::ListOffsets, "ListOffsets", 1, 7),
    kind(ApiKey::Metadata, "Metadata", 0, 13),
    kind(ApiKey::OffsetCommit, "OffsetCommit", 2, 9),
    kind(ApiKey::OffsetFetch, "OffsetFetch", 1, 9),
    kind(ApiKey::FindCoordinator, "FindCoordinator", 0, 6),
    kind(ApiKey::JoinGroup, "JoinGroup", 0, 9),
    kind(ApiKey::Heartbeat, "Heartbeat", 0, 4),
    kind(ApiKey::LeaveGroup, "LeaveGroup", 0, 5),
    kind(ApiKey::SyncGroup, "SyncGroup", 0, 5),
    kind(ApiKey::DescribeGroups, "DescribeGroups", 0, 6),
    kind(ApiKey::ListGroups, "ListGroups", 0, 5),
    kind(ApiKey::ApiVersions, "ApiVersions", 0, 4),
    kind(ApiKey::CreateTopics, "CreateTopics", 2, 7),
    kind(ApiKey::DeleteTopics, "DeleteTopics", 1, 6),
    kind(ApiKey::DeleteRecords, "DeleteRecords", 0, 2),
    kind(ApiKey::InitProducerId, "InitProducerId", 0, 5),
    kind(ApiKey::OffsetForLeaderEpoch, "OffsetForLeaderEpoch", 2, 4),
    kind(ApiKey::DescribeConfigs, "DescribeConfigs", 1, 4),
    kind(ApiKey::AlterConfigs, "AlterConfigs", 0, 2),
    kind(ApiKey::CreatePartitions, "CreatePartitions", 0, 3),
    kind(ApiKey::DeleteGroups, "DeleteGroups", 0, 2),
    kind(
        ApiKey::IncrementalAlterConfigs,
        "IncrementalAlterConfigs",
        0,
        1,
    ),
    kind(ApiKey::OffsetDelete, "OffsetDelete", 0, 0),
    kind(ApiKey::DescribeCluster, "DescribeCluster", 0, 2),
];

/// Looks a kind of request up by its key.
pub(crate) fn kind_of(key: i16) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.key as i16 == key)
}

/// Answers a request. `None` when it wants no answer, or is of a kind that is not served.
pub(crate) async fn answer(call: Call<'_>, request: RequestKind) -> Option<ResponseKind> {
    use RequestKind as R;
    Some(match request {
        R::Produce(request) => return produce::handle(call, request).map(Into::into),
        R::Fetch(request) => fetch::handle(call, request).await.into(),
        R::ListOffsets(request) => list_offsets::handle(call, request).into(),
        R::Metadata(request) => metadata::handle(call, request).into(),
        R::OffsetCommit(request) => offset_commit::handle(call, request).into(),
        R::OffsetFetch(request) => offset_fetch::handle(call, request).into(),
        R::FindCoordinator(request) => find_coordinator::handle(call, request).into(),
        R::JoinGroup(request) => join_group::handle(call, request).await.into(),
        R::Heartbeat(request) => heartbeat::handle(call, request).into(),
        R::LeaveGroup(request) => leave_group::handle(call, request).into(),
        R::SyncGroup(request) => sync_group::handle(call, request).await.into(),
        R::DescribeGroups(request) => describe_groups::handle(call, request).into(),
        R::ListGroups(request) => list_groups::handle(call, request).into(),
        R::ApiVersions(_) => api_versions::handle().into(),
        R::CreateTopics(request) => create_topics::handle(call, request).into(),
        R::DeleteTopics(request) => delete_topics::handle(call, request).into(),
        R::DeleteRecords(request) => delete_records::handle(call, request).into(),
        R::InitProducerId(request) => init_producer_id::handle(call, request).into(),
        R::OffsetForLeaderEpoch(request) => offset_for_leader_epoch::handle(call, request).into(),
        R::DescribeConfigs(request) => describe_configs::handle(call, request).into(),
        R::AlterConfigs(request) => alter_configs::handle(call, request).into(),
        R::CreatePartitions(request) => create_partitions::handle(call, request).into(),
        R::DeleteGroups(request) => delete_groups::handle(call, request).into(),
        R::IncrementalAlterConfigs(r) => incremental_alter_configs::handle(call, r).into(),
        R::OffsetDelete(request) => offset_delete::handle(call, request).into(),
        R::DescribeCluster(request) => describe_cluster::handle(call, request).into(),
        _ => return None,
    })
}
