use std::fmt::Debug;

use bytes::{Bytes, BytesMut};
use kafka_protocol::messages::*;
use kafka_protocol::protocol::{Encodable, Request, StrBytes};

use super::*;
use crate::api::KINDS;

fn text(s: &'static str) -> StrBytes {
    StrBytes::from_static_str(s)
}

/// Walks over a request as the protocol crate writes it, in every version that is served and
/// can carry what it holds; nothing may be left over.
#[track_caller]
fn fits<R: Request + Encodable + Debug + Clone>(request: R) {
    let kind = KINDS.iter().find(|k| k.key as i16 == R::KEY).unwrap();
    let mut fitted = 0;
    for version in kind.min..=kind.max {
        let mut bytes = BytesMut::new();
        if request.encode(&mut bytes, version).is_err() {
            continue; // a field that this version doesn't have
        }
        let left = walk(kind.key, version, &bytes);
        assert_eq!(left, Ok(&[][..]), "{} version {version}", kind.name);
        fitted += 1;
    }
    assert!(fitted > 0, "{} fits no version", kind.name);
}

#[test]
fn records_are_walked_over() {
    use fetch_request::*;
    use list_offsets_request::*;
    use produce_request::*;
    let partition =
        PartitionProduceData::default().with_records(Some(Bytes::from_static(b"a batch")));
    let topic = TopicProduceData::default()
        .with_name(text("trips").into())
        .with_partition_data(vec![partition.clone(), partition.with_records(None)]);
    fits(ProduceRequest::default().with_topic_data(vec![topic]));

    let partition = FetchPartition::default().with_fetch_offset(7);
    let topic = FetchTopic::default().with_partitions(vec![partition.clone(), partition]);
    let forgotten = ForgottenTopic::default().with_partitions(vec![1, 2, 3]);
    fits(FetchRequest::default().with_topics(vec![topic.clone()]));
    fits(
        FetchRequest::default()
            .with_topics(vec![topic])
            .with_forgotten_topics_data(vec![forgotten])
            .with_cluster_id(Some(text("a tagged field")))
            .with_rack_id(text("rack")),
    );
    let partition = ListOffsetsPartition::default();
    let topic = ListOffsetsTopic::default().with_partitions(vec![partition.clone(), partition]);
    fits(ListOffsetsRequest::default().with_topics(vec![topic]));
    let epoch = offset_for_leader_epoch_request::OffsetForLeaderTopic::default()
        .with_topic(text("trips").into())
        .with_partitions(vec![Default::default(), Default::default()]);
    fits(OffsetForLeaderEpochRequest::default().with_topics(vec![epoch]));
}

#[test]
fn groups_are_walked_over() {
    use join_group_request::*;
    use leave_group_request::*;
    use sync_group_request::*;
    let protocol = JoinGroupRequestProtocol::default()
        .with_name(text("range"))
        .with_metadata(Bytes::from_static(b"subscription"));
    let join = JoinGroupRequest::default()
        .with_group_id(text("g").into())
        .with_protocols(vec![protocol.clone(), protocol]);
    fits(join.clone());
    fits(join.with_group_instance_id(Some(text("i"))));
    let assignment = SyncGroupRequestAssignment::default()
        .with_member_id(text("m"))
        .with_assignment(Bytes::from_static(b"assignment"));
    fits(SyncGroupRequest::default().with_assignments(vec![assignment.clone(), assignment]));
    fits(HeartbeatRequest::default().with_member_id(text("m")));
    fits(LeaveGroupRequest::default().with_member_id(text("m")));
    let leaving = MemberIdentity::default().with_member_id(text("m"));
    fits(LeaveGroupRequest::default().with_members(vec![leaving.clone(), leaving]));
    fits(DescribeGroupsRequest::default().with_groups(vec![text("a").into(), text("b").into()]));
    fits(ListGroupsRequest::default());
    fits(ListGroupsRequest::default().with_states_filter(vec![text("Empty"), text("Stable")]));
    fits(ListGroupsRequest::default().with_types_filter(vec![text("classic")]));
    fits(DeleteGroupsRequest::default().with_groups_names(vec![text("a").into()]));
    fits(FindCoordinatorRequest::default().with_key(text("g")));
    fits(FindCoordinatorRequest::default().with_coordinator_keys(vec![text("a"), text("b")]));
}

#[test]
fn offsets_are_walked_over() {
    use offset_commit_request::*;
    use offset_delete_request::*;
    use offset_fetch_request::*;
    let partition = OffsetCommitRequestPartition::default()
        .with_committed_metadata(Some(text("note")))
        .with_committed_offset(3);
    let topic = OffsetCommitRequestTopic::default()
        .with_name(text("trips").into())
        .with_partitions(vec![partition.clone(), partition]);
    fits(OffsetCommitRequest::default().with_topics(vec![topic]));
    let topic = OffsetFetchRequestTopic::default().with_partition_indexes(vec![1, 2]);
    fits(OffsetFetchRequest::default().with_topics(Some(vec![topic.clone(), topic])));
    fits(OffsetFetchRequest::default().with_topics(None));
    let topic = OffsetFetchRequestTopics::default().with_partition_indexes(vec![1, 2]);
    let group = OffsetFetchRequestGroup::default().with_topics(Some(vec![topic.clone(), topic]));
    let all = OffsetFetchRequestGroup::default().with_topics(None);
    fits(OffsetFetchRequest::default().with_groups(vec![group, all]));
    let topic = OffsetDeleteRequestTopic::default()
        .with_partitions(vec![OffsetDeleteRequestPartition::default()]);
    fits(OffsetDeleteRequest::default().with_topics(vec![topic]));
}

