//! What good clients don't do, and what the protocol promises about it.

mod common;
#[path = "common/wire.rs"]
mod wire;

use bytes::{BufMut, Bytes, BytesMut};
use common::*;
use farandole_broker::{Broker, BrokerError, Config};
use kafka_protocol::ResponseError;
use kafka_protocol::messages::fetch_request::{FetchPartition, FetchTopic};
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};
use kafka_protocol::messages::produce_response::PartitionProduceResponse;
use kafka_protocol::messages::{
    ApiKey, ApiVersionsRequest, FetchRequest, FindCoordinatorRequest, InitProducerIdRequest,
    MetadataRequest, ProduceRequest,
};
use rdkafka::consumer::Consumer;
use wire::{Wire, text};

/// A batch of one record without key and value.
fn batch((producer_id, epoch, sequence): (i64, i16, i32)) -> Bytes {
    let mut tail = BytesMut::new();
    tail.put_i16(0);
    tail.put_i32(0);
    tail.put_i64(1000);
    tail.put_i64(1000);
    tail.put_i64(producer_id);
    tail.put_i16(epoch);
    tail.put_i32(sequence);
    tail.put_i32(1);
    tail.put_slice(&[12, 0, 0, 0, 1, 1, 0]);
    let mut batch = BytesMut::new();
    batch.put_i64(0);
    batch.put_i32(9 + tail.len() as i32);
    batch.put_i32(-1);
    batch.put_i8(2);
    batch.put_u32(crc32c::crc32c(&tail));
    batch.put_slice(&tail);
    batch.freeze()
}

fn producer_id(wire: &mut Wire) -> i64 {
    let request = InitProducerIdRequest::default().with_transactional_id(None);
    let answer = wire.ask(&request, 4);
    assert_eq!((answer.error_code, answer.producer_epoch), (0, 0));
    answer.producer_id.0
}

fn produce(wire: &mut Wire, records: Bytes) -> PartitionProduceResponse {
    let partition = PartitionProduceData::default().with_records(Some(records));
    let topic = TopicProduceData::default()
        .with_name(text("trips").into())
        .with_partition_data(vec![partition]);
    let request = ProduceRequest::default()
        .with_acks(-1)
        .with_topic_data(vec![topic]);
    wire.ask(&request, 9)
        .responses
        .remove(0)
        .partition_responses
        .remove(0)
}

#[tokio::test]
async fn a_batch_sent_twice_is_stored_once_and_answered_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let config = Config {
        data: Some(folder.path().to_owned()),
        ..Config::default()
    };
    let broker = Broker::start(config.clone()).await.unwrap();
    create_topic(&broker, "trips", 1, &[]).await;
    let mut wire = Wire::to(&broker);
    let id = producer_id(&mut wire);
    for sequence in 0..6 {
        let answer = produce(&mut wire, batch((id, 0, sequence)));
        assert_eq!(
            (answer.error_code, answer.base_offset),
            (0, i64::from(sequence))
        );
    }
    let again = produce(&mut wire, batch((id, 0, 3)));
    assert_eq!((again.error_code, again.base_offset), (0, 3));
    let gap = produce(&mut wire, batch((id, 0, 8)));
    assert_eq!(
        gap.error_code,
        ResponseError::OutOfOrderSequenceNumber.code()
    );
    assert_eq!(produce(&mut wire, batch((id, 1, 0))).base_offset, 6);
    let old = produce(&mut wire, batch((id, 0, 6)));
    assert_eq!(old.error_code, ResponseError::InvalidProducerEpoch.code());
    drop(wire);
    broker.stop().await;

    // The broker remembers after a restart, too, and gives no id out twice.
    let broker = Broker::start(config).await.unwrap();
    let mut wire = Wire::to(&broker);
    assert_eq!(produce(&mut wire, batch((id, 1, 0))).base_offset, 6);
    assert!(producer_id(&mut wire) > id);
    let reader = consumer(&broker, "reader", &[]);
    assert_eq!(
        reader.fetch_watermarks("trips", 0, PATIENCE).unwrap(),
        (0, 7)
    );
}

