//! Consumer groups: assignment, death of a member, committed offsets, administration.

mod common;
#[path = "common/wire.rs"]
mod wire;

use std::time::Instant;

use common::*;
use kafka_protocol::ResponseError;
use kafka_protocol::messages::offset_commit_request::{
    OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};
use kafka_protocol::messages::offset_fetch_request::{
    OffsetFetchRequestGroup, OffsetFetchRequestTopics,
};
use kafka_protocol::messages::{
    DescribeGroupsRequest, HeartbeatRequest, ListGroupsRequest, OffsetCommitRequest,
    OffsetFetchRequest,
};
use rdkafka::admin::AdminOptions;
use rdkafka::consumer::{CommitMode, Consumer};
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::{Offset, TopicPartitionList};
use wire::{Joining, Wire, text};

#[tokio::test]
async fn two_consumers_share_a_topic_and_the_leavers_part_goes_to_the_other() {
    share_a_topic("range").await;
}

#[tokio::test]
async fn two_consumers_share_a_topic_by_cooperation() {
    share_a_topic("cooperative-sticky").await;
}

async fn share_a_topic(strategy: &str) {
    let settings = &[("partition.assignment.strategy", strategy)];
    let broker = broker();
    create_topic(&broker, "trips", 4, &[]).await;
    let first = consumer(&broker, "g", settings);
    first.subscribe(&["trips"]).unwrap();
    poll_until(&first, "the first has all", || {
        assigned(&first) == [0, 1, 2, 3]
    });
    let second = consumer(&broker, "g", settings);
    second.subscribe(&["trips"]).unwrap();
    poll_until(&first, "each has half", || {
        assert!(second.poll(std::time::Duration::from_millis(20)).is_none());
        assigned(&first).len() == 2 && assigned(&second).len() == 2
    });
    drop(second);
    poll_until(&first, "the first has all again", || {
        assigned(&first) == [0, 1, 2, 3]
    });
}

#[tokio::test]
async fn the_part_of_a_consumer_that_dies_goes_to_the_survivor_at_its_session_timeout() {
    let broker = broker();
    create_topic(&broker, "trips", 4, &[]).await;
    // A member that joins, takes everything, and hangs up without a word.
    let mut dying = Wire::to(&broker);
    let joined = dying.join(&Joining {
        session_ms: 2000,
        ..Joining::default()
    });
    assert_eq!(joined.error_code, 0);
    assert_eq!(
        dying.sync("g", &joined, "trips", &[0, 1, 2, 3]).error_code,
        0
    );
    let died = Instant::now();
    drop(dying);

    let survivor = consumer(&broker, "g", &[]);
    survivor.subscribe(&["trips"]).unwrap();
    poll_until(&survivor, "the survivor has all", || {
        assigned(&survivor) == [0, 1, 2, 3]
    });
    let waited = died.elapsed().as_millis();
    assert!((1900..8000).contains(&waited), "after {waited} ms");
}

#[tokio::test]
async fn a_member_that_dies_while_it_waits_to_join_does_not_hold_the_group_up() {
    let broker = broker();
    create_topic(&broker, "trips", 1, &[]).await;
    let mut member = Wire::to(&broker);
    let joined = member.join(&Joining {
        session_ms: 30_000,
        ..Joining::default()
    });
    member.sync("g", &joined, "trips", &[0]);
    // The second waits for the first to join again, and dies meanwhile.
    let waiting = std::thread::spawn({
        let mut second = Wire::to(&broker);
        move || {
            let request = kafka_protocol::messages::JoinGroupRequest::default()
                .with_group_id(text("g").into())
                .with_session_timeout_ms(1000)
                .with_rebalance_timeout_ms(30_000)
                .with_protocol_type(text("consumer"))
                .with_protocols(vec![
                    kafka_protocol::messages::join_group_request::JoinGroupRequestProtocol::default()
                        .with_name(text("range")),
                ]);
            second.send(&request, 3);
            second
        }
    });
    let second = waiting.join().unwrap();
    let heartbeat = HeartbeatRequest::default()
        .with_group_id(text("g").into())
        .with_generation_id(joined.generation_id)
        .with_member_id(joined.member_id.clone());
    let deadline = Instant::now() + PATIENCE;
    while member.ask(&heartbeat, 3).error_code != ResponseError::RebalanceInProgress.code() {
        assert!(Instant::now() < deadline, "no rebalance");
    }
    drop(second);
    let id = joined.member_id.to_string();
    let again = member.join(&Joining {
        id: &id,
        session_ms: 30_000,
        ..Joining::default()
    });
    assert_eq!(again.error_code, 0);
    assert_eq!(again.members.len(), 1, "the dead member is gone");
}

