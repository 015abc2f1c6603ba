use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use farandole_event::{Headers, Record};
use rdkafka::Message;
use rdkafka::message::{BorrowedHeaders, BorrowedMessage, Headers as _};

/// The record in a librdkafka message; copied, with null headers kept as null. A header whose name is not UTF-8 is left
/// out: Kafka forbids it, and no consumer may fall over it.
pub fn to_record(message: &BorrowedMessage<'_>) -> Record {
    let headers = message.headers().map(headers).unwrap_or_default();
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

fn headers(all: &BorrowedHeaders) -> Headers {
    let mut headers = Headers::new();
    for index in 0..all.count() {
        // rdkafka panics on such a name, and offers nothing else to read it with.
        match catch_unwind(AssertUnwindSafe(|| all.try_get(index))) {
            Ok(Some(header)) => headers.push_raw(header.key, header.value.map(<[u8]>::to_vec)),
            Ok(None) => {}
            Err(_) => tracing::warn!(index, "a header whose name is not UTF-8 is left out"),
        }
    }
    headers
}