#[tokio::test]
async fn damaged_batches_are_refused_and_not_stored() {
    let broker = broker();
    create_topic(&broker, "trips", 1, &[]).await;
    let mut wire = Wire::to(&broker);
    let good = batch((-1, -1, -1));
    let edit = |at: usize, byte: u8| {
        let mut bytes = BytesMut::from(&good[..]);
        bytes[at] = byte;
        bytes.freeze()
    };
    let corrupt = ResponseError::CorruptMessage.code();
    assert_eq!(
        produce(&mut wire, edit(good.len() - 1, 9)).error_code,
        corrupt
    );
    assert_eq!(produce(&mut wire, good.slice(..30)).error_code, corrupt);
    let old = ResponseError::UnsupportedForMessageFormat.code();
    assert_eq!(produce(&mut wire, edit(16, 1)).error_code, old);
    let two = Bytes::from([&good[..], &good[..]].concat());
    assert_eq!(
        produce(&mut wire, two).error_code,
        corrupt,
        "one batch a request"
    );
    assert_eq!(produce(&mut wire, good).base_offset, 0);
}

#[tokio::test]
async fn a_fetch_finds_topics_by_name_and_by_id() {
    let broker = broker();
    create_topic(&broker, "trips", 2, &[]).await;
    let mut wire = Wire::to(&broker);
    let stored = batch((-1, -1, -1));
    produce(&mut wire, stored.clone());
    let metadata = wire.ask(&MetadataRequest::default().with_topics(None), 12);
    let id = metadata.topics[0].topic_id;
    let fetch = |topic: FetchTopic, offset| {
        let partition = FetchPartition::default()
            .with_fetch_offset(offset)
            .with_partition_max_bytes(1 << 20);
        FetchRequest::default()
            .with_max_wait_ms(10)
            .with_max_bytes(1 << 20)
            .with_min_bytes(1)
            .with_topics(vec![topic.with_partitions(vec![partition])])
    };
    let by_name = FetchTopic::default().with_topic(text("trips").into());
    let by_id = FetchTopic::default().with_topic_id(id);
    for (topic, version) in [(by_name.clone(), 4), (by_name.clone(), 12), (by_id, 13)] {
        for (offset, error, bytes) in [(0, 0, stored.len()), (1, 0, 0), (2, 1, 0)] {
            let answer = wire.ask(&fetch(topic.clone(), offset), version);
            let partition = &answer.responses[0].partitions[0];
            let length = partition.records.as_ref().map_or(0, Bytes::len);
            assert_eq!(
                (partition.error_code, length),
                (error, bytes),
                "{version}, {offset}"
            );
        }
    }
    let unknown = FetchTopic::default().with_topic_id(uuid::Uuid::from_u128(7));
    let answer = wire.ask(&fetch(unknown, 0), 13);
    let code = answer.responses[0].partitions[0].error_code;
    assert_eq!(code, ResponseError::UnknownTopicId.code());
}

#[tokio::test]
async fn a_client_from_the_future_learns_which_versions_there_are() {
    let broker = broker();
    let mut wire = Wire::to(&broker);
    let mut frame = BytesMut::new();
    frame.put_i16(ApiKey::ApiVersions as i16);
    frame.put_i16(99);
    frame.put_i32(7);
    frame.put_slice(b"whatever comes then");
    wire.send_frame(&frame);
    let answer = wire.receive_frame().expect("an answer");
    assert_eq!(answer[..4], 7_i32.to_be_bytes());
    assert_eq!(
        answer[4..6],
        ResponseError::UnsupportedVersion.code().to_be_bytes()
    );
    // The connection lives on.
    let versions = wire.ask(&ApiVersionsRequest::default(), 3);
    assert!(
        versions
            .api_keys
            .iter()
            .any(|api| api.api_key == ApiKey::Fetch as i16)
    );
}

#[tokio::test]
async fn hostile_frames_end_their_connection_and_nothing_else() {
    let broker = broker();
    let frame = |key: i16, version: i16, rest: &[u8]| {
        let head = [
            &key.to_be_bytes()[..],
            &version.to_be_bytes(),
            &1_i32.to_be_bytes(),
        ];
        [&head.concat()[..], rest].concat()
    };
    let metadata = ApiKey::Metadata as i16;
    let hostile = [
        vec![],
        vec![0],
        frame(999, 0, &[]),
        frame(metadata, 99, &[]),
        frame(metadata, -1, &[]),
        frame(metadata, 1, &[]),
        // No client id, then 2,147,483,647 topics.
        frame(metadata, 1, &[0xFF, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF]),
        // A client id of 32,767 bytes that aren't there.
        frame(metadata, 1, &[0x7F, 0xFF]),
        // Not UTF-8.
        frame(metadata, 1, &[0, 1, 0xFF, 0, 0, 0, 0]),
    ];
    for frame in hostile {
        let mut wire = Wire::to(&broker);
        wire.send_frame(&frame);
        assert!(wire.is_hung_up(), "{frame:?}");
    }
    for length in [-1_i32, i32::MAX] {
        let mut wire = Wire::to(&broker);
        wire.send_raw(&length.to_be_bytes());
        assert!(wire.is_hung_up(), "{length}");
    }
    Wire::to(&broker).ask(&ApiVersionsRequest::default(), 3);
}

