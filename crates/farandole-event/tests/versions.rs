//! Typed events: the newest type reads what every known version wrote.

mod common;

use std::collections::BTreeMap;

use common::{envelope, long, schema_json, text};
use farandole_event::{
    Catalog, Codec, DecodeError, Event, EventSchema, Headers, Payload, dataschema, decimal,
    decode_body,
    framing::{self, CONFLUENT_VALUE_HEADER},
};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Every kind of field that generated types have.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct ThingHappened {
    id: Uuid,
    title: String,
    at: i64,
    count: i64,
    ratio: f64,
    #[serde(with = "decimal::Scaled::<2>")]
    price: Decimal,
    #[serde(with = "decimal::OptionalScaled::<2>")]
    tip: Option<Decimal>,
    colour: Colour,
    place: Option<Place>,
    places: Vec<Place>,
    labels: BTreeMap<String, String>,
    note: Option<String>,
    open: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Place {
    lat: f64,
    zone: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Colour {
    #[serde(rename = "RED")]
    Red,
    #[serde(rename = "OTHER")]
    Other,
}

/// Another order, another name, narrower numbers, more symbols, a field that is gone, and none of the later fields.
const V1: &str = r#"{"type":"record","name":"ThingHappened","namespace":"things",
  "farandole":{"event":"thing.happened","version":1,"topic":"things","key":"id"},"fields":[
  {"name":"name","type":"string"},
  {"name":"gone","type":{"type":"map","values":{"type":"array","items":"int"}}},
  {"name":"id","type":{"type":"string","logicalType":"uuid"}},
  {"name":"at","type":{"type":"long","logicalType":"timestamp-millis"}},
  {"name":"count","type":"int"},
  {"name":"ratio","type":"int"},
  {"name":"price","type":{"type":"bytes","logicalType":"decimal","precision":9,"scale":1}},
  {"name":"colour","type":{"type":"enum","name":"Colour","symbols":["GREEN","RED"]}},
  {"name":"place","type":{"type":"record","name":"OldPlace","fields":[{"name":"zone","type":"string"},{"name":"lat","type":"float"}]}},
  {"name":"places","type":{"type":"array","items":"OldPlace"}}]}"#;

const V2: &str = r#"{"type":"record","name":"ThingHappened","namespace":"things",
  "farandole":{"event":"thing.happened","version":2,"topic":"things","key":"id"},"fields":[
  {"name":"id","type":{"type":"string","logicalType":"uuid"}},
  {"name":"title","aliases":["name"],"type":"string"},
  {"name":"at","type":{"type":"long","logicalType":"timestamp-millis"}},
  {"name":"count","type":"long"},
  {"name":"ratio","type":"double"},
  {"name":"price","type":{"type":"bytes","logicalType":"decimal","precision":11,"scale":2}},
  {"name":"tip","type":["null",{"type":"bytes","logicalType":"decimal","precision":11,"scale":2}],"default":null},
  {"name":"colour","type":{"type":"enum","name":"Colour","symbols":["RED","OTHER"],"default":"OTHER"}},
  {"name":"place","type":["null",{"type":"record","name":"Place","aliases":["OldPlace"],"fields":[
      {"name":"lat","type":"double"},{"name":"zone","type":"string"}]}]},
  {"name":"places","type":{"type":"array","items":"Place"}},
  {"name":"labels","type":{"type":"map","values":"string"},"default":{"a":"b"}},
  {"name":"note","type":["null","string"],"default":null},
  {"name":"open","type":"boolean","default":true}]}"#;

impl Event for ThingHappened {
    const NAME: &'static str = "thing.happened";
    const VERSION: u32 = 2;
    const SCHEMAS: &'static [&'static str] = &[V1, V2];

    fn key(&self) -> Option<String> {
        Some(self.id.to_string())
    }
}

fn thing() -> ThingHappened {
    ThingHappened {
        id: Uuid::from_u128(7),
        title: "a thing".into(),
        at: 1_750_000_000_000,
        count: -3,
        ratio: 0.5,
        price: Decimal::new(-12_345, 2),
        tip: Some(Decimal::new(100, 2)),
        colour: Colour::Red,
        place: Some(Place {
            lat: 52.5,
            zone: "Mitte".into(),
        }),
        places: vec![
            Place {
                lat: 1.0,
                zone: "A".into()
            };
            2
        ],
        labels: BTreeMap::from([("x".into(), "y".into())]),
        note: None,
        open: false,
    }
}

