//! Every example payload under `schemas/events` goes through its generated type and back.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use farandole::{Catalog, Codec, Envelope, Event, EventSchema, Headers, Record};
use rides::*;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

fn schemas() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas/events")
}

fn example(event: &str, version: u32) -> Value {
    let path = schemas()
        .join(event)
        .join(format!("v{version}.example.json"));
    serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap()
}

fn catalog<E: Event>() -> Catalog {
    let mut catalog = Catalog::new();
    for json in E::SCHEMAS {
        catalog.add(EventSchema::parse(json).unwrap()).unwrap();
    }
    catalog
}

/// A record as a participant would publish it.
fn record<E: Event>(version: u32, key: Option<String>, value: Vec<u8>) -> Record {
    let envelope = Envelope {
        id: "0197f4a0-0000-7000-8000-000000000001".into(),
        source: "/test".into(),
        event: E::NAME.into(),
        dataschema: Some(farandole_event::dataschema(E::NAME, version)),
        content_type: Some("application/avro".into()),
        ..Envelope::default()
    };
    Record {
        topic: Arc::from("t"),
        partition: 0,
        offset: 0,
        timestamp_ms: None,
        key: key.map(String::into_bytes),
        value: Some(value),
        headers: envelope.to_headers(),
    }
}

fn decoded<E: Event>(record: &Record, catalog: &Catalog) -> E {
    let parsed = Envelope::read(record).unwrap();
    Codec::<E>::of()
        .unwrap()
        .decode(&parsed.envelope, &record.headers, &parsed.payload, catalog)
        .unwrap()
}

/// Newest example → type → Avro → type, and → JSON as tools show it.
fn round_trip<E: Event + PartialEq + Debug>() -> &'static str {
    let example = example(E::NAME, E::VERSION);
    let event: E = serde_json::from_value(example.clone())
        .unwrap_or_else(|error| panic!("{}: {error}", E::NAME));
    let codec = Codec::<E>::of().unwrap();
    let catalog = catalog::<E>();
    let record = record::<E>(E::VERSION, event.key(), codec.encode(&event).unwrap());
    assert_eq!(decoded::<E>(&record, &catalog), event, "{}", E::NAME);
    let (_, _, shown) = catalog.to_json(&record).unwrap();
    assert_eq!(
        shown,
        with_times_as_text(&example, codec.schema()),
        "{}",
        E::NAME
    );
    let key = codec.schema().key().unwrap();
    assert_eq!(event.key().as_deref(), example[key].as_str(), "{}", E::NAME);
    E::NAME
}

/// Tools show moments as text.
fn with_times_as_text(example: &Value, schema: &EventSchema) -> Value {
    let schema: Value = serde_json::from_str(schema.json()).unwrap();
    let mut example = example.clone();
    for field in schema["fields"].as_array().unwrap() {
        if field["type"]["logicalType"] == "timestamp-millis" {
            let moment = &mut example[field["name"].as_str().unwrap()];
            *moment = json!(farandole_event::format_time(moment.as_i64().unwrap()));
        }
    }
    example
}

#[test]
fn every_example_survives_its_type_and_avro() {
    let seen = BTreeSet::from([
        round_trip::<DriverAssigned>(),
        round_trip::<DriverDeclined>(),
        round_trip::<DriverNotified>(),
        round_trip::<DriverOffered>(),
        round_trip::<DriverPositioned>(),
        round_trip::<DriverReleased>(),
        round_trip::<DriverUnavailable>(),
        round_trip::<RiderNotified>(),
        round_trip::<TripCancelled>(),
        round_trip::<TripCompleted>(),
        round_trip::<TripPickedUp>(),
        round_trip::<TripRequested>(),
        round_trip::<TripSearchResumed>(),
        round_trip::<TripUnfulfilled>(),
    ]);
    let folders = fs::read_dir(schemas())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let expected: BTreeSet<String> = folders.collect();
    assert_eq!(
        seen.into_iter().map(str::to_owned).collect::<BTreeSet<_>>(),
        expected
    );
}

/// `trip.requested` as a program of its first version has it.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct FirstTripRequested {
    trip_id: uuid::Uuid,
    rider_id: String,
    pickup: Place,
    dropoff: Place,
    requested_at: i64,
}

impl Event for FirstTripRequested {
    const NAME: &'static str = TripRequested::NAME;
    const VERSION: u32 = 1;
    const SCHEMAS: &'static [&'static str] = &[TripRequested::SCHEMAS[0]];

    fn key(&self) -> Option<String> {
        Some(self.trip_id.to_string())
    }
}

