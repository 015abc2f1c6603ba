//! The CloudEvents binding: what is written is read again, and what strangers write never panics.

mod common;

use common::record;
use farandole_event::{
    Carried, Envelope, EnvelopeError, Header, Headers, Payload, content_digest, dataschema,
    format_time, parse_dataschema, parse_time,
};
use proptest::{collection::vec, option, prelude::*};
use serde_json::json;

fn full() -> Envelope {
    Envelope {
        id: "0e4c2c0a-0f0e-5c3e-8f4a-111111111111".into(),
        source: "/driver-assignment".into(),
        event: "driver.assigned".into(),
        time_ms: Some(1_750_000_000_123),
        subject: Some("trip-1".into()),
        dataschema: Some(dataschema("driver.assigned", 2)),
        content_type: Some("application/avro".into()),
        correlation: Some("c-1".into()),
        causation: Some("e-0".into()),
        causes: vec!["a,b".into(), "c".into()],
        workflow: Some("trip".into()),
        workflow_version: Some(3),
        step: Some("decide".into()),
        tenant: Some("acme".into()),
        traceparent: Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".into()),
        tracestate: Some("a=b".into()),
        carried: Carried::from([("trip.requested.rider_id".into(), json!("rider-17"))]),
        extensions: [("partitionkey".to_owned(), "k".to_owned())].into(),
    }
}

#[test]
fn every_attribute_survives_the_headers() {
    let record = record(full().to_headers(), Some(vec![1]));
    let parsed = Envelope::read(&record).expect("an envelope");
    assert_eq!(parsed.envelope, full());
    assert_eq!(parsed.payload, Payload::Avro(vec![1].into()));
}

