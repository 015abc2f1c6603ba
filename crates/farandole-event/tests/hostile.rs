//! A few hostile bytes may neither abort the process nor take its memory.
//!
//! Each input runs in a child process of its own, on a thread with the usual 2 MiB of stack; the child reports the peak of
//! its resident memory before and after.

mod common;

use std::{fs, process::Command, time::Instant};

use common::{long, record, schema_json, text};
use farandole_event::{
    Catalog, Codec, DecodeError, Event, EventSchema, Headers, Limits, Payload, framing,
};

const CASE: &str = "FARANDOLE_HOSTILE_CASE";
const RECURSIVE: &str = r#"{"name":"next","type":["null","ThingHappened"]}"#;

/// Name, fields of the schema, body.
fn cases() -> Vec<(&'static str, &'static str, Vec<u8>)> {
    let nulls = r#"{"name":"a","type":{"type":"array","items":"null"}}"#;
    let nested = r#"{"name":"a","type":{"type":"array","items":{"type":"array","items":"null"}}}"#;
    let block = |count: i64| [long(count), vec![0]].concat();
    vec![
        ("nine million nulls", nulls, block(9_000_000)),
        (
            "twenty arrays of nine million nulls",
            nested,
            [long(20), block(9_000_000).repeat(20), vec![0]].concat(),
        ),
        (
            "two thousand arrays of 65 000 nulls",
            nested,
            [long(2000), block(65_000).repeat(2000), vec![0]].concat(),
        ),
        (
            "a list 100 000 deep",
            RECURSIVE,
            [vec![2; 100_000], vec![0]].concat(),
        ),
        (
            "a list 351 bytes deep",
            RECURSIVE,
            [vec![2; 350], vec![0]].concat(),
        ),
        (
            "500 MB of bytes announced",
            r#"{"name":"b","type":"bytes"}"#,
            long(500_000_000),
        ),
        (
            "a length of i64::MIN",
            r#"{"name":"b","type":"string"}"#,
            long(i64::MIN),
        ),
        (
            "a block of i64::MIN items",
            nulls,
            [long(i64::MIN), long(i64::MAX)].concat(),
        ),
        (
            "a negative block with a wrong size",
            nulls,
            [long(-3), long(-1), vec![0]].concat(),
        ),
        (
            "half a million empty texts",
            r#"{"name":"a","type":{"type":"array","items":"string"}}"#,
            [long(500_000), vec![0; 500_000], vec![0]].concat(),
        ),
        (
            "an overlong varint",
            r#"{"name":"n","type":"long"}"#,
            vec![0x80; 100],
        ),
        (
            "bytes that are no text",
            r#"{"name":"s","type":"string"}"#,
            vec![4, 0xFF, 0xFE],
        ),
        (
            "a boolean of 2",
            r#"{"name":"b","type":"boolean"}"#,
            vec![2],
        ),
        (
            "union branch 9",
            r#"{"name":"u","type":["null","int"]}"#,
            long(9),
        ),
        (
            "enum symbol -1",
            r#"{"name":"e","type":{"type":"enum","name":"E","symbols":["A"]}}"#,
            long(-1),
        ),
        (
            "an int of 40 bits",
            r#"{"name":"i","type":"int"}"#,
            long(1 << 40),
        ),
        (
            "bytes after the value",
            r#"{"name":"i","type":"int"}"#,
            vec![2, 2],
        ),
        ("nothing at all", r#"{"name":"i","type":"int"}"#, vec![]),
    ]
}

/// The peak of resident memory in KiB, since the process began.
fn peak_kib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM:"))
        .expect("VmHWM");
    line.split_whitespace()
        .nth(1)
        .and_then(|number| number.parse().ok())
        .expect("a number")
}

