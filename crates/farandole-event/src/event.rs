use std::fmt::Debug;

use serde::{Serialize, de::DeserializeOwned};

use crate::{DecodeError, EventSchema};

/// A typed event in its newest version. Implemented by generated code.
pub trait Event: Serialize + DeserializeOwned + Clone + Debug + Send + Sync + 'static {
    /// The event's name (`trip.requested`).
    const NAME: &'static str;
    /// The schema version of this type.
    const VERSION: u32;
    /// The schemas of every version, oldest first; the last is this type's.
    const SCHEMAS: &'static [&'static str];

    /// The value of the field that the schema names as the record's key.
    fn key(&self) -> Option<String>;

    /// Decodes a version that Avro resolution can't bring up to date, where a schema says `"upgrade": true`.
    /// `None`: this version needs no upgrade. The body has passed the guards.
    fn upgrade(
        _version: u32,
        _writer: &EventSchema,
        _body: &[u8],
    ) -> Option<Result<Self, DecodeError>> {
        None
    }
}