#[tokio::test]
async fn committed_offsets_are_where_the_next_consumer_begins() {
    let broker = broker();
    create_topic(&broker, "trips", 1, &[]).await;
    let producer = producer(&broker, &[]);
    for number in 0..10 {
        send(&producer, "trips", "k", &number.to_string()).await;
    }
    let first = consumer(&broker, "g", &[]);
    first.subscribe(&["trips"]).unwrap();
    take(&first, 4, value);
    let mut done = TopicPartitionList::new();
    done.add_partition_offset("trips", 0, Offset::Offset(4))
        .unwrap();
    first.commit(&done, CommitMode::Sync).unwrap();
    drop(first);

    let second = consumer(&broker, "g", &[]);
    second.subscribe(&["trips"]).unwrap();
    assert_eq!(take(&second, 1, value), ["4"]);
    let committed = second.committed(PATIENCE).unwrap();
    assert_eq!(committed.elements()[0].offset(), Offset::Offset(4));
}

fn commit(group: &str, member: &str, generation: i32, offset: i64) -> OffsetCommitRequest {
    let partition = OffsetCommitRequestPartition::default()
        .with_committed_offset(offset)
        .with_committed_metadata(Some(text("note")));
    let topic = OffsetCommitRequestTopic::default()
        .with_name(text("trips").into())
        .with_partitions(vec![partition]);
    OffsetCommitRequest::default()
        .with_group_id(text(group).into())
        .with_member_id(text(member))
        .with_generation_id_or_member_epoch(generation)
        .with_topics(vec![topic])
}

#[tokio::test]
async fn commits_are_taken_from_members_of_this_generation_only() {
    let broker = broker();
    create_topic(&broker, "trips", 1, &[]).await;
    let mut wire = Wire::to(&broker);
    let code = |wire: &mut Wire, request: &OffsetCommitRequest| {
        wire.ask(request, 8).topics[0].partitions[0].error_code
    };
    // A consumer that assigns itself commits without a generation, while there are no members.
    assert_eq!(code(&mut wire, &commit("g", "", -1, 5)), 0);
    let joined = wire.join(&Joining {
        session_ms: 30_000,
        ..Joining::default()
    });
    let (id, generation) = (joined.member_id.to_string(), joined.generation_id);
    let rebalancing = ResponseError::RebalanceInProgress.code();
    assert_eq!(
        code(&mut wire, &commit("g", &id, generation, 6)),
        rebalancing
    );
    wire.sync("g", &joined, "trips", &[0]);
    assert_eq!(code(&mut wire, &commit("g", &id, generation, 7)), 0);
    let stale = ResponseError::IllegalGeneration.code();
    assert_eq!(code(&mut wire, &commit("g", &id, generation - 1, 8)), stale);
    let unknown = ResponseError::UnknownMemberId.code();
    assert_eq!(
        code(&mut wire, &commit("g", "someone", generation, 8)),
        unknown
    );
    assert_eq!(code(&mut wire, &commit("g", "", -1, 8)), unknown);
    assert_eq!(code(&mut wire, &commit("other", "someone", 3, 8)), stale);

    let named = OffsetFetchRequestTopics::default()
        .with_name(text("trips").into())
        .with_partition_indexes(vec![0, 1]);
    let group = |id, topics| {
        OffsetFetchRequestGroup::default()
            .with_group_id(text(id).into())
            .with_topics(topics)
    };
    let request = OffsetFetchRequest::default().with_groups(vec![
        group("g", Some(vec![named])),
        group("g", None),
        group("none", None),
    ]);
    let answer = wire.ask(&request, 8);
    let offsets: Vec<Vec<(i64, String)>> = answer
        .groups
        .iter()
        .map(|group| {
            let partitions = group.topics.iter().flat_map(|t| &t.partitions);
            partitions
                .map(|p| {
                    (
                        p.committed_offset,
                        p.metadata.clone().unwrap_or_default().to_string(),
                    )
                })
                .collect()
        })
        .collect();
    let (seven, nothing) = ((7, "note".to_owned()), (-1, String::new()));
    assert_eq!(offsets, [vec![seven.clone(), nothing], vec![seven], vec![]]);
}

