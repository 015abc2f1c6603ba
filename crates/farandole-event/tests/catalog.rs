//! The catalog of schemas, the system's own events, and decoding without types.

mod common;

use common::{envelope, long, record, schema, schema_json, schema_json_with, text};
use farandole_event::{
    Catalog, CatalogError, Codec, DecodeError, Event, EventSchema, Header, Headers, SchemaError,
    dataschema, framing,
    system::{self, CatalogEntry, Signal},
};
use serde_json::{Value, json};

#[test]
fn it_starts_with_the_system_events() {
    let catalog = Catalog::new();
    assert_eq!(
        catalog.events().collect::<Vec<_>>(),
        ["farandole.catalog-entry", "farandole.signal"]
    );
    assert_eq!(
        catalog.topics().into_iter().collect::<Vec<_>>(),
        [system::CATALOG, system::SIGNALS]
    );
}

#[test]
fn system_events_survive_their_bytes() {
    let signal = Signal {
        kind: "retrying".into(),
        participant: "p".into(),
        attempts: Some(2),
        at_ms: 5,
        ..Signal::default()
    };
    let entry = CatalogEntry::new("schema", "trip.requested", 2, "{}", "trip", 7);
    assert_eq!(entry.key().as_deref(), Some("schema/trip.requested/2"));
    assert_eq!(
        entry.hash,
        "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
    );
    assert_eq!(signal.key().as_deref(), Some("p"));
    assert_eq!(
        through_bytes(&signal),
        serde_json::to_value(&signal).expect("JSON")
    );
    assert_eq!(
        through_bytes(&entry),
        serde_json::to_value(&entry).expect("JSON")
    );
}

fn through_bytes<E: Event>(event: &E) -> Value {
    let bytes = Codec::<E>::of()
        .expect("good")
        .encode(event)
        .expect("encoded");
    let record = record(
        envelope(E::NAME, Some(dataschema(E::NAME, E::VERSION))).to_headers(),
        Some(bytes),
    );
    Catalog::new().to_json(&record).expect("decoded").2
}

