//! CreatePartitions: gives topics more partitions.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::create_partitions_request::CreatePartitionsTopic;
use kafka_protocol::messages::create_partitions_response::CreatePartitionsTopicResult;
use kafka_protocol::messages::{CreatePartitionsRequest, CreatePartitionsResponse};

use crate::cluster::{Call, text};

pub(crate) fn handle(call: Call<'_>, request: CreatePartitionsRequest) -> CreatePartitionsResponse {
    let topics = &call.cluster.topics;
    let one = |wanted: CreatePartitionsTopic| {
        let unknown = || {
            (
                ResponseError::UnknownTopicOrPartition,
                "there is no such topic".to_owned(),
            )
        };
        let grown = topics
            .by_name(&wanted.name)
            .ok_or_else(unknown)
            .and_then(|topic| topics.grow(&topic, wanted.count, request.validate_only));
        let result = CreatePartitionsTopicResult::default()
            .with_error_message(None)
            .with_name(wanted.name);
        match grown {
            Ok(()) => result,
            Err((error, why)) => result
                .with_error_code(error.code())
                .with_error_message(Some(text(why))),
        }
    };
    CreatePartitionsResponse::default().with_results(request.topics.into_iter().map(one).collect())
}