#[test]
fn the_headers_have_the_published_names() {
    let headers = full().to_headers();
    for (name, value) in [
        ("ce_specversion", "1.0"),
        ("ce_type", "driver.assigned"),
        ("ce_time", "2025-06-15T15:06:40.123Z"),
        ("ce_dataschema", "urn:farandole:driver.assigned:v2"),
        ("content-type", "application/avro"),
        ("ce_correlationid", "c-1"),
        ("ce_causationid", "e-0"),
        ("ce_causes", r#"["a,b","c"]"#),
        ("ce_workflow", "trip"),
        ("ce_workflowversion", "3"),
        ("ce_step", "decide"),
        ("ce_tenantid", "acme"),
        ("ce_carried", r#"{"trip.requested.rider_id":"rider-17"}"#),
    ] {
        assert_eq!(headers.text(name), Some(value), "{name}");
    }
}

#[test]
fn a_missing_required_attribute_is_named() {
    for (header, attribute) in [
        ("ce_id", "id"),
        ("ce_source", "source"),
        ("ce_type", "type"),
        ("ce_specversion", "specversion"),
    ] {
        let mut headers = full().to_headers();
        headers.remove(header);
        assert_eq!(
            Envelope::read(&record(headers, None)).unwrap_err(),
            EnvelopeError::Missing(attribute)
        );
    }
}

#[test]
fn null_empty_and_non_utf8_required_headers_count_as_missing() {
    for value in [None, Some(vec![]), Some(vec![0xFF, 0xFE])] {
        let mut headers = full().to_headers();
        headers.remove("ce_id");
        headers.push_raw("ce_id", value);
        assert_eq!(
            Envelope::read(&record(headers, None)).unwrap_err(),
            EnvelopeError::Missing("id")
        );
    }
}

#[test]
fn malformed_attributes_of_ours_are_errors_and_a_malformed_time_is_absent() {
    let with = |name: &str, value: &str| {
        let mut headers = full().to_headers();
        headers.set(name, value);
        Envelope::read(&record(headers, None)).map(|parsed| parsed.envelope)
    };
    let attribute = |result: Result<Envelope, EnvelopeError>| match result {
        Err(EnvelopeError::Malformed { attribute, .. }) => attribute,
        other => panic!("{other:?}"),
    };
    assert_eq!(
        attribute(with("ce_workflowversion", "-1")),
        "workflowversion"
    );
    assert_eq!(attribute(with("ce_carried", "[1]")), "carried");
    assert_eq!(
        attribute(with(
            "ce_carried",
            &format!(r#"{{"a":"{}"}}"#, "x".repeat(4096))
        )),
        "carried"
    );
    assert_eq!(attribute(with("ce_causes", "a b")), "causes");
    assert_eq!(attribute(with("ce_specversion", "0.3")), "specversion");
    assert_eq!(
        with("ce_time", "yesterday")
            .expect("still an event")
            .time_ms,
        None
    );
}

#[test]
fn of_repeated_headers_the_last_with_a_value_counts() {
    let mut headers = Headers::new();
    headers.push("a", "1");
    headers.push("a", "2");
    headers.push_raw("a", None);
    assert_eq!(headers.text("a"), Some("2"));
    headers.set("a", "3");
    assert_eq!((headers.len(), headers.text("a")), (1, Some("3")));
    assert_eq!(headers.size(), 2);
}

#[test]
fn structured_json_is_read() {
    let headers: Headers = [Header {
        name: "content-type".into(),
        value: Some(b"Application/CloudEvents+json; charset=UTF-8".to_vec()),
    }]
    .into_iter()
    .collect();
    let read = |value: serde_json::Value| {
        let record = record(headers.clone(), Some(value.to_string().into_bytes()));
        Envelope::read(&record).map(|parsed| match parsed.payload {
            Payload::Json(json) => (parsed.envelope, json),
            Payload::Avro(bytes) => (parsed.envelope, json!(bytes.to_vec())),
            other => (parsed.envelope, json!(format!("{other:?}"))),
        })
    };
    let event = json!({"specversion":"1.0","id":"1","source":"/x","type":"t","correlationid":"c","workflowversion":2,
        "time":"2025-06-15T15:06:40.123Z","data":{"a":1}});
    let (envelope, data) = read(event).expect("an event");
    assert_eq!(
        (envelope.correlation.as_deref(), envelope.workflow_version),
        (Some("c"), Some(2))
    );
    assert_eq!(
        (envelope.time_ms, data),
        (Some(1_750_000_000_123), json!({"a":1}))
    );

    let avro = json!({"specversion":"1.0","id":"1","source":"/x","type":"t","datacontenttype":"application/avro","data_base64":"wwE="});
    assert_eq!(read(avro).expect("an event").1, json!([0xC3, 1]));
    assert!(matches!(read(json!([1])), Err(EnvelopeError::Json(_))));
    assert_eq!(
        read(json!({"specversion":"1.0","id":1,"source":"/x"})).unwrap_err(),
        EnvelopeError::Missing("type")
    );
}

#[test]
fn structured_json_nested_ten_thousand_deep_is_an_error() {
    let mut headers = Headers::new();
    headers.push("content-type", "application/cloudevents+json");
    let record = record(headers, Some("[".repeat(10_000).into_bytes()));
    assert!(matches!(
        Envelope::read(&record),
        Err(EnvelopeError::Json(_))
    ));
}

#[test]
fn dataschemas_round_trip_and_foreign_ones_are_none() {
    assert_eq!(
        parse_dataschema(&dataschema("trip.picked-up", 12)),
        Some(("trip.picked-up", 12))
    );
    for text in [
        "",
        "urn:farandole:",
        "urn:farandole::v1",
        "urn:farandole:a:v",
        "urn:farandole:a:v+1",
        "http://x/v1",
    ] {
        assert_eq!(parse_dataschema(text), None, "{text}");
    }
}

#[test]
fn times_beyond_every_calendar_are_clamped_and_never_panic() {
    for time in [i64::MIN, -1, 0, i64::MAX] {
        assert!(parse_time(&format_time(time)).is_some(), "{time}");
    }
}

#[test]
fn a_digest_ignores_clock_and_trace_and_nothing_else() {
    let digest = |change: &dyn Fn(&mut Envelope)| {
        let mut envelope = full();
        change(&mut envelope);
        content_digest(&record(envelope.to_headers(), Some(vec![1])))
    };
    let same = digest(&|_| {});
    assert_eq!(same, digest(&|e| e.time_ms = Some(5)));
    assert_eq!(same, digest(&|e| e.traceparent = None));
    assert_ne!(same, digest(&|e| e.event = "other".into()));
    assert_ne!(same, digest(&|e| e.correlation = None));
    assert_ne!(same, digest(&|e| e.causation = Some("x".into())));
    assert_ne!(same, digest(&|e| e.workflow = Some("x".into())));
    assert_ne!(same, digest(&|e| e.workflow_version = Some(4)));
    assert_ne!(same, digest(&|e| e.step = None));
    let mut other = record(full().to_headers(), Some(vec![2]));
    assert_ne!(same, content_digest(&other));
    other.value = Some(vec![1]);
    other.key = None;
    assert_ne!(same, content_digest(&other));
}

proptest! {
    #[test]
    fn any_envelope_survives_its_headers(
        texts in vec("\\PC{1,20}", 5),
        optional in vec(option::of("\\PC{0,20}"), 5),
        causes in vec("\\PC{0,10}", 0..4),
        version in option::of(any::<u32>()),
        time in option::of(-62_000_000_000_000i64..250_000_000_000_000),
        extensions in proptest::collection::btree_map("x[a-z0-9]{1,8}", "\\PC{0,10}", 0..4),
    ) {
        let envelope = Envelope {
            id: texts[0].clone(), source: texts[1].clone(), event: texts[2].clone(), time_ms: time,
            subject: optional[0].clone(), correlation: optional[1].clone(), causation: optional[2].clone(),
            causes, step: optional[3].clone(), tenant: optional[4].clone(), workflow_version: version, extensions,
            content_type: Some("application/avro".into()), ..Envelope::default()
        };
        let record = record(envelope.to_headers(), None);
        prop_assert_eq!(Envelope::read(&record).expect("an envelope").envelope, envelope);
    }

    #[test]
    fn any_headers_and_bytes_are_read_or_refused(
        headers in vec(("(ce_[a-z]{0,12}|content-type|ce_id|ce_type|ce_source|ce_specversion)", option::of(vec(any::<u8>(), 0..24))), 0..12),
        value in option::of(vec(any::<u8>(), 0..64)),
    ) {
        let headers: Headers = headers.into_iter().map(|(name, value)| Header { name, value }).collect();
        let record = record(headers, value);
        let _ = Envelope::read(&record);
        let _ = content_digest(&record);
        let _ = farandole_event::dead_letter::DeadLetter::read(&record);
    }
}