fn old_body(colour: i64) -> Vec<u8> {
    let place = |zone: &str, lat: f32| [text(zone), lat.to_le_bytes().to_vec()].concat();
    [
        text("an old thing"),
        [
            long(1),
            text("k"),
            long(2),
            long(1),
            long(2),
            vec![0],
            vec![0],
        ]
        .concat(),
        text(&Uuid::from_u128(9).to_string()),
        long(1_600_000_000_000),
        long(41),
        long(3),
        [long(1), vec![125]].concat(),
        long(colour),
        place("Süd", 1.5),
        // Two blocks, the first with its size.
        [
            long(-1),
            long(place("N", 2.5).len() as i64),
            place("N", 2.5),
            long(1),
            place("W", 3.5),
            vec![0],
        ]
        .concat(),
    ]
    .concat()
}

fn decode(
    version: Option<u32>,
    headers: &Headers,
    value: Vec<u8>,
    catalog: &Catalog,
) -> Result<ThingHappened, DecodeError> {
    let envelope = envelope(
        "thing.happened",
        version.map(|version| dataschema("thing.happened", version)),
    );
    Codec::of().expect("good schemas").decode(
        &envelope,
        headers,
        &Payload::Avro(value.into()),
        catalog,
    )
}

fn old_thing(colour: Colour) -> ThingHappened {
    ThingHappened {
        id: Uuid::from_u128(9),
        title: "an old thing".into(),
        at: 1_600_000_000_000,
        count: 41,
        ratio: 3.0,
        price: Decimal::new(1250, 2),
        tip: None,
        colour,
        place: Some(Place {
            lat: 1.5,
            zone: "Süd".into(),
        }),
        places: vec![
            Place {
                lat: 2.5,
                zone: "N".into(),
            },
            Place {
                lat: 3.5,
                zone: "W".into(),
            },
        ],
        labels: BTreeMap::from([("a".into(), "b".into())]),
        note: None,
        open: true,
    }
}

#[test]
fn an_event_survives_its_bytes() {
    let codec = Codec::<ThingHappened>::of().expect("good schemas");
    let bytes = codec.encode(&thing()).expect("encoded");
    assert_eq!(
        framing::detect(&Headers::new(), &bytes).0,
        framing::Framing::SingleObject(codec.schema().fingerprint())
    );
    assert_eq!(
        decode(Some(2), &Headers::new(), bytes.clone(), &Catalog::new()).expect("decoded"),
        thing()
    );
    assert_eq!(
        decode(None, &Headers::new(), bytes, &Catalog::new()).expect("decoded"),
        thing()
    );
}

#[test]
fn an_older_version_becomes_the_newest_type() {
    let v1 = EventSchema::parse(V1).expect("good");
    for (symbol, colour) in [(1, Colour::Red), (0, Colour::Other)] {
        let value = framing::single_object(v1.fingerprint(), &old_body(symbol));
        let decoded = decode(None, &Headers::new(), value, &Catalog::new()).expect("decoded");
        assert_eq!(decoded, old_thing(colour));
    }
}

#[test]
fn all_four_framings_are_recognised() {
    let codec = Codec::<ThingHappened>::of().expect("good schemas");
    let framed = codec.encode(&thing()).expect("encoded");
    let body = framed[10..].to_vec();
    let confluent = [vec![0, 0, 0, 0, 9], body.clone()].concat();
    let mut guid = Headers::new();
    guid.push(
        CONFLUENT_VALUE_HEADER,
        [vec![1], Uuid::from_u128(5).as_bytes().to_vec()].concat(),
    );
    for (headers, value) in [
        (Headers::new(), framed),
        (Headers::new(), confluent),
        (guid, body.clone()),
        (Headers::new(), body),
    ] {
        assert_eq!(
            decode(Some(2), &headers, value, &Catalog::new()).expect("decoded"),
            thing()
        );
    }
}

