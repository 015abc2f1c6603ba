//! A client that speaks the protocol by hand, to do what a good client doesn't: hang up without
//! a word, send a batch twice, commit under an old generation.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use farandole_broker::Broker;
use kafka_protocol::ResponseError;
use kafka_protocol::messages::join_group_request::JoinGroupRequestProtocol;
use kafka_protocol::messages::sync_group_request::SyncGroupRequestAssignment;
use kafka_protocol::messages::{
    ApiKey, ConsumerProtocolAssignment, ConsumerProtocolSubscription, JoinGroupRequest,
    JoinGroupResponse, RequestHeader, SyncGroupRequest, SyncGroupResponse,
};
use kafka_protocol::protocol::{Decodable, Encodable, Request, StrBytes};

pub(crate) struct Wire {
    stream: TcpStream,
    correlation_id: i32,
}

pub(crate) fn text(s: &str) -> StrBytes {
    StrBytes::from_string(s.to_owned())
}

#[allow(dead_code, reason = "each test file uses its own part")]
impl Wire {
    pub(crate) fn to(broker: &Broker) -> Wire {
        let stream = TcpStream::connect(broker.address()).expect("the broker listens");
        stream
            .set_read_timeout(Some(Duration::from_secs(30)))
            .expect("a timeout");
        Wire {
            stream,
            correlation_id: 0,
        }
    }

    /// Asks and waits for the answer.
    pub(crate) fn ask<R: Request>(&mut self, request: &R, version: i16) -> R::Response {
        self.send(request, version);
        self.receive::<R>(version)
    }

    pub(crate) fn send<R: Request>(&mut self, request: &R, version: i16) {
        self.correlation_id += 1;
        let header = RequestHeader::default()
            .with_request_api_key(R::KEY)
            .with_request_api_version(version)
            .with_correlation_id(self.correlation_id)
            .with_client_id(Some(text("by-hand")));
        let mut frame = BytesMut::new();
        header
            .encode(&mut frame, R::header_version(version))
            .expect("a header");
        request.encode(&mut frame, version).expect("a body");
        self.send_frame(&frame);
    }

    pub(crate) fn send_frame(&mut self, frame: &[u8]) {
        let length = (frame.len() as i32).to_be_bytes();
        self.stream.write_all(&length).expect("the broker reads");
        self.stream.write_all(frame).expect("the broker reads");
    }

    pub(crate) fn send_raw(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).expect("the broker reads");
    }

    pub(crate) fn receive<R: Request>(&mut self, version: i16) -> R::Response {
        let mut frame = self.receive_frame().expect("an answer");
        assert_eq!(frame[..4], self.correlation_id.to_be_bytes());
        let key = ApiKey::try_from(R::KEY).expect("a key");
        let header = if key.response_header_version(version) == 0 {
            4
        } else {
            5
        };
        drop(frame.split_to(header));
        let response = R::Response::decode(&mut frame, version).expect("a response");
        assert!(frame.is_empty(), "{} bytes are left", frame.len());
        response
    }

    /// The next frame; `None` when the broker has hung up.
    pub(crate) fn receive_frame(&mut self) -> Option<Bytes> {
        let mut length = [0; 4];
        self.stream.read_exact(&mut length).ok()?;
        let mut frame = vec![0; i32::from_be_bytes(length) as usize];
        self.stream.read_exact(&mut frame).ok()?;
        Some(Bytes::from(frame))
    }

    /// Whether the broker hangs up now.
    pub(crate) fn is_hung_up(&mut self) -> bool {
        matches!(self.stream.read(&mut [0]), Ok(0) | Err(_))
    }

    /// Joins a group as a consumer of a topic, twice if it needs a member id first.
    pub(crate) fn join(&mut self, member: &Joining<'_>) -> JoinGroupResponse {
        let mut subscription = BytesMut::from(&[0, 0][..]);
        ConsumerProtocolSubscription::default()
            .with_topics(vec![text(member.topic)])
            .encode(&mut subscription, 0)
            .expect("a subscription");
        let protocol = JoinGroupRequestProtocol::default()
            .with_name(text("range"))
            .with_metadata(subscription.freeze());
        let mut request = JoinGroupRequest::default()
            .with_group_id(text(member.group).into())
            .with_session_timeout_ms(member.session_ms)
            .with_rebalance_timeout_ms(member.rebalance_ms)
            .with_member_id(text(member.id))
            .with_group_instance_id(member.instance.map(text))
            .with_protocol_type(text("consumer"))
            .with_protocols(vec![protocol]);
        let answer = self.ask(&request, 5);
        if answer.error_code != ResponseError::MemberIdRequired.code() {
            return answer;
        }
        request.member_id = answer.member_id;
        self.ask(&request, 5)
    }

    /// As the leader, gives one member all these partitions; gives what the broker says.
    pub(crate) fn sync(
        &mut self,
        group: &str,
        joined: &JoinGroupResponse,
        topic: &str,
        partitions: &[i32],
    ) -> SyncGroupResponse {
        let assigned =
            kafka_protocol::messages::consumer_protocol_assignment::TopicPartition::default()
                .with_topic(text(topic).into())
                .with_partitions(partitions.to_vec());
        let mut assignment = BytesMut::from(&[0, 0][..]);
        ConsumerProtocolAssignment::default()
            .with_assigned_partitions(vec![assigned])
            .encode(&mut assignment, 0)
            .expect("an assignment");
        let mine = SyncGroupRequestAssignment::default()
            .with_member_id(joined.member_id.clone())
            .with_assignment(assignment.freeze());
        let request = SyncGroupRequest::default()
            .with_group_id(text(group).into())
            .with_generation_id(joined.generation_id)
            .with_member_id(joined.member_id.clone())
            .with_assignments(vec![mine]);
        self.ask(&request, 3)
    }
}

/// Who joins what.
#[allow(dead_code, reason = "each test file uses its own part")]
pub(crate) struct Joining<'a> {
    pub(crate) group: &'a str,
    pub(crate) topic: &'a str,
    pub(crate) id: &'a str,
    pub(crate) instance: Option<&'a str>,
    pub(crate) session_ms: i32,
    pub(crate) rebalance_ms: i32,
}

impl Default for Joining<'_> {
    fn default() -> Self {
        Joining {
            group: "g",
            topic: "trips",
            id: "",
            instance: None,
            session_ms: 1000,
            rebalance_ms: 10_000,
        }
    }
}