#[tokio::test]
async fn transactions_are_refused_for_good() {
    let broker = broker();
    let mut wire = Wire::to(&broker);
    let find = FindCoordinatorRequest::default()
        .with_key(text("t"))
        .with_key_type(1);
    let answer = wire.ask(&find, 2);
    let refused = ResponseError::TransactionalIdAuthorizationFailed.code();
    assert_eq!(answer.error_code, refused);
    assert_eq!(
        answer.error_message,
        Some(text("this broker has no transactions"))
    );
    let init = InitProducerIdRequest::default().with_transactional_id(Some(text("t").into()));
    assert_eq!(wire.ask(&init, 4).error_code, refused);
}

#[tokio::test]
async fn every_version_of_metadata_tells_the_same() {
    let broker = broker();
    create_topic(&broker, "trips", 2, &[]).await;
    let mut wire = Wire::to(&broker);
    let topic = |name: &str| MetadataRequestTopic::default().with_name(Some(text(name).into()));
    for version in 0..=13 {
        let request =
            MetadataRequest::default().with_topics(Some(vec![topic("trips"), topic("x")]));
        let answer = wire.ask(&request, version);
        assert_eq!(answer.brokers[0].port, i32::from(broker.address().port()));
        let found: Vec<_> = answer
            .topics
            .iter()
            .map(|t| (t.error_code, t.partitions.len()))
            .collect();
        assert_eq!(found, [(0, 2), (3, 0)], "version {version}");
    }
    let all = MetadataRequest::default();
    assert_eq!(wire.ask(&all.clone().with_topics(None), 1).topics.len(), 1);
    assert_eq!(wire.ask(&all.clone(), 1).topics.len(), 0, "none are named");
    assert_eq!(
        wire.ask(&all, 0).topics.len(),
        1,
        "version 0 has no other way to ask for all"
    );
}

#[tokio::test]
async fn requests_are_noted_when_asked_for() {
    let config = Config {
        request_log: true,
        ..Config::default()
    };
    let broker = Broker::start(config).await.unwrap();
    let mut wire = Wire::to(&broker);
    wire.ask(&ApiVersionsRequest::default(), 3);
    broker.clear_requests();
    let topic = MetadataRequestTopic::default().with_name(Some(text("trips").into()));
    let request = MetadataRequest::default()
        .with_topics(Some(vec![topic]))
        .with_allow_auto_topic_creation(false);
    wire.ask(&request, 9);
    let noted = broker.requests();
    assert_eq!(noted.len(), 1);
    assert_eq!(
        (noted[0].kind, noted[0].version, &*noted[0].client_id),
        ("Metadata", 9, "by-hand")
    );
    assert_eq!(noted[0].topics, ["trips"]);
    assert_eq!(noted[0].allow_auto_topic_creation, Some(false));
    assert!(noted[0].at_ms > 1_700_000_000_000);
}

#[tokio::test]
async fn topics_are_made_unasked_only_when_both_sides_allow_it() {
    let config = Config {
        auto_create_topics: true,
        default_partitions: 4,
        ..Config::default()
    };
    for (config, expected) in [(config, 0), (Config::default(), 3)] {
        let broker = Broker::start(config).await.unwrap();
        let mut wire = Wire::to(&broker);
        let mut code = |allow| {
            let topic = MetadataRequestTopic::default().with_name(Some(text("trips").into()));
            let request = MetadataRequest::default()
                .with_topics(Some(vec![topic]))
                .with_allow_auto_topic_creation(allow);
            wire.ask(&request, 9).topics.remove(0)
        };
        assert_eq!(code(false).error_code, 3);
        let made = code(true);
        assert_eq!(made.error_code, expected);
        assert_eq!(made.partitions.len(), if expected == 0 { 4 } else { 0 });
    }
}

#[test]
fn a_broker_that_others_could_reach_is_refused_unless_allowed() {
    let listen = "0.0.0.0:0".parse().unwrap();
    let config = Config {
        listen,
        ..Config::default()
    };
    let refused = Broker::start_blocking(config);
    assert!(matches!(refused, Err(BrokerError::NotLoopback(address)) if address == listen));
}

#[tokio::test]
async fn dropping_the_broker_ends_its_connections() {
    let broker = broker();
    let mut wire = Wire::to(&broker);
    wire.ask(&ApiVersionsRequest::default(), 3);
    drop(broker);
    assert!(wire.is_hung_up());
}
