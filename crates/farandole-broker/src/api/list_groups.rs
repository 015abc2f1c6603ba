//! ListGroups: all groups, or those in some states.

use kafka_protocol::messages::list_groups_response::ListedGroup;
use kafka_protocol::messages::{ListGroupsRequest, ListGroupsResponse};

use crate::cluster::{Call, text};
use crate::lock;

/// The only type of group there is here.
const TYPE: &str = "classic";

pub(crate) fn handle(call: Call<'_>, request: ListGroupsRequest) -> ListGroupsResponse {
    let states = &request.states_filter;
    let types = &request.types_filter;
    let mut listed = Vec::new();
    for group in call.cluster.groups.all() {
        let group = lock(&group);
        let state =
            states.is_empty() || states.iter().any(|s| s.eq_ignore_ascii_case(group.state()));
        let kind = types.is_empty() || types.iter().any(|t| t.eq_ignore_ascii_case(TYPE));
        if state && kind && !group.is_forgettable() {
            listed.push(
                ListedGroup::default()
                    .with_group_id(text(&group.id).into())
                    .with_protocol_type(text(group.protocol_type()))
                    .with_group_state(text(group.state()))
                    .with_group_type(text(TYPE)),
            );
        }
    }
    if call.version < 5 {
        listed
            .iter_mut()
            .for_each(|group| group.group_type = Default::default());
    }
    if call.version < 4 {
        listed
            .iter_mut()
            .for_each(|group| group.group_state = Default::default());
    }
    ListGroupsResponse::default().with_groups(listed)
}