#[tokio::test]
async fn a_static_member_that_comes_back_keeps_its_part_without_a_rebalance() {
    let broker = broker();
    create_topic(&broker, "trips", 2, &[]).await;
    let me = || Joining {
        instance: Some("i-1"),
        session_ms: 30_000,
        ..Joining::default()
    };
    let mut wire = Wire::to(&broker);
    let joined = wire.join(&me());
    let synced = wire.sync("g", &joined, "trips", &[0, 1]);
    drop(wire);

    let mut wire = Wire::to(&broker);
    let again = wire.join(&me());
    assert_eq!(
        (again.error_code, again.generation_id),
        (0, joined.generation_id)
    );
    assert_ne!(again.member_id, joined.member_id);
    assert_eq!(
        wire.sync("g", &again, "trips", &[]).assignment,
        synced.assignment
    );
    let old = HeartbeatRequest::default()
        .with_group_id(text("g").into())
        .with_generation_id(joined.generation_id)
        .with_member_id(joined.member_id.clone())
        .with_group_instance_id(Some(text("i-1")));
    assert_eq!(
        wire.ask(&old, 3).error_code,
        ResponseError::FencedInstanceId.code()
    );
}

#[tokio::test]
async fn groups_are_listed_described_and_deleted() {
    let broker = broker();
    create_topic(&broker, "trips", 2, &[]).await;
    let member = consumer(&broker, "g", &[("client.id", "rider-map")]);
    member.subscribe(&["trips"]).unwrap();
    poll_until(&member, "it has its part", || assigned(&member) == [0, 1]);

    let observer = consumer(&broker, "observer", &[]);
    let list = observer.fetch_group_list(Some("g"), PATIENCE).unwrap();
    let group = &list.groups()[0];
    assert_eq!(
        (group.name(), group.state(), group.protocol_type()),
        ("g", "Stable", "consumer")
    );
    assert_eq!(group.members().len(), 1);
    let described = &group.members()[0];
    assert_eq!(
        (described.client_id(), described.client_host()),
        ("rider-map", "/127.0.0.1")
    );
    assert!(
        described
            .metadata()
            .unwrap()
            .windows(5)
            .any(|bytes| bytes == b"trips")
    );
    assert!(
        described
            .assignment()
            .unwrap()
            .windows(5)
            .any(|bytes| bytes == b"trips")
    );

    let admin = admin(&broker);
    let busy = admin
        .delete_groups(&["g"], &AdminOptions::new())
        .await
        .unwrap();
    assert_eq!(
        busy,
        [Err(("g".to_owned(), RDKafkaErrorCode::NonEmptyGroup))]
    );
    drop(member);
    let mut wire = Wire::to(&broker);
    let request = |state| ListGroupsRequest::default().with_states_filter(vec![text(state)]);
    let deadline = Instant::now() + PATIENCE;
    while wire.ask(&request("Empty"), 4).groups.is_empty() {
        assert!(Instant::now() < deadline, "the group does not become empty");
    }
    assert!(wire.ask(&request("Stable"), 4).groups.is_empty());
    let done = admin
        .delete_groups(&["g", "none"], &AdminOptions::new())
        .await
        .unwrap();
    let unknown = Err(("none".to_owned(), RDKafkaErrorCode::GroupIdNotFound));
    assert_eq!(done, [Ok("g".to_owned()), unknown]);
    let gone = DescribeGroupsRequest::default().with_groups(vec![text("g").into()]);
    assert_eq!(&*wire.ask(&gone, 5).groups[0].group_state, "Dead");
}
