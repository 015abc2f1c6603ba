//! DescribeCluster: the one node.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::describe_cluster_response::DescribeClusterBroker;
use kafka_protocol::messages::{DescribeClusterRequest, DescribeClusterResponse};

use crate::cluster::{Call, NODE, text};

pub(crate) fn handle(call: Call<'_>, request: DescribeClusterRequest) -> DescribeClusterResponse {
    let response = DescribeClusterResponse::default().with_cluster_id(text(&call.cluster.id));
    if call.version >= 1 && request.endpoint_type != 1 {
        return response
            .with_error_code(ResponseError::MismatchedEndpointType.code())
            .with_error_message(Some(text("this endpoint is a broker")));
    }
    let node = DescribeClusterBroker::default()
        .with_broker_id(NODE)
        .with_host(call.host())
        .with_port(call.port());
    response.with_controller_id(NODE).with_brokers(vec![node])
}
