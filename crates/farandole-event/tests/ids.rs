//! The derived ids, against vectors computed by another program (SHA-1 by hand over the length-prefixed parts).

use farandole_event::ids;
use serde_json::Value;

fn vectors() -> Value {
    serde_json::from_str(include_str!("../vectors/ids.json")).expect("the vectors are JSON")
}

fn text<'a>(case: &'a Value, name: &str) -> &'a str {
    case[name]
        .as_str()
        .unwrap_or_else(|| panic!("{name} of {case}"))
}

fn each(kind: &str, derive: impl Fn(&Value) -> uuid::Uuid) {
    let vectors = vectors();
    let cases = vectors[kind].as_array().expect("a list");
    assert!(!cases.is_empty(), "{kind} has cases");
    for case in cases {
        assert_eq!(derive(case).to_string(), text(case, "id"), "{kind}: {case}");
    }
}

#[test]
fn the_namespace_is_the_published_one() {
    assert_eq!(ids::NAMESPACE.to_string(), text(&vectors(), "namespace"));
}

#[test]
fn correlation_ids_follow_the_vectors() {
    each("correlation", |case| {
        let run = text(case, "run").parse().expect("a run");
        ids::correlation_id(
            text(case, "tenant"),
            text(case, "workflow"),
            text(case, "key"),
            run,
        )
    });
}

#[test]
fn start_event_ids_follow_the_vectors() {
    each("start_event", |case| {
        ids::start_event_id(text(case, "correlation"), text(case, "step"))
    });
}

#[test]
fn firing_ids_follow_the_vectors() {
    each("firing", |case| {
        ids::firing_id(
            text(case, "cause"),
            text(case, "participant"),
            text(case, "step"),
        )
    });
}

#[test]
fn output_ids_follow_the_vectors() {
    each("output", |case| {
        let position = case["position"]
            .as_u64()
            .and_then(|number| u32::try_from(number).ok())
            .expect("a u32");
        ids::output_id(text(case, "firing"), text(case, "event"), position)
    });
}

#[test]
fn join_causes_follow_the_vectors_in_any_order() {
    each("join_cause", |case| {
        let triggers: Vec<&str> = case["triggers"]
            .as_array()
            .expect("a list")
            .iter()
            .filter_map(Value::as_str)
            .collect();
        ids::join_cause(&triggers)
    });
}

#[test]
fn parts_are_not_run_together() {
    assert_ne!(
        ids::correlation_id("", "ab", "c", 0),
        ids::correlation_id("", "a", "bc", 0)
    );
}

#[test]
fn fresh_ids_are_version_7_and_differ() {
    let (one, other) = (ids::fresh(), ids::fresh());
    assert_eq!(one.get_version_num(), 7);
    assert_ne!(one, other);
}
