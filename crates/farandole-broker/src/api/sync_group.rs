//! SyncGroup: waits for the leader's assignment.

use std::time::Instant;

use kafka_protocol::ResponseError;
use kafka_protocol::messages::{SyncGroupRequest, SyncGroupResponse};

use crate::cluster::{Call, text};
use crate::group::{Identity, Sync, Synced, Syncing};

pub(crate) async fn handle(call: Call<'_>, request: SyncGroupRequest) -> SyncGroupResponse {
    let groups = &call.cluster.groups;
    let Some(group) = groups.get(&request.group_id) else {
        return respond(call, Err(ResponseError::UnknownMemberId));
    };
    let assignments = request.assignments.into_iter();
    let sync = Sync {
        who: Identity {
            member_id: &request.member_id,
            instance_id: request.group_instance_id.as_deref(),
        },
        generation: request.generation_id,
        protocol_type: request.protocol_type.as_deref(),
        protocol: request.protocol_name.as_deref(),
        assignments: assignments
            .map(|a| (a.member_id.to_string(), a.assignment))
            .collect(),
    };
    let syncing = groups.change(&group, |group| group.sync(sync, Instant::now()));
    drop(group);
    let result = match syncing {
        Syncing::Done(result) => result,
        Syncing::Wait(answer) => answer
            .await
            .unwrap_or(Err(ResponseError::CoordinatorNotAvailable)),
    };
    respond(call, result)
}

fn respond(call: Call<'_>, result: Result<Synced, ResponseError>) -> SyncGroupResponse {
    match result {
        Err(error) => SyncGroupResponse::default().with_error_code(error.code()),
        Ok(synced) => {
            let response = SyncGroupResponse::default().with_assignment(synced.assignment);
            if call.version < 5 {
                return response;
            }
            response
                .with_protocol_type(Some(text(synced.protocol_type)))
                .with_protocol_name(Some(text(synced.protocol)))
        }
    }
}
