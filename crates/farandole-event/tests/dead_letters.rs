//! Dead letters keep the original byte for byte, and other systems' are understood.

mod common;

use common::record;
use farandole_event::{
    Headers, Position, Record,
    dead_letter::{self, DeadLetter, ErrorClass, MESSAGE_MAX_BYTES},
};

fn letter() -> DeadLetter {
    DeadLetter {
        origin: Position {
            topic: "trips".into(),
            partition: 3,
            offset: 17,
        },
        timestamp_ms: Some(1_750_000_000_000),
        group: "driver-assignment".into(),
        step: Some("offer".into()),
        attempts: 5,
        class: ErrorClass::Exhausted,
        message: "the fleet didn't answer".into(),
        redrives: 1,
    }
}

fn as_read(outgoing: farandole_event::Outgoing) -> Record {
    Record {
        topic: outgoing.topic.into(),
        partition: 0,
        offset: 99,
        timestamp_ms: Some(5),
        key: outgoing.key,
        value: outgoing.value,
        headers: outgoing.headers,
    }
}

fn original() -> Record {
    let mut headers = Headers::new();
    headers.push("ce_id", "e-1");
    headers.push_raw("odd", None);
    headers.push("odd", vec![0xFF]);
    record(headers, Some(vec![0, 1, 2]))
}

#[test]
fn wrapped_and_read_it_is_the_same_letter() {
    let wrapped = as_read(letter().wrap("driver-assignment.dead-letters", &original()));
    assert_eq!(&*wrapped.topic, dead_letter::topic("driver-assignment"));
    assert_eq!(DeadLetter::read(&wrapped), Some(letter()));
}

#[test]
fn unwrapped_it_is_the_original_again() {
    let unwrapped = DeadLetter::unwrap(&as_read(letter().wrap("x", &original())));
    assert_eq!(unwrapped.headers, original().headers);
    assert_eq!(
        (&unwrapped.key, &unwrapped.value),
        (&original().key, &original().value)
    );
    assert_eq!(
        (unwrapped.position(), unwrapped.timestamp_ms),
        (original().position(), original().timestamp_ms)
    );
}

#[test]
fn forged_headers_of_the_original_do_not_count() {
    let mut forged = original();
    forged.headers.push("dl_redrives", "77");
    forged.headers.push("dl_topic", "../../x");
    assert_eq!(
        DeadLetter::read(&as_read(letter().wrap("x", &forged))),
        Some(letter())
    );
}

#[test]
fn long_messages_are_cut_between_characters() {
    let long = DeadLetter {
        message: "é".repeat(2000),
        ..letter()
    };
    let read = DeadLetter::read(&as_read(long.wrap("x", &original()))).expect("a dead letter");
    assert_eq!(read.message.len(), MESSAGE_MAX_BYTES);
}

#[test]
fn an_ordinary_record_is_no_dead_letter_and_stays() {
    assert_eq!(DeadLetter::read(&original()), None);
    assert_eq!(DeadLetter::unwrap(&original()).headers, original().headers);
}

#[test]
fn every_class_has_its_text() {
    for text in [
        "undecodable",
        "rejected",
        "exhausted",
        "oversized",
        "panicked",
        "unknown-version",
        "strange",
    ] {
        assert_eq!(ErrorClass::from(text).to_string(), text);
    }
    assert_eq!(
        ErrorClass::from("strange"),
        ErrorClass::Other("strange".into())
    );
}

#[test]
fn springs_binary_headers_are_understood() {
    let mut headers = Headers::new();
    headers.push("kafka_dlt-original-topic", "orders");
    headers.push("kafka_dlt-original-partition", 4i32.to_be_bytes());
    headers.push(
        "kafka_dlt-original-offset",
        123_456_789_012i64.to_be_bytes(),
    );
    headers.push(
        "kafka_dlt-original-timestamp",
        1_750_000_000_000i64.to_be_bytes(),
    );
    headers.push("kafka_dlt-original-consumer-group", "billing");
    headers.push(
        "kafka_dlt-exception-fqcn",
        "java.lang.IllegalStateException",
    );
    headers.push("kafka_dlt-exception-message", "no");
    headers.push("retry_topic-attempts", 3i32.to_be_bytes());
    let letter = DeadLetter::read(&record(headers, None)).expect("a dead letter");
    assert_eq!(letter.origin.to_string(), "orders[4]@123456789012");
    assert_eq!(
        (letter.group.as_str(), letter.attempts, letter.timestamp_ms),
        ("billing", 3, Some(1_750_000_000_000))
    );
    assert_eq!(
        letter.class,
        ErrorClass::Other("java.lang.IllegalStateException".into())
    );
}

#[test]
fn connects_headers_are_understood() {
    let mut headers = Headers::new();
    for (name, value) in [
        ("topic", "orders"),
        ("partition", "4"),
        ("offset", "12"),
        ("connector.name", "sink"),
        ("stage", "VALUE_CONVERTER"),
        ("exception.class.name", "E"),
        ("exception.message", "no"),
    ] {
        headers.push(format!("__connect.errors.{name}"), value);
    }
    let letter = DeadLetter::read(&record(headers, None)).expect("a dead letter");
    assert_eq!(letter.origin.to_string(), "orders[4]@12");
    assert_eq!(
        (letter.group.as_str(), letter.step.as_deref()),
        ("connect-sink", Some("VALUE_CONVERTER"))
    );
}

#[test]
fn broken_numbers_in_foreign_headers_are_no_dead_letter() {
    let mut headers = Headers::new();
    headers.push("kafka_dlt-original-topic", "orders");
    headers.push("kafka_dlt-original-partition", "4");
    headers.push_raw("kafka_dlt-original-offset", None);
    assert_eq!(DeadLetter::read(&record(headers, None)), None);
}
