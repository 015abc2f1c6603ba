//! W3C trace context: one trace per instance, one span per publication.

use uuid::Uuid;

/// The `traceparent` of something that `parent` caused: same trace, new span. A new trace where there is no valid parent.
pub(crate) fn next(parent: Option<&str>) -> String {
    let span = span_id();
    match parent.and_then(trace_of) {
        Some((trace, flags)) => format!("00-{trace}-{span:016x}-{flags}"),
        None => format!("00-{}-{span:016x}-01", Uuid::new_v4().simple()),
    }
}

/// Trace id and flags of a well-formed `traceparent`.
fn trace_of(parent: &str) -> Option<(&str, &str)> {
    let mut parts = parent.split('-');
    let (version, trace, span, flags) =
        (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let hex = |text: &str, length: usize| {
        text.len() == length
            && text
                .bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    let zero = |text: &str| text.bytes().all(|byte| byte == b'0');
    let valid = hex(version, 2)
        && version != "ff"
        && hex(trace, 32)
        && !zero(trace)
        && hex(span, 16)
        && !zero(span);
    (valid && hex(flags, 2)).then_some((trace, flags))
}

/// A random span id; never zero, because a version 4 UUID has a fixed bit there.
fn span_id() -> u64 {
    Uuid::new_v4().as_u64_pair().1
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
