use std::sync::Arc;

use farandole_event::{Headers, Record};
use rdkafka::Message;
use rdkafka::message::{BorrowedMessage, Headers as _};

/// The record in a librdkafka message; copied, with null headers kept as null.
pub fn to_record(message: &BorrowedMessage<'_>) -> Record {
    let mut headers = Headers::new();
    for header in message.headers().into_iter().flat_map(|all| all.iter()) {
        headers.push_raw(header.key, header.value.map(<[u8]>::to_vec));
    }
    Record {
        topic: Arc::from(message.topic()),
        partition: message.partition(),
        offset: message.offset(),
        timestamp_ms: message.timestamp().to_millis(),
        key: message.key().map(<[u8]>::to_vec),
        value: message.payload().map(<[u8]>::to_vec),
        headers,
    }
}