#[test]
fn a_bare_body_that_looks_framed_by_chance_is_still_read() {
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Bytes {
        a: f64,
        b: f64,
    }
    impl Event for Bytes {
        const NAME: &'static str = "bytes.seen";
        const VERSION: u32 = 1;
        const SCHEMAS: &'static [&'static str] = &[r#"{"type":"record","name":"Bytes",
            "farandole":{"event":"bytes.seen","version":1,"topic":"t"},
            "fields":[{"name":"a","type":"double"},{"name":"b","type":"double"}]}"#];
        fn key(&self) -> Option<String> {
            None
        }
    }
    let envelope = envelope("bytes.seen", Some(dataschema("bytes.seen", 1)));
    for start in [[0xC3, 1], [0, 0]] {
        let mut value = vec![1; 16];
        value[..2].copy_from_slice(&start);
        let codec = Codec::<Bytes>::of().expect("good");
        let decoded = codec.decode(
            &envelope,
            &Headers::new(),
            &Payload::Avro(value.as_slice().into()),
            &Catalog::new(),
        );
        assert_eq!(decoded.expect("decoded").a.to_le_bytes(), value[..8]);
    }
}

#[test]
fn a_newer_writer_is_read_once_the_catalog_knows_it() {
    let v3 = V2.replace("\"version\":2", "\"version\":3").replace(
        r#"{"name":"open","type":"boolean","default":true}"#,
        r#"{"name":"later","type":["null","int"],"default":null},{"name":"open","type":"boolean","default":true}"#,
    );
    let v3 = EventSchema::parse(&v3).expect("good");
    let body = Codec::<ThingHappened>::of()
        .expect("good")
        .encode(&thing())
        .expect("encoded")[10..]
        .to_vec();
    let (head, open) = body.split_at(body.len() - 1);
    let value = framing::single_object(
        v3.fingerprint(),
        &[head.to_vec(), long(1), long(7), open.to_vec()].concat(),
    );

    let mut catalog = Catalog::new();
    let unknown = decode(Some(3), &Headers::new(), value.clone(), &catalog).unwrap_err();
    assert!(
        matches!(unknown, DecodeError::UnknownSchema { .. }),
        "{unknown}"
    );
    assert_eq!(unknown.class(), "unknown-schema");
    catalog.add(v3).expect("added");
    assert_eq!(
        decode(Some(3), &Headers::new(), value, &catalog).expect("decoded"),
        thing()
    );
}

