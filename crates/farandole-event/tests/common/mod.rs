//! Builders that several tests share.
#![allow(dead_code, unreachable_pub)]

use farandole_event::{Envelope, EventSchema, Headers, Record};

/// A record with these headers and value.
pub fn record(headers: Headers, value: Option<Vec<u8>>) -> Record {
    Record {
        topic: "trips".into(),
        partition: 3,
        offset: 17,
        timestamp_ms: Some(1_750_000_000_000),
        key: Some(b"trip-1".to_vec()),
        value,
        headers,
    }
}

/// The envelope of an Avro event.
pub fn envelope(event: &str, dataschema: Option<String>) -> Envelope {
    Envelope {
        id: "event-1".into(),
        source: "/test".into(),
        event: event.into(),
        dataschema,
        content_type: Some("application/avro".into()),
        ..Envelope::default()
    }
}

/// A schema `things.happened` of a version, with these fields as JSON.
pub fn schema_json(version: u32, fields: &str) -> String {
    schema_json_with(version, "", fields)
}

/// Like [`schema_json`], with more of our attributes (`,"upgrade":true`).
pub fn schema_json_with(version: u32, more: &str, fields: &str) -> String {
    format!(
        r#"{{"type":"record","name":"ThingHappened","namespace":"things",
            "farandole":{{"event":"thing.happened","version":{version},"topic":"things"{more}}},"fields":[{fields}]}}"#
    )
}

/// The schema of [`schema_json`], parsed.
pub fn schema(version: u32, fields: &str) -> EventSchema {
    EventSchema::parse(&schema_json(version, fields)).expect("a good schema")
}

/// Zigzag varint.
pub fn long(number: i64) -> Vec<u8> {
    let mut encoded = ((number << 1) ^ (number >> 63)) as u64;
    let mut bytes = Vec::new();
    while encoded >= 0x80 {
        bytes.push((encoded as u8) | 0x80);
        encoded >>= 7;
    }
    bytes.push(encoded as u8);
    bytes
}

/// Avro text.
pub fn text(text: &str) -> Vec<u8> {
    [long(text.len() as i64), text.as_bytes().to_vec()].concat()
}
