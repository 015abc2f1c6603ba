//! JoinGroup: waits until everybody of the group has joined.

use std::time::{Duration, Instant};

use kafka_protocol::ResponseError;
use kafka_protocol::messages::join_group_response::JoinGroupResponseMember;
use kafka_protocol::messages::{JoinGroupRequest, JoinGroupResponse};

use crate::cluster::{Call, text};
use crate::group::{Join, Joined, Joining};

pub(crate) async fn handle(call: Call<'_>, request: JoinGroupRequest) -> JoinGroupResponse {
    let member_id = request.member_id.to_string();
    if request.group_id.is_empty() {
        return refuse(call, ResponseError::InvalidGroupId, member_id);
    }
    let groups = &call.cluster.groups;
    let known = groups.get(&request.group_id);
    if known.is_none() && !member_id.is_empty() {
        return refuse(call, ResponseError::UnknownMemberId, member_id);
    }
    let group = known.unwrap_or_else(|| groups.get_or_make(&request.group_id));
    let join = join(call, request);
    let joining = groups.change(&group, |group| group.join(join, Instant::now()));
    drop(group);
    match joining {
        Joining::Done(joined) => respond(call, joined),
        Joining::Refused(error, member_id) => refuse(call, error, member_id),
        Joining::Wait(answer) => match answer.await {
            Ok(Ok(joined)) => respond(call, joined),
            Ok(Err(error)) => refuse(call, error, member_id),
            Err(_) => refuse(call, ResponseError::CoordinatorNotAvailable, member_id),
        },
    }
}

fn join(call: Call<'_>, request: JoinGroupRequest) -> Join {
    let time = |ms| Duration::from_millis(u64::try_from(ms).unwrap_or(0));
    let session_timeout = time(request.session_timeout_ms);
    // Version 0 has no rebalance timeout of its own.
    let own = call.version >= 1 && request.rebalance_timeout_ms > 0;
    let protocols = request
        .protocols
        .into_iter()
        .map(|p| (p.name.to_string(), p.metadata));
    Join {
        member_id: request.member_id.to_string(),
        instance_id: request.group_instance_id.map(|id| id.to_string()),
        client_id: call.client_id.to_owned(),
        host: format!("/{}", call.remote.ip()),
        session_timeout,
        rebalance_timeout: if own {
            time(request.rebalance_timeout_ms)
        } else {
            session_timeout
        },
        protocol_type: request.protocol_type.to_string(),
        protocols: protocols.collect(),
        id_first: call.version >= 4,
        can_skip: call.version >= 9,
    }
}

fn respond(call: Call<'_>, joined: Joined) -> JoinGroupResponse {
    let member = |(id, instance, metadata): (String, Option<String>, _)| {
        JoinGroupResponseMember::default()
            .with_member_id(text(id))
            .with_group_instance_id(instance.map(text))
            .with_metadata(metadata)
    };
    let response = JoinGroupResponse::default()
        .with_generation_id(joined.generation)
        .with_protocol_type((call.version >= 7).then(|| text(joined.protocol_type)))
        .with_protocol_name(Some(text(joined.protocol)))
        .with_leader(text(joined.leader))
        .with_member_id(text(joined.member_id))
        .with_members(joined.members.into_iter().map(member).collect());
    if call.version >= 9 {
        response.with_skip_assignment(joined.skip_assignment)
    } else {
        response
    }
}

fn refuse(call: Call<'_>, error: ResponseError, member_id: String) -> JoinGroupResponse {
    // Null only where the version has it.
    let protocol = if call.version >= 7 {
        None
    } else {
        Some(text(""))
    };
    JoinGroupResponse::default()
        .with_error_code(error.code())
        .with_generation_id(-1)
        .with_protocol_name(protocol)
        .with_member_id(text(member_id))
}