#[test]
fn in_the_child_process_one_case_is_decoded() {
    let Some(case) = std::env::var(CASE)
        .ok()
        .and_then(|index| index.parse::<usize>().ok())
    else {
        return;
    };
    let (name, fields, body) = cases().swap_remove(case);
    let mut catalog = Catalog::new();
    let schema = EventSchema::parse(&schema_json(1, fields)).expect("a good schema");
    let value = framing::single_object(schema.fingerprint(), &body);
    let record = record(
        common::envelope("thing.happened", None).to_headers(),
        Some(value),
    );
    let before = peak_kib();
    let began = Instant::now();
    let checked = schema.check(&body, &Limits::DEFAULT);
    catalog.add(schema).expect("added");
    let decoded = std::thread::Builder::new()
        .stack_size(2 * 1024 * 1024)
        .spawn(move || catalog.to_json(&record).map(|_| ()))
        .expect("a thread")
        .join()
        .expect("no panic");
    let millis = began.elapsed().as_millis();
    assert!(
        matches!(checked, Err(DecodeError::Malformed { .. })),
        "{name}: {checked:?}"
    );
    assert!(
        matches!(decoded, Err(DecodeError::Malformed { .. })),
        "{name}: {decoded:?}"
    );
    let took = peak_kib() - before;
    assert!(took < 64 * 1024, "{name}: {took} KiB");
    assert!(millis < 2000, "{name}: {millis} ms");
}

#[test]
fn hostile_values_are_refused_within_64_mib_and_without_an_abort() {
    for (index, (name, ..)) in cases().iter().enumerate() {
        let output = Command::new(std::env::current_exe().expect("this program"))
            .args(["--exact", "in_the_child_process_one_case_is_decoded"])
            .env(CASE, index.to_string())
            .output()
            .expect("a child process");
        let stdout = String::from_utf8_lossy(&output.stdout);
        assert!(
            stdout.contains("1 passed"),
            "{name}: the case did not run: {stdout}"
        );
        assert!(
            output.status.success(),
            "{name}: {}\n{}",
            output.status,
            String::from_utf8_lossy(&output.stdout)
        );
    }
}

/// The dearest value that is still accepted: many records with long names and nothing but nulls.
#[test]
fn in_the_child_process_the_dearest_legal_value_is_decoded() {
    if std::env::var(CASE).as_deref() != Ok("legal") {
        return;
    }
    let field = |index| {
        format!(
            r#"{{"name":"{}{index}","type":["null","string"]}}"#,
            "n".repeat(250)
        )
    };
    let fields: Vec<String> = (10..99).map(field).collect();
    let item = format!(
        r#"{{"type":"record","name":"Item","fields":[{}]}}"#,
        fields.join(",")
    );
    let field = format!(r#"{{"name":"a","type":{{"type":"array","items":{item}}}}}"#);
    let schema = EventSchema::parse(&schema_json(1, &field)).expect("a good schema");
    // 179 values an item: the item, and a union and a null for each of its 89 fields.
    let body = [long(732), vec![0; 732 * 89], vec![0]].concat();
    let value = framing::single_object(schema.fingerprint(), &body);
    let mut catalog = Catalog::new();
    catalog.add(schema).expect("added");
    let record = record(
        common::envelope("thing.happened", None).to_headers(),
        Some(value),
    );
    let before = peak_kib();
    catalog.to_json(&record).expect("decoded");
    let took = peak_kib() - before;
    assert!(took < 64 * 1024, "{took} KiB");
}

#[test]
fn the_dearest_legal_value_stays_within_64_mib() {
    let output = Command::new(std::env::current_exe().expect("this program"))
        .args([
            "--exact",
            "in_the_child_process_the_dearest_legal_value_is_decoded",
        ])
        .env(CASE, "legal")
        .output()
        .expect("a child process");
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && stdout.contains("1 passed"),
        "{stdout}"
    );
}

#[test]
fn a_list_within_the_depth_is_decoded() {
    let mut catalog = Catalog::new();
    let schema = EventSchema::parse(&schema_json(1, RECURSIVE)).expect("a good schema");
    // Each element is a record in a union: two levels.
    let value = framing::single_object(schema.fingerprint(), &[vec![2; 30], vec![0]].concat());
    catalog.add(schema).expect("added");
    catalog
        .to_json(&record(
            common::envelope("thing.happened", None).to_headers(),
            Some(value),
        ))
        .expect("decoded");
}

