//! How Avro bytes are wrapped: Avro single-object encoding (what we write), Confluent's prefix and header, or not at all.

use uuid::Uuid;

use crate::Headers;

/// Confluent's header for the GUID of the value's schema.
pub const CONFLUENT_VALUE_HEADER: &str = "__value_schema_id";
/// The first two bytes of Avro's single-object encoding.
pub const SINGLE_OBJECT_MAGIC: [u8; 2] = [0xC3, 0x01];

/// What names the writer's schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// `C3 01` and the CRC-64-AVRO fingerprint of the schema, little-endian.
    SingleObject(u64),
    /// `00` and a schema registry's id, big-endian.
    ConfluentId(u32),
    /// The header `__value_schema_id`: `01` and a schema registry's GUID; the value is bare.
    ConfluentGuid(Uuid),
    /// Nothing: `ce_dataschema` must say it.
    Bare,
}

/// Recognises the framing and returns the Avro body behind it. A bare body can look like a frame by chance;
/// [`crate::Catalog::writer`] resolves that with `ce_dataschema`.
pub fn detect<'a>(headers: &Headers, value: &'a [u8]) -> (Framing, &'a [u8]) {
    if let Some([0x01, guid @ ..]) = headers.get(CONFLUENT_VALUE_HEADER)
        && let Ok(guid) = Uuid::from_slice(guid)
    {
        return (Framing::ConfluentGuid(guid), value);
    }
    match value {
        [0xC3, 0x01, rest @ ..] if rest.len() >= 8 => {
            let (fingerprint, body) = rest.split_at(8);
            let fingerprint = fingerprint
                .try_into()
                .map(u64::from_le_bytes)
                .unwrap_or_default();
            (Framing::SingleObject(fingerprint), body)
        }
        [0x00, a, b, c, d, body @ ..] => (
            Framing::ConfluentId(u32::from_be_bytes([*a, *b, *c, *d])),
            body,
        ),
        _ => (Framing::Bare, value),
    }
}

/// Puts a single-object frame around an Avro body.
pub fn single_object(fingerprint: u64, body: &[u8]) -> Vec<u8> {
    let mut framed = Vec::with_capacity(10 + body.len());
    framed.extend_from_slice(&SINGLE_OBJECT_MAGIC);
    framed.extend_from_slice(&fingerprint.to_le_bytes());
    framed.extend_from_slice(body);
    framed
}