#[test]
fn the_same_schema_again_is_fine_and_another_under_its_version_is_not() {
    let mut catalog = Catalog::new();
    let json = schema_json(1, r#"{"name":"a","type":"int"}"#);
    catalog
        .add(EventSchema::parse(&json).expect("good"))
        .expect("added");
    catalog
        .add(EventSchema::parse(&json.replace('\n', " ")).expect("good"))
        .expect("the same, spaced otherwise");
    let error = catalog
        .add(schema(1, r#"{"name":"a","type":"long"}"#))
        .unwrap_err();
    assert_eq!(
        error,
        CatalogError::Changed {
            event: "thing.happened".into(),
            version: 1
        }
    );
}

#[test]
fn versions_come_oldest_first_and_the_latest_is_the_last() {
    let mut catalog = Catalog::new();
    for version in [3, 1, 2] {
        catalog
            .add(schema(
                version,
                &format!(r#"{{"name":"f{version}","type":"int"}}"#),
            ))
            .expect("added");
    }
    let versions: Vec<u32> = catalog
        .versions("thing.happened")
        .iter()
        .map(|schema| schema.version())
        .collect();
    assert_eq!(versions, [1, 2, 3]);
    assert_eq!(
        catalog.latest("thing.happened").expect("known").version(),
        3
    );
    assert!(catalog.latest("nothing.happened").is_none());
}

#[test]
fn versions_that_share_a_fingerprint_are_told_apart_by_dataschema() {
    let decimal = |scale| {
        format!(
            r#"{{"name":"d","type":{{"type":"bytes","logicalType":"decimal","precision":9,"scale":{scale}}}}}"#
        )
    };
    let mut catalog = Catalog::new();
    for (version, scale) in [(1, 1), (2, 2)] {
        catalog
            .add(schema(version, &decimal(scale)))
            .expect("added");
    }
    let fingerprint = catalog
        .latest("thing.happened")
        .expect("known")
        .fingerprint();
    assert_eq!(
        fingerprint,
        catalog
            .version("thing.happened", 1)
            .expect("known")
            .fingerprint()
    );
    let value = framing::single_object(fingerprint, &[long(1), vec![125]].concat());
    for (version, shown) in [(Some(1), "12.5"), (Some(2), "1.25"), (None, "1.25")] {
        let headers = envelope(
            "thing.happened",
            version.map(|v| dataschema("thing.happened", v)),
        )
        .to_headers();
        let (_, _, json) = catalog
            .to_json(&record(headers, Some(value.clone())))
            .expect("decoded");
        assert_eq!(json, json!({ "d": shown }));
    }
}

#[test]
fn a_known_fingerprint_under_another_event_is_unknown() {
    let mut catalog = Catalog::new();
    let schema = schema(1, r#"{"name":"a","type":"int"}"#);
    let value = framing::single_object(schema.fingerprint(), &long(1));
    catalog.add(schema).expect("added");
    let error = catalog
        .to_json(&record(
            envelope("other.happened", None).to_headers(),
            Some(value),
        ))
        .unwrap_err();
    assert!(
        matches!(error, DecodeError::UnknownSchema { .. }),
        "{error}"
    );
}

#[test]
fn json_for_people_shows_logical_types_as_text() {
    let fields = r#"{"name":"at","type":{"type":"long","logicalType":"timestamp-millis"}},
        {"name":"day","type":{"type":"int","logicalType":"date"}},
        {"name":"raw","type":"bytes"}, {"name":"nan","type":"double"},
        {"name":"u","type":["null","string"]}, {"name":"e","type":{"type":"enum","name":"E","symbols":["A","B"]}},
        {"name":"m","type":{"type":"map","values":"boolean"}}"#;
    let body = [
        long(1_750_000_000_123),
        long(20_254),
        long(2),
        vec![0xAB, 0x01],
        f64::NAN.to_le_bytes().to_vec(),
        long(1),
        text("x"),
        long(1),
        long(1),
        text("k"),
        vec![1],
        vec![0],
    ];
    let schema = schema(1, fields);
    let value = framing::single_object(schema.fingerprint(), &body.concat());
    let mut catalog = Catalog::new();
    catalog.add(schema).expect("added");
    let (_, schema, json) = catalog
        .to_json(&record(
            envelope("thing.happened", None).to_headers(),
            Some(value),
        ))
        .expect("decoded");
    assert_eq!(schema.map(|schema| schema.version()), Some(1));
    assert_eq!(
        json,
        json!({"at":"2025-06-15T15:06:40.123Z","day":"2025-06-15","raw":"ab01","nan":"NaN","u":"x","e":"B","m":{"k":true}})
    );
}

#[test]
fn tombstones_and_json_need_no_schema() {
    let headers = envelope("thing.happened", None).to_headers();
    assert_eq!(
        Catalog::new()
            .to_json(&record(headers, None))
            .expect("a tombstone")
            .2,
        Value::Null
    );
    let mut headers: Headers = envelope("thing.happened", None).to_headers();
    headers.set("content-type", "application/json; charset=utf-8");
    let (_, _, json) = Catalog::new()
        .to_json(&record(headers.clone(), Some(b"{\"a\":1}".to_vec())))
        .expect("JSON");
    assert_eq!(json, json!({"a":1}));
    let error = Catalog::new()
        .to_json(&record(headers, Some(vec![b' '; 2 << 20])))
        .unwrap_err();
    assert_eq!(error.class(), "oversized");
}

#[test]
fn a_record_without_envelope_is_undecodable() {
    let headers: Headers = [Header {
        name: "x".into(),
        value: None,
    }]
    .into_iter()
    .collect();
    let error = Catalog::new()
        .to_json(&record(headers, Some(vec![1])))
        .unwrap_err();
    assert_eq!(error.class(), "undecodable", "{error}");
}

/// The canonical forms are written by hand; the CRC is checked against published values beside its code.
#[test]
fn fingerprints_are_crc_64_avro_of_the_canonical_form() {
    const EMPTY: u64 = 0xc15d_213a_a4d7_a795;
    fn crc(bytes: &[u8]) -> u64 {
        bytes.iter().fold(EMPTY, |crc, byte| {
            let mut table = (crc ^ u64::from(*byte)) & 0xFF;
            for _ in 0..8 {
                table = (table >> 1) ^ (EMPTY & (table & 1).wrapping_neg());
            }
            (crc >> 8) ^ table
        })
    }
    let canonical = r#"{"name":"things.ThingHappened","type":"record","fields":[{"name":"a","type":"int"},{"name":"p","type":{"name":"things.P","type":"record","fields":[]}},{"name":"q","type":"things.P"}]}"#;
    let fields = r#"{"name":"a","type":"int","doc":"A.","default":1},{"name":"p","type":{"type":"record","name":"P","fields":[]}},{"name":"q","type":"P"}"#;
    assert_eq!(schema(1, fields).fingerprint(), crc(canonical.as_bytes()));

    let canonical = r#"{"name":"things.ThingHappened","type":"record","fields":[{"name":"d","type":"bytes"},{"name":"t","type":["null","long"]},{"name":"e","type":{"name":"o.E","type":"enum","symbols":["A","B"]}},{"name":"f","type":{"type":"array","items":{"name":"things.F","type":"fixed","size":2}}},{"name":"m","type":{"type":"map","values":"string"}}]}"#;
    let fields = r#"{"name":"d","type":{"type":"bytes","logicalType":"decimal","precision":9,"scale":2}},
        {"name":"t","type":["null",{"type":"long","logicalType":"timestamp-millis"}]},
        {"name":"e","type":{"type":"enum","name":"o.E","symbols":["A","B"],"default":"A"}},
        {"name":"f","type":{"type":"array","items":{"type":"fixed","name":"F","size":2,"aliases":["G"]}}},
        {"name":"m","type":{"type":"map","values":{"type":"string","logicalType":"uuid"}}}"#;
    assert_eq!(schema(1, fields).fingerprint(), crc(canonical.as_bytes()));
}

#[test]
fn a_schema_tells_tools_about_its_fields() {
    let schema = EventSchema::parse(&schema_json_with(
        1,
        r#","key":"id","compatibility":"BACKWARD""#,
        r#"{"name":"id","type":"string","doc":"The thing."},{"name":"n","type":["null","int"],"default":null}"#,
    ))
    .expect("good");
    let fields: Vec<_> = schema.fields().collect();
    assert_eq!(
        (
            schema.key(),
            schema.topic(),
            schema.compatibility().to_string()
        ),
        (Some("id"), "things", "BACKWARD".into())
    );
    assert_eq!(
        (fields[0].doc, fields[0].kind, fields[0].nullable),
        (Some("The thing."), "string", false)
    );
    assert_eq!(
        (fields[1].name, fields[1].has_default, fields[1].nullable),
        ("n", true, true)
    );
}

#[test]
fn wrong_attributes_are_refused_with_the_reason() {
    let int = r#"{"name":"a","type":["null","int"]}"#;
    let good = schema_json(1, int);
    for (json, reason) in [
        (
            good.replace("\"farandole\"", "\"other\""),
            "there is none; add",
        ),
        (
            good.replace("thing.happened", "Thing Happened"),
            "no event name",
        ),
        (
            good.replace("\"version\":1", "\"version\":0"),
            "count from 1",
        ),
        (good.replace("\"things\"}", "\"../x\"}"), "no topic name"),
        (
            schema_json_with(1, r#","key":"b""#, int),
            "not one of its fields",
        ),
        (
            schema_json_with(1, r#","key":"a""#, int),
            "a key is a string",
        ),
        (
            schema_json_with(1, r#","compatibility":"SIDEWAYS""#, int),
            "SIDEWAYS",
        ),
        (schema_json_with(1, r#","colour":"red""#, int), "colour"),
    ] {
        let error = EventSchema::parse(&json).unwrap_err();
        assert!(
            error.to_string().contains(reason),
            "{error} should say {reason}"
        );
    }
    assert!(matches!(EventSchema::parse("{"), Err(SchemaError::Avro(_))));
}
