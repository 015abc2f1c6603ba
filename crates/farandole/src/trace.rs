//! W3C trace context: one trace per instance, one span per publication.

use opentelemetry::trace::{SpanContext, SpanId, TraceFlags, TraceId, TraceState};
use uuid::Uuid;

/// The `traceparent` of something that `parent` caused: same trace, new span. A new trace where there is no valid parent.
pub(crate) fn next(parent: Option<&str>) -> String {
    let parent = parent.and_then(context);
    let (trace, flags) = parent.map_or_else(
        || (new_trace(), TraceFlags::SAMPLED),
        |parent| (parent.trace_id(), parent.trace_flags()),
    );
    format!("00-{trace}-{}-{:02x}", new_span(), flags.to_u8())
}

/// The span that a well-formed `traceparent` names.
fn context(parent: &str) -> Option<SpanContext> {
    let mut parts = parent.split('-');
    let mut hex = |length: usize| {
        let lower = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        parts
            .next()
            .filter(|part| part.len() == length && part.bytes().all(lower))
    };
    let (version, trace, span, flags) = (hex(2)?, hex(32)?, hex(16)?, hex(2)?);
    let found = SpanContext::new(
        TraceId::from_hex(trace).ok()?,
        SpanId::from_hex(span).ok()?,
        TraceFlags::new(u8::from_str_radix(flags, 16).ok()?),
        true,
        TraceState::NONE,
    );
    (version != "ff" && found.is_valid()).then_some(found)
}

fn new_trace() -> TraceId {
    TraceId::from_bytes(Uuid::new_v4().into_bytes())
}

/// A random span id; never zero, because a version 4 UUID has a fixed bit there.
fn new_span() -> SpanId {
    SpanId::from_bytes(Uuid::new_v4().as_u64_pair().1.to_be_bytes())
}

#[cfg(test)]
mod tests {
    use super::next;

    const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn a_caused_event_stays_in_the_trace_with_a_span_of_its_own() {
        let (first, second) = (next(Some(PARENT)), next(Some(PARENT)));
        for child in [&first, &second] {
            assert!(
                child.starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-"),
                "{child}"
            );
            assert!(
                child.ends_with("-01") && !child.contains("00f067aa0ba902b7"),
                "{child}"
            );
        }
        assert_ne!(first, second);
    }

    #[test]
    fn without_a_valid_parent_a_new_trace_begins() {
        for parent in [
            None,
            Some("nonsense"),
            Some("00-00000000000000000000000000000000-00f067aa0ba902b7-01"),
            Some("ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
        ] {
            let child = next(parent);
            assert_eq!(child.len(), PARENT.len(), "{child}");
            assert!(
                !child.contains("4bf92f3577b34da6a3ce929d0e0e4736"),
                "{child}"
            );
        }
    }
}
