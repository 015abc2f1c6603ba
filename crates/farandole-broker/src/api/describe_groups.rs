//! DescribeGroups: state, members, and what each has.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::describe_groups_response::{DescribedGroup, DescribedGroupMember};
use kafka_protocol::messages::{DescribeGroupsRequest, DescribeGroupsResponse, GroupId};

use crate::cluster::{Call, text};
use crate::group::{Group, Member};
use crate::lock;

pub(crate) fn handle(call: Call<'_>, request: DescribeGroupsRequest) -> DescribeGroupsResponse {
    let one = |id: GroupId| match call.cluster.groups.get(&id) {
        Some(group) => describe(&lock(&group)),
        None => unknown(call, id),
    };
    DescribeGroupsResponse::default().with_groups(request.groups.into_iter().map(one).collect())
}

/// A group that doesn't exist: dead, and since version 6 an error besides.
fn unknown(call: Call<'_>, id: GroupId) -> DescribedGroup {
    let group = DescribedGroup::default()
        .with_group_id(id)
        .with_group_state(text("Dead"));
    if call.version < 6 {
        return group;
    }
    group
        .with_error_code(ResponseError::GroupIdNotFound.code())
        .with_error_message(Some(text("there is no such group")))
}

fn describe(group: &Group) -> DescribedGroup {
    let member = |member: &Member| {
        DescribedGroupMember::default()
            .with_member_id(text(&member.id))
            .with_client_id(text(&member.client_id))
            .with_client_host(text(&member.host))
            .with_member_metadata(group.metadata_of(member))
            .with_member_assignment(member.assignment.clone())
    };
    DescribedGroup::default()
        .with_group_id(text(&group.id).into())
        .with_group_state(text(group.state()))
        .with_protocol_type(text(group.protocol_type()))
        .with_protocol_data(text(group.protocol().unwrap_or_default()))
        .with_members(group.members().map(member).collect())
}
