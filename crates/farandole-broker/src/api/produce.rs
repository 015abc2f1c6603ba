//! Produce: appends batches to partitions.

use bytes::Bytes;
use kafka_protocol::ResponseError;
use kafka_protocol::messages::produce_request::PartitionProduceData;
use kafka_protocol::messages::produce_response::{PartitionProduceResponse, TopicProduceResponse};
use kafka_protocol::messages::{ProduceRequest, ProduceResponse};

use crate::batch::Malformed;
use crate::cluster::{Call, text};
use crate::partition::{Placed, Refused};
use crate::topic::Topic;

/// `None` when the producer wants no answer (`acks=0`).
pub(crate) fn handle(call: Call<'_>, request: ProduceRequest) -> Option<ProduceResponse> {
    let refusal = refused_as_a_whole(&request);
    let mut responses = Vec::with_capacity(request.topic_data.len());
    for data in request.topic_data {
        let topic = call.cluster.topics.by_name(&data.name);
        let one = |data: PartitionProduceData| {
            let result = match (&refusal, &topic) {
                (Some((error, why)), _) => Err((*error, why.clone())),
                (None, None) => Err(unknown()),
                (None, Some(topic)) => append(topic, &data),
            };
            respond(data.index, result)
        };
        let partitions = data.partition_data.into_iter().map(one).collect();
        responses.push(
            TopicProduceResponse::default()
                .with_name(data.name)
                .with_partition_responses(partitions),
        );
    }
    (request.acks != 0).then(|| ProduceResponse::default().with_responses(responses))
}

type Failed = (ResponseError, String);

fn refused_as_a_whole(request: &ProduceRequest) -> Option<Failed> {
    if !(-1..=1).contains(&request.acks) {
        let why = format!("acks is {}; it may be 0, 1 or -1 (all)", request.acks);
        return Some((ResponseError::InvalidRequiredAcks, why));
    }
    let why = "this broker has no transactions".to_owned();
    request
        .transactional_id
        .is_some()
        .then_some((ResponseError::TransactionalIdAuthorizationFailed, why))
}

fn unknown() -> Failed {
    (
        ResponseError::UnknownTopicOrPartition,
        "there is no such topic or partition".to_owned(),
    )
}

fn append(topic: &Topic, data: &PartitionProduceData) -> Result<Placed, Failed> {
    let partition = topic.partition(data.index).ok_or_else(unknown)?;
    let batch: &Bytes = data
        .records
        .as_ref()
        .filter(|bytes| !bytes.is_empty())
        .ok_or_else(|| {
            (
                ResponseError::InvalidRecord,
                "the request carries no records".to_owned(),
            )
        })?;
    partition.append(batch, topic.rules()).map_err(|refused| {
        if let Refused::Storage(error) = &refused {
            tracing::error!(topic = %topic.name, partition = data.index, %error, "append failed");
        }
        (code(&refused), refused.to_string())
    })
}

fn code(refused: &Refused) -> ResponseError {
    match refused {
        Refused::Malformed(Malformed::OldFormat) => ResponseError::UnsupportedForMessageFormat,
        Refused::Malformed(Malformed::Short | Malformed::Checksum) => ResponseError::CorruptMessage,
        Refused::Malformed(Malformed::Count | Malformed::Transactional) => {
            ResponseError::InvalidRecord
        }
        Refused::TooLarge { .. } => ResponseError::MessageTooLarge,
        Refused::OutOfOrder => ResponseError::OutOfOrderSequenceNumber,
        Refused::OldEpoch => ResponseError::InvalidProducerEpoch,
        Refused::Storage(_) => ResponseError::KafkaStorageError,
    }
}

fn respond(index: i32, result: Result<Placed, Failed>) -> PartitionProduceResponse {
    let response = PartitionProduceResponse::default().with_index(index);
    match result {
        Ok(placed) => response
            .with_base_offset(placed.base_offset)
            .with_log_append_time_ms(placed.append_time)
            .with_log_start_offset(placed.log_start),
        Err((error, why)) => response
            .with_base_offset(-1)
            .with_error_code(error.code())
            .with_error_message(Some(text(why))),
    }
}
