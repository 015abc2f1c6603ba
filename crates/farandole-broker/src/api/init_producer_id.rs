//! InitProducerId: a name for an idempotent producer.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::{InitProducerIdRequest, InitProducerIdResponse, ProducerId};

use crate::cluster::Call;

pub(crate) fn handle(call: Call<'_>, request: InitProducerIdRequest) -> InitProducerIdResponse {
    let refuse = |error: ResponseError| {
        InitProducerIdResponse::default()
            .with_error_code(error.code())
            .with_producer_id(ProducerId(-1))
            .with_producer_epoch(-1)
    };
    if request.transactional_id.is_some() {
        // No transactions here; clients take this error for final.
        return refuse(ResponseError::TransactionalIdAuthorizationFailed);
    }
    // A producer that asks again gets a new id rather than a new epoch: both begin at sequence 0.
    match call.cluster.journal.next_producer_id() {
        Ok(id) => InitProducerIdResponse::default()
            .with_producer_id(ProducerId(id))
            .with_producer_epoch(0),
        Err(error) => {
            tracing::error!(%error, "no producer id can be given out");
            refuse(ResponseError::KafkaStorageError)
        }
    }
}