#[test]
fn a_version_that_lacks_a_field_without_default_is_incompatible_and_says_which() {
    let v9 = EventSchema::parse(&schema_json(9, r#"{"name":"id","type":"string"}"#)).expect("good");
    let value = framing::single_object(v9.fingerprint(), &text("x"));
    let mut catalog = Catalog::new();
    catalog.add(v9).expect("added");
    let error = decode(Some(9), &Headers::new(), value, &catalog).unwrap_err();
    assert!(
        matches!(&error, DecodeError::Incompatible { reason, .. } if reason.contains("title")),
        "{error}"
    );
}

#[test]
fn cut_or_longer_bytes_are_malformed_at_every_length() {
    let bytes = Codec::<ThingHappened>::of()
        .expect("good")
        .encode(&thing())
        .expect("encoded");
    for length in 10..bytes.len() {
        let error = decode(
            None,
            &Headers::new(),
            bytes[..length].to_vec(),
            &Catalog::new(),
        )
        .unwrap_err();
        assert!(
            matches!(error, DecodeError::Malformed { .. }),
            "{length}: {error}"
        );
    }
    let error = decode(
        None,
        &Headers::new(),
        [bytes, vec![0]].concat(),
        &Catalog::new(),
    )
    .unwrap_err();
    assert!(error.to_string().contains("1 bytes follow"), "{error}");
}

#[test]
fn a_malformed_value_names_its_field() {
    let mut bytes = Codec::<ThingHappened>::of()
        .expect("good")
        .encode(&thing())
        .expect("encoded");
    let at = bytes
        .windows(1)
        .rposition(|byte| byte == b"A")
        .expect("the second zone");
    bytes[at] = 0xFF;
    let error = decode(None, &Headers::new(), bytes, &Catalog::new()).unwrap_err();
    assert!(
        matches!(&error, DecodeError::Malformed { path, .. } if path == "$.places[1].zone"),
        "{error}"
    );
}

#[test]
fn json_payloads_take_the_schemas_defaults() {
    let json = serde_json::json!({"id": Uuid::from_u128(7), "title": "t", "at": 1, "count": 2, "ratio": 1.5, "price": "1.25",
        "colour": "RED", "place": null, "places": []});
    let envelope = envelope("thing.happened", None);
    let codec = Codec::<ThingHappened>::of().expect("good");
    let decoded = codec
        .decode(
            &envelope,
            &Headers::new(),
            &Payload::Json(json),
            &Catalog::new(),
        )
        .expect("decoded");
    assert_eq!(
        (decoded.price, decoded.open, decoded.tip),
        (Decimal::new(125, 2), true, None)
    );
}

#[test]
fn tombstones_and_other_content_types_are_errors_of_their_own() {
    let codec = Codec::<ThingHappened>::of().expect("good");
    let envelope = envelope("thing.happened", None);
    let decode = |payload| {
        codec
            .decode(&envelope, &Headers::new(), &payload, &Catalog::new())
            .unwrap_err()
    };
    assert!(matches!(
        decode(Payload::None),
        DecodeError::Tombstone { .. }
    ));
    assert!(matches!(
        decode(Payload::Other(b"x".as_slice().into())),
        DecodeError::ContentType { .. }
    ));
}

#[test]
fn a_decimal_with_too_many_digits_is_not_rounded_silently() {
    let odd = ThingHappened {
        price: Decimal::new(12_345, 3),
        ..thing()
    };
    let error = Codec::of()
        .expect("good")
        .encode(&odd)
        .unwrap_err()
        .to_string();
    assert!(error.contains("scale of 2"), "{error}");
}

/// From a text with both names to two fields: no Avro resolution does that.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Renamed {
    first: String,
    last: String,
}

impl Event for Renamed {
    const NAME: &'static str = "person.renamed";
    const VERSION: u32 = 2;
    const SCHEMAS: &'static [&'static str] = &[
        r#"{"type":"record","name":"Renamed","farandole":{"event":"person.renamed","version":1,"topic":"t"},
            "fields":[{"name":"full","type":"string"}]}"#,
        r#"{"type":"record","name":"Renamed","farandole":{"event":"person.renamed","version":2,"topic":"t","upgrade":true},
            "fields":[{"name":"first","type":"string"},{"name":"last","type":"string"}]}"#,
    ];

    fn key(&self) -> Option<String> {
        None
    }

    fn upgrade(
        version: u32,
        writer: &EventSchema,
        body: &[u8],
    ) -> Option<Result<Self, DecodeError>> {
        #[derive(Deserialize)]
        #[serde(rename = "Renamed")]
        struct V1 {
            full: String,
        }
        (version == 1).then(|| {
            let old: V1 = decode_body(writer, body)?;
            let (first, last) = old.full.split_once(' ').unwrap_or((&old.full, ""));
            Ok(Self {
                first: first.into(),
                last: last.into(),
            })
        })
    }
}

#[test]
fn a_hand_written_upgrade_reads_what_resolution_cannot() {
    let v1 = EventSchema::parse(Renamed::SCHEMAS[0]).expect("good");
    let value = framing::single_object(v1.fingerprint(), &text("river bank"));
    let envelope = envelope("person.renamed", None);
    let codec = Codec::<Renamed>::of().expect("good");
    let decoded = codec.decode(
        &envelope,
        &Headers::new(),
        &Payload::Avro(value.as_slice().into()),
        &Catalog::new(),
    );
    assert_eq!(
        decoded.expect("decoded"),
        Renamed {
            first: "river".into(),
            last: "bank".into()
        }
    );
    let cut = codec.decode(
        &envelope,
        &Headers::new(),
        &Payload::Avro(value[..12].into()),
        &Catalog::new(),
    );
    assert!(
        matches!(cut, Err(DecodeError::Malformed { .. })),
        "the guard comes before the upgrade: {cut:?}"
    );
}

#[test]
fn the_codec_of_a_type_is_built_once() {
    let one: *const _ = Codec::<Renamed>::of().expect("good");
    let other: *const _ = Codec::<Renamed>::of().expect("good");
    assert_eq!(one, other);
}
