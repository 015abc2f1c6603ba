//! DeleteGroups: forgets groups that have no members.

use kafka_protocol::messages::delete_groups_response::DeletableGroupResult;
use kafka_protocol::messages::{DeleteGroupsRequest, DeleteGroupsResponse, GroupId};

use crate::cluster::Call;

pub(crate) fn handle(call: Call<'_>, request: DeleteGroupsRequest) -> DeleteGroupsResponse {
    let one = |id: GroupId| {
        let error = call
            .cluster
            .groups
            .delete(&id)
            .err()
            .map_or(0, |error| error.code());
        DeletableGroupResult::default()
            .with_group_id(id)
            .with_error_code(error)
    };
    DeleteGroupsResponse::default()
        .with_results(request.groups_names.into_iter().map(one).collect())
}
