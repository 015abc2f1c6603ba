//! The verdicts, case by case: ours with their places, and those Apache Avro for Java gave (`vectors/compatibility.json`).

mod common;

use std::sync::Arc;

use apache_avro::Schema;
use common::{schema, schema_json_with};
use farandole_event::{
    EventSchema,
    compatibility::{Direction, Finding, Mode, can_read, check},
};

fn avro(json: &str) -> Schema {
    Schema::parse_str(json).unwrap_or_else(|error| panic!("{json}: {error}"))
}

fn fatal(findings: &[Finding]) -> Vec<&str> {
    findings
        .iter()
        .filter(|finding| finding.fatal)
        .map(|finding| finding.path.as_str())
        .collect()
}

fn record(more: &str, fields: &str) -> String {
    format!(r#"{{"type":"record","name":"R"{more},"fields":[{fields}]}}"#)
}

/// What the reader has, what the writer has, where it is wrong (nowhere: compatible).
#[test]
fn verdicts_and_places() {
    let symbols = |symbols: &str, more: &str| {
        format!(r#"{{"type":"enum","name":"E","symbols":[{symbols}]{more}}}"#)
    };
    let fixed = |size: u32| format!(r#"{{"type":"fixed","name":"F","size":{size}}}"#);
    let decimal = |scale: u32| {
        format!(r#"{{"type":"bytes","logicalType":"decimal","precision":9,"scale":{scale}}}"#)
    };
    let s = str::to_owned;
    let cases: Vec<(String, String, &[&str])> = vec![
        (s("\"long\""), s("\"int\""), &[]),
        (s("\"int\""), s("\"long\""), &["$"]),
        (s("\"float\""), s("\"long\""), &[]),
        (s("\"double\""), s("\"float\""), &[]),
        (s("\"float\""), s("\"double\""), &["$"]),
        (s("\"string\""), s("\"bytes\""), &[]),
        (s("\"bytes\""), s("\"string\""), &[]),
        (s("\"boolean\""), s("\"int\""), &["$"]),
        (s(r#"["null","int"]"#), s("\"int\""), &[]),
        (s(r#"["null","long"]"#), s(r#"["int","null"]"#), &[]),
        (s("\"int\""), s(r#"["null","int"]"#), &["$"]),
        (
            s(r#"["null","int"]"#),
            s(r#"["null","int","string"]"#),
            &["$"],
        ),
        (
            s(r#"{"type":"array","items":"int"}"#),
            s(r#"{"type":"array","items":"long"}"#),
            &["$.items"],
        ),
        (
            s(r#"{"type":"map","values":"int"}"#),
            s(r#"{"type":"map","values":"string"}"#),
            &["$.values"],
        ),
        (fixed(4), fixed(4), &[]),
        (fixed(4), fixed(8), &["$.size"]),
        (
            symbols(r#""A""#, ""),
            symbols(r#""A","B""#, ""),
            &["$.symbols"],
        ),
        (
            symbols(r#""A""#, r#","default":"A""#),
            symbols(r#""A","B""#, ""),
            &[],
        ),
        (symbols(r#""A","B""#, ""), symbols(r#""A""#, ""), &[]),
        (decimal(2), decimal(3), &[]),
        (
            record("", r#"{"name":"a","type":"int"}"#),
            record("", ""),
            &["$.fields[0]"],
        ),
        (
            record("", r#"{"name":"a","type":"int","default":1}"#),
            record("", ""),
            &[],
        ),
        (
            record("", ""),
            record("", r#"{"name":"a","type":"int"}"#),
            &[],
        ),
        (
            record(
                "",
                r#"{"name":"x","type":"int"},{"name":"b","type":["null","int"]}"#,
            ),
            record(
                "",
                r#"{"name":"x","type":"int"},{"name":"b","type":"string"}"#,
            ),
            &["$.fields[1].type"],
        ),
        (
            record("", r#"{"name":"b","aliases":["a"],"type":"int"}"#),
            record("", r#"{"name":"a","type":"int"}"#),
            &[],
        ),
        (
            s(r#"{"type":"record","name":"S","fields":[]}"#),
            record("", ""),
            &["$.name"],
        ),
        (
            s(r#"{"type":"record","name":"S","aliases":["R"],"fields":[]}"#),
            record("", ""),
            &[],
        ),
        (
            s(r#"{"type":"record","name":"R","namespace":"x","fields":[]}"#),
            record("", ""),
            &[],
        ),
        (
            record(
                "",
                r#"{"name":"n","type":["null","R"]},{"name":"v","type":"long"}"#,
            ),
            record(
                "",
                r#"{"name":"n","type":["null","R"]},{"name":"v","type":"int"}"#,
            ),
            &[],
        ),
    ];
    for (reader, writer, places) in cases {
        let findings = can_read(&avro(&reader), &avro(&writer));
        assert_eq!(
            fatal(&findings),
            places,
            "{reader} reads {writer}: {findings:?}"
        );
    }
}

#[test]
fn verdicts_are_those_of_avro_for_java() {
    let vectors: serde_json::Value =
        serde_json::from_str(include_str!("../vectors/compatibility.json")).expect("JSON");
    let cases = vectors["cases"].as_array().expect("a list");
    assert!(cases.len() > 100, "{} cases", cases.len());
    for case in cases {
        let schema = |side: &str| {
            Schema::parse(&case[side]).unwrap_or_else(|error| panic!("{case}: {error}"))
        };
        let findings = can_read(&schema("reader"), &schema("writer"));
        assert_eq!(
            fatal(&findings).is_empty(),
            case["compatible"].as_bool() == Some(true),
            "{case}: {findings:?}"
        );
    }
}

#[test]
fn another_decimal_is_a_warning_with_the_reason() {
    let decimal = |scale: u32| {
        avro(&format!(
            r#"{{"type":"bytes","logicalType":"decimal","precision":9,"scale":{scale}}}"#
        ))
    };
    let findings = can_read(&decimal(2), &decimal(3));
    assert_eq!(findings.len(), 1);
    assert!(
        !findings[0].fatal && findings[0].reason.contains("scale"),
        "{findings:?}"
    );
}

/// v1 {a}, v2 {a, b without default}, v3 {a, b with default}: each mode sees something else.
#[test]
fn the_seven_modes_differ() {
    let a = r#"{"name":"a","type":"int"}"#;
    let v1 = Arc::new(schema(1, a));
    let v2 = Arc::new(schema(2, &format!(r#"{a},{{"name":"b","type":"int"}}"#)));
    let v3 = schema(3, r#"{"name":"b","type":"int"},{"name":"c","type":"int"}"#);
    // v3 reads v2: no c. v3 reads v1: no b, no c. v2 reads v3: no a. v1 reads v3: no a.
    let (new, old) = (Direction::NewReadsOld, Direction::OldReadsNew);
    let cases: [(Mode, &[(Direction, u32)]); 7] = [
        (Mode::Backward, &[(new, 2)]),
        (Mode::BackwardTransitive, &[(new, 2), (new, 1), (new, 1)]),
        (Mode::Forward, &[(old, 2)]),
        (Mode::ForwardTransitive, &[(old, 2), (old, 1)]),
        (Mode::Full, &[(new, 2), (old, 2)]),
        (
            Mode::FullTransitive,
            &[(new, 2), (old, 2), (new, 1), (new, 1), (old, 1)],
        ),
        (Mode::None, &[]),
    ];
    for (mode, expected) in cases {
        let findings = check(&v3, &[v1.clone(), v2.clone()], mode);
        let found: Vec<_> = findings
            .iter()
            .map(|finding| (finding.direction, finding.against))
            .collect();
        assert_eq!(found, expected, "{mode}");
        assert_eq!(mode.to_string().parse::<Mode>(), Ok(mode));
    }
    assert!(
        "SIDEWAYS"
            .parse::<Mode>()
            .unwrap_err()
            .contains("FULL_TRANSITIVE")
    );
}

#[test]
fn an_upgrade_turns_backward_findings_into_warnings_only() {
    let old = Arc::new(schema(1, r#"{"name":"a","type":"int"}"#));
    let new = schema_json_with(2, r#","upgrade":true"#, r#"{"name":"b","type":"int"}"#);
    let findings = check(&EventSchema::parse(&new).expect("good"), &[old], Mode::Full);
    let verdicts: Vec<_> = findings
        .iter()
        .map(|finding| (finding.direction, finding.fatal))
        .collect();
    assert_eq!(
        verdicts,
        [
            (Direction::NewReadsOld, false),
            (Direction::OldReadsNew, true)
        ]
    );
}

#[test]
fn another_key_or_topic_is_a_warning() {
    let a = r#"{"name":"a","type":"int"}"#;
    let new = EventSchema::parse(&schema_json_with(2, r#","key":"a""#, a)).expect("good");
    let findings = check(&new, &[Arc::new(schema(1, a))], Mode::FullTransitive);
    assert_eq!(
        findings
            .iter()
            .map(|f| (f.path.as_str(), f.fatal))
            .collect::<Vec<_>>(),
        [("$.farandole.key", false)]
    );
}

#[test]
fn types_nested_a_thousand_deep_by_reference_end_in_a_finding() {
    // Each record holds the one before. The text is flat; following it from the last one is deep, because the fields that
    // define the records have other names on the other side.
    let chain = |side: &str| {
        let definition = |index: u32| {
            let inner = match index {
                0 => String::new(),
                _ => format!(r#"{{"name":"x","type":"{side}{}.N"}}"#, index - 1),
            };
            format!(
                r#"{{"name":"{side}{index}","type":{{"type":"record","name":"N","namespace":"{side}{index}","fields":[{inner}]}}}}"#
            )
        };
        let mut fields: Vec<String> = (0..1000).map(definition).collect();
        fields.push(format!(r#"{{"name":"last","type":"{side}999.N"}}"#));
        avro(&record("", &fields.join(",")))
    };
    let findings = can_read(&chain("a"), &chain("b"));
    let deep = findings
        .iter()
        .find(|finding| finding.reason.contains("nested deeper"));
    assert!(
        deep.is_some_and(|finding| finding.fatal),
        "{} findings",
        findings.len()
    );
}
