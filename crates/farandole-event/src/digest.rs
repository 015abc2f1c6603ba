use sha2::{Digest, Sha256};

use crate::{Envelope, Record};

/// What an event says, as 32 bytes: event name, key, value, correlation, causation, workflow, version and step.
///
/// Two records with one event id and different digests contradict each other. The writer's clock and the trace context
/// are left out: a repeated firing differs in those and is still the same event. A record without a readable envelope
/// counts by its key and value.
pub fn content_digest(record: &Record) -> [u8; 32] {
    let envelope = Envelope::read(record)
        .map(|parsed| parsed.envelope)
        .unwrap_or_default();
    let version = envelope.workflow_version.map(|version| version.to_string());
    let mut hash = Sha256::new();
    for part in [
        Some(envelope.event.as_bytes()),
        record.key.as_deref(),
        record.value.as_deref(),
        envelope.correlation.as_deref().map(str::as_bytes),
        envelope.causation.as_deref().map(str::as_bytes),
        envelope.workflow.as_deref().map(str::as_bytes),
        version.as_deref().map(str::as_bytes),
        envelope.step.as_deref().map(str::as_bytes),
    ] {
        // Presence and length before each part, so that no two different sequences of parts look alike.
        hash.update([u8::from(part.is_some())]);
        let bytes = part.unwrap_or_default();
        hash.update((bytes.len() as u64).to_be_bytes());
        hash.update(bytes);
    }
    hash.finalize().into()
}

/// SHA-256 as lower-case hex, as catalog records and released files carry it.
pub fn sha256_hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
