//! Events as Farandole sees them: envelope, ids, CloudEvents header binding, Avro framing, schema catalog,
//! guarded decoding, compatibility verdicts and dead letters.
//!
//! Nothing here does I/O, reads a clock (except [`ids::fresh`]) or spawns anything: bytes in, values out.
//! Every byte that arrives from a topic is treated as hostile: it is measured and walked against its vetted schema
//! ([`EventSchema::check`]) before any decoder that allocates or recurses sees it.
//!
//! Reading routes: a header changes → [`Envelope`]; bytes don't decode → [`Codec`] and [`Catalog`]; a schema is refused →
//! [`EventSchema`]; two versions don't fit → [`compatibility`].

mod avro;
mod base64;
mod catalog;
mod codec;
pub mod compatibility;
pub mod dead_letter;
pub mod decimal;
mod digest;
mod envelope;
mod error;
mod event;
pub mod framing;
mod headers;
pub mod ids;
mod limits;
mod record;
mod schema;
pub mod system;

pub use catalog::{Catalog, CatalogError};
pub use codec::{Codec, decode_body};
pub use digest::{content_digest, sha256_hex};
pub use envelope::{
    CARRIED_MAX_BYTES, CONTENT_TYPE_AVRO, Carried, Envelope, EnvelopeError, Parsed, Payload,
    dataschema, format_time, parse_dataschema, parse_time,
};
pub use error::{DecodeError, EncodeError};
pub use event::Event;
pub use headers::{Header, Headers};
pub use limits::Limits;
pub use record::{Outgoing, Position, Record};
pub use schema::{EventSchema, FieldInfo, SchemaError};