#[test]
fn a_trip_requested_by_an_old_program_gets_the_defaults_of_the_new_fields() {
    let example = example("trip.requested", 1);
    let old: FirstTripRequested = serde_json::from_value(example.clone()).unwrap();
    let value = Codec::<FirstTripRequested>::of()
        .unwrap()
        .encode(&old)
        .unwrap();

    let event: TripRequested = decoded(
        &record::<TripRequested>(1, old.key(), value),
        &catalog::<TripRequested>(),
    );

    assert_eq!((event.passengers, event.distance_m), (1, None));
    assert_eq!(
        (event.rider_id.as_str(), event.dropoff.zone.as_str()),
        ("rider-17", "Battery Park")
    );
    assert_eq!(
        event,
        serde_json::from_value(example).unwrap(),
        "JSON gets the same defaults"
    );
}

/// `driver.declined` as a later version might have it, with one more reason.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct LaterDriverDeclined {
    trip_id: uuid::Uuid,
    driver_id: String,
    reason: LaterReason,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
enum LaterReason {
    #[serde(rename = "BUSY")]
    Busy,
    #[serde(rename = "ON_STRIKE")]
    OnStrike,
    #[serde(rename = "OTHER")]
    Other,
}

impl Event for LaterDriverDeclined {
    const NAME: &'static str = DriverDeclined::NAME;
    const VERSION: u32 = 2;
    const SCHEMAS: &'static [&'static str] = &[
        r#"{"type": "record", "name": "DriverDeclined", "namespace": "rides",
        "farandole": {"event": "driver.declined", "version": 2, "topic": "assignments", "key": "trip_id"}, "fields": [
            {"name": "trip_id", "type": {"type": "string", "logicalType": "uuid"}}, {"name": "driver_id", "type": "string"},
            {"name": "reason", "type": {"type": "enum", "name": "DeclineReason",
                "symbols": ["BUSY", "ON_STRIKE", "OTHER"], "default": "OTHER"}}]}"#,
    ];

    fn key(&self) -> Option<String> {
        Some(self.trip_id.to_string())
    }
}

#[test]
fn a_symbol_that_is_newer_than_the_type_becomes_the_default() {
    let mut example = example("driver.declined", 1);
    example["reason"] = json!("ON_STRIKE");
    let from_json: DriverDeclined = serde_json::from_value(example.clone()).unwrap();
    assert_eq!(from_json.reason, DeclineReason::Other);

    let later: LaterDriverDeclined = serde_json::from_value(example).unwrap();
    let value = Codec::<LaterDriverDeclined>::of()
        .unwrap()
        .encode(&later)
        .unwrap();
    let mut catalog = catalog::<DriverDeclined>();
    catalog
        .add(EventSchema::parse(LaterDriverDeclined::SCHEMAS[0]).unwrap())
        .unwrap();
    let event: DriverDeclined = decoded(&record::<DriverDeclined>(2, later.key(), value), &catalog);
    assert_eq!(event.reason, DeclineReason::Other);
}

#[test]
fn a_fare_keeps_every_cent() {
    let mut event: TripCompleted = serde_json::from_value(example("trip.completed", 1)).unwrap();
    for fare in ["0.00", "0.01", "18.50", "99999999.99", "-7.25"] {
        event.fare = fare.parse().unwrap();
        let value = Codec::<TripCompleted>::of()
            .unwrap()
            .encode(&event)
            .unwrap();
        let back: TripCompleted = decoded(
            &record::<TripCompleted>(1, event.key(), value),
            &catalog::<TripCompleted>(),
        );
        assert_eq!(back.fare.to_string(), fare);
    }
    event.fare = "0.001".parse().unwrap();
    assert!(
        Codec::<TripCompleted>::of()
            .unwrap()
            .encode(&event)
            .is_err(),
        "nothing is rounded silently"
    );
}

#[test]
fn an_instance_begins_and_is_called_off_with_derived_ids() {
    let requested: TripRequested = serde_json::from_value(example("trip.requested", 2)).unwrap();
    let begun = trip::request(&requested, farandole::StartOptions::default()).unwrap();
    let again = trip::request(&requested, farandole::StartOptions::default()).unwrap();
    assert_eq!(
        begun.instance, again.instance,
        "starting twice is the same instance"
    );
    assert_eq!(begun.instance.key, requested.trip_id.to_string());
    assert_eq!(
        begun.instance.carried["trip.requested.rider_id"],
        json!("rider-17")
    );
    assert_eq!(begun.outgoing[0].topic, "trips");
    let expected =
        farandole::ids::start_event_id(&begun.instance.correlation, "request").to_string();
    assert_eq!(text(&begun.outgoing[0].headers, "ce_id"), expected);

    let cancelled: TripCancelled = serde_json::from_value(example("trip.cancelled", 1)).unwrap();
    let called_off = trip::cancel(&begun.instance, None, &cancelled).unwrap();
    let firing =
        farandole::ids::firing_id(&begun.instance.correlation, "trip", "cancel").to_string();
    assert_eq!(called_off.firing, firing);
    let expected = farandole::ids::output_id(&firing, "trip.cancelled", 0).to_string();
    assert_eq!(text(&called_off.outgoing[0].headers, "ce_id"), expected);
}

fn text(headers: &Headers, name: &str) -> String {
    headers.text(name).unwrap_or_default().to_owned()
}
