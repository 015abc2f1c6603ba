//! LeaveGroup: members leave, or are removed.

use std::time::Instant;

use kafka_protocol::ResponseError;
use kafka_protocol::messages::leave_group_request::MemberIdentity;
use kafka_protocol::messages::leave_group_response::MemberResponse;
use kafka_protocol::messages::{LeaveGroupRequest, LeaveGroupResponse};

use crate::cluster::Call;
use crate::group::Identity;

pub(crate) fn handle(call: Call<'_>, request: LeaveGroupRequest) -> LeaveGroupResponse {
    let groups = &call.cluster.groups;
    let group = groups.get(&request.group_id);
    let leave = |member: &MemberIdentity| {
        let group = group.as_ref().ok_or(ResponseError::UnknownMemberId)?;
        let who = Identity {
            member_id: &member.member_id,
            instance_id: member.group_instance_id.as_deref(),
        };
        groups.change(group, |group| group.leave(who, Instant::now()))
    };
    let code = |result: Result<(), ResponseError>| result.err().map_or(0, |error| error.code());
    if call.version < 3 {
        let only = MemberIdentity::default().with_member_id(request.member_id);
        return LeaveGroupResponse::default().with_error_code(code(leave(&only)));
    }
    let one = |member: MemberIdentity| {
        MemberResponse::default()
            .with_error_code(code(leave(&member)))
            .with_member_id(member.member_id)
            .with_group_instance_id(member.group_instance_id)
    };
    let members = request.members.into_iter().map(one).collect();
    LeaveGroupResponse::default().with_members(members)
}
