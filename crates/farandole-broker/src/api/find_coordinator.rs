//! FindCoordinator: the one node coordinates all groups; nobody coordinates transactions.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::find_coordinator_response::Coordinator;
use kafka_protocol::messages::{BrokerId, FindCoordinatorRequest, FindCoordinatorResponse};
use kafka_protocol::protocol::StrBytes;

use crate::cluster::{Call, NODE, text};

const GROUP: i8 = 0;
const TRANSACTION: i8 = 1;

pub(crate) fn handle(call: Call<'_>, request: FindCoordinatorRequest) -> FindCoordinatorResponse {
    let refusal = match request.key_type {
        GROUP => None,
        // An error that clients take for final: others they retry until they run out of time.
        TRANSACTION => Some((
            ResponseError::TransactionalIdAuthorizationFailed,
            text("this broker has no transactions"),
        )),
        _ => Some((
            ResponseError::InvalidRequest,
            text("this broker coordinates groups only"),
        )),
    };
    if call.version >= 4 {
        let one = |key| coordinator(call, key, refusal.clone());
        let all = request.coordinator_keys.into_iter().map(one).collect();
        return FindCoordinatorResponse::default().with_coordinators(all);
    }
    let one = coordinator(call, request.key, refusal);
    FindCoordinatorResponse::default()
        .with_error_code(one.error_code)
        .with_error_message(one.error_message)
        .with_node_id(one.node_id)
        .with_host(one.host)
        .with_port(one.port)
}

fn coordinator(
    call: Call<'_>,
    key: StrBytes,
    refusal: Option<(ResponseError, StrBytes)>,
) -> Coordinator {
    let answer = Coordinator::default()
        .with_key(key)
        .with_error_message(None);
    match refusal {
        None => answer
            .with_node_id(NODE)
            .with_host(call.host())
            .with_port(call.port()),
        Some((error, why)) => answer
            .with_error_code(error.code())
            .with_error_message(Some(why))
            .with_node_id(BrokerId(-1))
            .with_port(-1),
    }
}
