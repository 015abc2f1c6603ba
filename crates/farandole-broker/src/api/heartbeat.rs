//! Heartbeat: a member says that it lives, and hears whether it has to join again.

use std::time::Instant;

use kafka_protocol::ResponseError;
use kafka_protocol::messages::{HeartbeatRequest, HeartbeatResponse};

use crate::cluster::Call;
use crate::group::Identity;
use crate::lock;

pub(crate) fn handle(call: Call<'_>, request: HeartbeatRequest) -> HeartbeatResponse {
    let who = Identity {
        member_id: &request.member_id,
        instance_id: request.group_instance_id.as_deref(),
    };
    let result = match call.cluster.groups.get(&request.group_id) {
        Some(group) => lock(&group).heartbeat(who, request.generation_id, Instant::now()),
        None => Err(ResponseError::UnknownMemberId),
    };
    HeartbeatResponse::default().with_error_code(result.err().map_or(0, |error| error.code()))
}