#[test]
fn values_beyond_the_limit_are_not_looked_at() {
    let schema = common::schema(1, r#"{"name":"s","type":"string"}"#);
    let body = text(&"x".repeat(2 * 1024 * 1024));
    let error = schema.check(&body, &Limits::DEFAULT).unwrap_err();
    assert_eq!(error.class(), "oversized", "{error}");
}

#[test]
fn schemas_that_could_harm_are_refused_with_the_reason() {
    let long_name = "x".repeat(300);
    let many: Vec<String> = (0..10_001)
        .map(|index| format!(r#"{{"name":"f{index}","type":"int"}}"#))
        .collect();
    for (fields, reason) in [
        (
            r#"{"name":"next","type":"ThingHappened"}"#.to_owned(),
            "contains itself",
        ),
        (
            r#"{"name":"f","type":{"type":"fixed","name":"F","size":2147483648}}"#.to_owned(),
            "bytes",
        ),
        (
            format!(r#"{{"name":"{long_name}","type":"int"}}"#),
            "300 bytes",
        ),
        (many.join(","), "more than 10000 types"),
    ] {
        let error = EventSchema::parse(&schema_json(1, &fields))
            .unwrap_err()
            .to_string();
        assert!(error.contains(reason), "{error}");
    }
}

#[test]
fn a_schema_nested_thousands_deep_is_a_parse_error() {
    let deep = format!(
        "{}\"int\"{}",
        r#"{"type":"array","items":"#.repeat(5000),
        "}".repeat(5000)
    );
    assert!(
        EventSchema::parse(&schema_json(1, &format!(r#"{{"name":"a","type":{deep}}}"#))).is_err()
    );
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(2000))]
    #[test]
    fn any_bytes_are_decoded_or_refused(body in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200)) {
        let fields = r#"{"name":"a","type":["null","int",{"type":"map","values":["null","ThingHappened"]}]},
            {"name":"b","type":{"type":"array","items":["string","bytes",{"type":"fixed","name":"F","size":2}]}},
            {"name":"c","type":{"type":"bytes","logicalType":"decimal","precision":9,"scale":2}},
            {"name":"d","type":{"type":"long","logicalType":"timestamp-millis"}},
            {"name":"e","type":{"type":"int","logicalType":"date"}}, {"name":"f","type":"double"}"#;
        let schema = common::schema(1, fields);
        let walked = schema.check(&body, &Limits::DEFAULT).is_ok();
        let mut catalog = Catalog::new();
        let value = framing::single_object(schema.fingerprint(), &body);
        catalog.add(schema).expect("added");
        let record = record(common::envelope("thing.happened", None).to_headers(), Some(value));
        // Both passes must agree on what a value is.
        proptest::prop_assert_eq!(walked, catalog.to_json(&record).is_ok());
    }
}

/// A type that holds itself, as the newest version knows it.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
struct ThingHappened {
    x: Option<Box<ThingHappened>>,
}

impl Event for ThingHappened {
    const NAME: &'static str = "thing.happened";
    const VERSION: u32 = 1;
    const SCHEMAS: &'static [&'static str] = &[
        r#"{"type":"record","name":"ThingHappened","namespace":"things",
        "farandole":{"event":"thing.happened","version":1,"topic":"things"},
        "fields":[{"name":"x","type":["null","ThingHappened"],"default":null}]}"#,
    ];

    fn key(&self) -> Option<String> {
        None
    }
}

#[test]
fn a_writers_schema_a_thousand_types_deep_is_no_way_into_a_recursive_type() {
    // Every type has the reader's name in a namespace of its own, so each could be the reader's.
    let definition = |index: u32| {
        let inner = match index {
            0 => String::new(),
            _ => format!(r#"{{"name":"x","type":"n{}.ThingHappened"}}"#, index - 1),
        };
        format!(
            r#"{{"name":"f{index}","type":["null",{{"type":"record","name":"ThingHappened","namespace":"n{index}","fields":[{inner}]}}]}}"#
        )
    };
    let mut fields: Vec<String> = (0..1000).map(definition).collect();
    fields.push(r#"{"name":"x","type":["null","n999.ThingHappened"]}"#.to_owned());
    let writer = EventSchema::parse(&schema_json(2, &fields.join(","))).expect("a vetted schema");
    let fingerprint = writer.fingerprint();
    let mut catalog = Catalog::new();
    catalog.add(writer).expect("added");
    let decode = |last: u8| {
        let value = framing::single_object(fingerprint, &[vec![0; 1000], vec![last]].concat());
        let envelope = common::envelope("thing.happened", None);
        let payload = Payload::Avro(value.into());
        Codec::<ThingHappened>::of().expect("good").decode(
            &envelope,
            &Headers::new(),
            &payload,
            &catalog,
        )
    };
    assert!(decode(0).expect("nothing nested").x.is_none());
    assert!(matches!(decode(2), Err(DecodeError::Malformed { .. })));
}