#[test]
fn administration_is_walked_over() {
    use create_partitions_request::*;
    use create_topics_request::*;
    use delete_records_request::*;
    use delete_topics_request::*;
    let setting = CreatableTopicConfig::default()
        .with_name(text("retention.ms"))
        .with_value(Some(text("1")));
    let replicas =
        CreatableReplicaAssignment::default().with_broker_ids(vec![BrokerId(1), BrokerId(2)]);
    let topic = CreatableTopic::default()
        .with_name(text("trips").into())
        .with_configs(vec![setting.clone(), setting.with_value(None)])
        .with_assignments(vec![replicas.clone(), replicas]);
    fits(CreateTopicsRequest::default().with_topics(vec![topic.clone(), topic]));
    fits(DeleteTopicsRequest::default().with_topic_names(vec![text("a").into()]));
    let named = DeleteTopicState::default().with_name(Some(text("a").into()));
    fits(DeleteTopicsRequest::default().with_topics(vec![named, DeleteTopicState::default()]));
    let topic = DeleteRecordsTopic::default().with_partitions(vec![
        DeleteRecordsPartition::default(),
        DeleteRecordsPartition::default(),
    ]);
    fits(DeleteRecordsRequest::default().with_topics(vec![topic]));
    let assignment = CreatePartitionsAssignment::default().with_broker_ids(vec![BrokerId(1)]);
    let grown = CreatePartitionsTopic::default().with_name(text("trips").into());
    let assigned = grown
        .clone()
        .with_assignments(Some(vec![assignment.clone(), assignment]));
    fits(
        CreatePartitionsRequest::default()
            .with_topics(vec![assigned, grown.with_assignments(None)]),
    );
    fits(InitProducerIdRequest::default());
    fits(InitProducerIdRequest::default().with_transactional_id(Some(text("t").into())));
    fits(ApiVersionsRequest::default().with_client_software_name(text("client")));
    fits(DescribeClusterRequest::default());
    fits(MetadataRequest::default().with_topics(Some(Vec::new())));
    let topic =
        |name| metadata_request::MetadataRequestTopic::default().with_name(Some(text(name).into()));
    fits(MetadataRequest::default().with_topics(Some(vec![topic("a"), topic("b")])));
    fits(MetadataRequest::default().with_topics(None));
}

#[test]
fn settings_are_walked_over() {
    let resource = describe_configs_request::DescribeConfigsResource::default()
        .with_resource_name(text("trips"))
        .with_configuration_keys(Some(vec![text("a"), text("b")]));
    let all = resource.clone().with_configuration_keys(None);
    fits(DescribeConfigsRequest::default().with_resources(vec![resource, all]));
    let setting = alter_configs_request::AlterableConfig::default()
        .with_name(text("a"))
        .with_value(Some(text("b")));
    let resource = alter_configs_request::AlterConfigsResource::default()
        .with_configs(vec![setting.clone(), setting]);
    fits(AlterConfigsRequest::default().with_resources(vec![resource]));
    let setting = incremental_alter_configs_request::AlterableConfig::default()
        .with_name(text("a"))
        .with_value(None);
    let resource = incremental_alter_configs_request::AlterConfigsResource::default()
        .with_configs(vec![setting.clone(), setting]);
    fits(IncrementalAlterConfigsRequest::default().with_resources(vec![resource]));
}

#[test]
fn announced_billions_are_refused() {
    // Metadata version 1 for 2,147,483,647 topics, in four bytes.
    assert_eq!(
        check(ApiKey::Metadata, 1, &[0x7F, 0xFF, 0xFF, 0xFF]),
        Err(Misshapen::Length)
    );
    // Version 9, where the number is a varint.
    let compact = [0xFF, 0xFF, 0xFF, 0xFF, 0x0F];
    assert_eq!(check(ApiKey::Metadata, 9, &compact), Err(Misshapen::Length));
    assert_eq!(
        check(ApiKey::Metadata, 1, &[0x80, 0, 0, 0]),
        Err(Misshapen::Length)
    );
    assert_eq!(check(ApiKey::Metadata, 1, &[0, 0]), Err(Misshapen::Short));
}

#[test]
fn every_kind_that_is_served_has_a_shape() {
    for kind in KINDS {
        assert_ne!(
            check(kind.key, kind.max, &[]),
            Err(Misshapen::Unknown),
            "{}",
            kind.name
        );
    }
}
