use thiserror::Error;

use crate::{EnvelopeError, SchemaError};

/// Why a record's value could not be turned into an event.
#[derive(Debug, Error)]
pub enum DecodeError {
    /// The headers do not make an event.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
    /// The value is longer than the limit; it was not looked at.
    #[error(
        "the value of {event} has {size} bytes, more than the {limit} allowed: keep large content elsewhere and name the place in the event"
    )]
    Oversized {
        /// The event's name (`ce_type`).
        event: String,
        /// Bytes of the value.
        size: usize,
        /// The limit that was exceeded.
        limit: usize,
    },
    /// No schema is known for what the framing or `ce_dataschema` names.
    #[error(
        "no schema is known for {event} ({wanted}): its writer publishes it on farandole.catalog when it starts"
    )]
    UnknownSchema {
        /// The event's name (`ce_type`).
        event: String,
        /// What was looked for: a fingerprint, a registry id, or a version.
        wanted: String,
    },
    /// The bytes are not what the writer's schema says, or are beyond the guards.
    #[error("{event} v{version} can't be decoded: {reason} (byte {at}, {path})")]
    Malformed {
        /// The event's name.
        event: String,
        /// The writer's schema version.
        version: u32,
        /// What is wrong.
        reason: String,
        /// Offset in the Avro body, in bytes.
        at: usize,
        /// The field, as a JSON path of the value.
        path: String,
    },
    /// The writer's version can't be brought to the reader's.
    #[error("{event} v{writer} can't be read as v{reader}: {reason}")]
    Incompatible {
        /// The event's name.
        event: String,
        /// The version the bytes were written with.
        writer: u32,
        /// The version of the type that was asked for.
        reader: u32,
        /// Where and why, as the compatibility check says it.
        reason: String,
    },
    /// The decoded value doesn't fit the Rust type.
    #[error("{event} v{version} doesn't fit its type: {reason}")]
    Type {
        /// The event's name.
        event: String,
        /// The writer's schema version.
        version: u32,
        /// The decoder's words.
        reason: String,
    },
    /// There is no value where an event was expected.
    #[error("{event} has no value (a tombstone)")]
    Tombstone {
        /// The event's name.
        event: String,
    },
    /// The content type is one we don't decode.
    #[error(
        "{event} has content type {content_type}, expected application/avro or application/json"
    )]
    ContentType {
        /// The event's name.
        event: String,
        /// What the header says.
        content_type: String,
    },
    /// A type's own schemas are broken (a fault of the build, not of the record).
    #[error(transparent)]
    Schema(#[from] SchemaError),
}

impl DecodeError {
    /// The error class for a dead letter: `undecodable`, `oversized` or `unknown-schema`.
    pub fn class(&self) -> &'static str {
        match self {
            Self::Oversized { .. } => "oversized",
            Self::Envelope(error) if error.is_oversized() => "oversized",
            Self::UnknownSchema { .. } => "unknown-schema",
            _ => "undecodable",
        }
    }
}

/// Why an event could not be written.
#[derive(Debug, Error)]
#[error("{event} v{version} can't be encoded: {reason}")]
pub struct EncodeError {
    /// The event's name.
    pub event: &'static str,
    /// The type's schema version.
    pub version: u32,
    /// The encoder's words.
    pub reason: String,
}
