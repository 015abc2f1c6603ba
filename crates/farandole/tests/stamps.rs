//! What the framework writes on an event: ids as published, and what it inherits.

mod ride;

use farandole::testing::{Scenario, Services};
use farandole::{Envelope, External, ExternalError, Record, StartOptions};
use ride::{TRIP, TripCancelled, WORKFLOWS, requested};

/// Ids of `crates/farandole-event/vectors/ids.json`.
const CORRELATION: &str = "b76730b9-ed2b-539b-9c37-41fee09f3790";
const REQUESTED: &str = "bd0cda1c-f3dc-5bb3-bdd4-70b4b45fbcd7";
const OFFERED: &str = "7b7afeea-7e58-5c7d-bf82-7d6766b53c2c";

fn start() -> External {
    External::start(
        &WORKFLOWS[0],
        "trip",
        "request",
        &requested(""),
        StartOptions::default(),
    )
    .expect("a start")
}

fn envelope(record: &Record) -> Envelope {
    Envelope::read(record).expect("an envelope").envelope
}

#[tokio::test]
async fn events_of_an_instance_have_the_published_ids_and_inherit_from_their_cause() {
    let mut services = Services::of(ride::driver_assignment());
    services.publish(&start());
    services.run().await;
    let records: Vec<Record> = services.records().cloned().collect();
    let (requested, offered) = (envelope(&records[0]), envelope(&records[1]));

    assert_eq!(
        (requested.id.as_str(), requested.correlation.as_deref()),
        (REQUESTED, Some(CORRELATION))
    );
    assert_eq!(
        (requested.source.as_str(), requested.step.as_deref()),
        ("/trip", Some("request"))
    );
    assert_eq!(requested.causation, None);
    assert_eq!(
        (&*records[0].topic, records[0].key_text()),
        ("trips", Some(TRIP))
    );

    assert_eq!(
        (offered.id.as_str(), offered.correlation.as_deref()),
        (OFFERED, Some(CORRELATION))
    );
    assert_eq!(
        (offered.source.as_str(), offered.step.as_deref()),
        ("/driver-assignment", Some("offer"))
    );
    assert_eq!(offered.causation.as_deref(), Some(REQUESTED));
    assert_eq!(
        (offered.workflow.as_deref(), offered.workflow_version),
        (Some("trip"), Some(1))
    );
    assert_eq!(offered.subject.as_deref(), Some(TRIP));
    assert_eq!(
        offered.dataschema.as_deref(),
        Some("urn:farandole:driver.offered:v1")
    );
    assert_eq!(offered.content_type.as_deref(), Some("application/avro"));
    assert_eq!(offered.carried["trip.requested.rider_id"], "rider-17");
    assert_eq!(
        (&*records[1].topic, records[1].key_text()),
        ("drivers", Some("driver-3"))
    );

    let trace =
        |envelope: &Envelope| envelope.traceparent.clone().expect("a trace")[..35].to_owned();
    assert_eq!(trace(&offered), trace(&requested), "one trace per instance");
    assert_ne!(
        offered.traceparent, requested.traceparent,
        "a span of its own"
    );
}

#[test]
fn starting_the_same_run_twice_is_the_same_instance_and_another_run_is_not() {
    let again = start();
    assert_eq!(
        (&start().instance, &start().firing),
        (&again.instance, &again.firing)
    );
    assert_eq!(again.instance.key, TRIP);
    let options = StartOptions {
        run: 1,
        ..StartOptions::default()
    };
    let other = External::start(&WORKFLOWS[0], "trip", "request", &requested(""), options)
        .expect("a start");
    assert_eq!(
        other.instance.correlation,
        "1e5bb126-74a5-54a6-95dc-16af01887b30"
    );
}

#[test]
fn a_step_from_outside_belongs_to_the_instance_and_repeats_its_ids() {
    let instance = start().instance;
    let cancelled = TripCancelled {
        trip_id: TRIP.into(),
        reason: "changed my mind".into(),
    };
    let cancel = |cause| {
        External::during(
            &WORKFLOWS[0],
            "trip",
            "cancel",
            &instance,
            cause,
            &cancelled,
        )
        .expect("a step")
    };
    let headers = |external: &External, name: &str| {
        external.outgoing[0].headers.text(name).map(str::to_owned)
    };
    assert_eq!(
        headers(&cancel(None), "ce_id"),
        headers(&cancel(None), "ce_id")
    );
    assert_ne!(
        headers(&cancel(None), "ce_id"),
        headers(&cancel(Some(REQUESTED)), "ce_id"),
        "another cause is another firing"
    );
    assert_eq!(
        headers(&cancel(Some(REQUESTED)), "ce_causationid").as_deref(),
        Some(REQUESTED)
    );
    assert_eq!(
        headers(&cancel(None), "ce_correlationid").as_deref(),
        Some(CORRELATION)
    );
    assert!(
        headers(&cancel(None), "ce_carried")
            .expect("carried")
            .contains("rider-17")
    );
}

#[test]
fn a_step_may_only_emit_what_the_workflow_says() {
    let instance = start().instance;
    let wrong = External::during(
        &WORKFLOWS[0],
        "trip",
        "cancel",
        &instance,
        None,
        &requested(""),
    )
    .expect_err("not its event");
    assert!(
        wrong
            .to_string()
            .contains("emits trip.cancelled; the handler answered trip.requested"),
        "{wrong}"
    );
    let unknown = External::during(&WORKFLOWS[0], "trip", "offer", &instance, None, &())
        .expect_err("not from outside");
    assert!(matches!(unknown, ExternalError::NoStep { .. }), "{unknown}");
    let keyless = ride::TripRequested {
        trip_id: String::new(),
        ..requested("")
    };
    let keyless = External::start(
        &WORKFLOWS[0],
        "trip",
        "request",
        &keyless,
        StartOptions::default(),
    )
    .expect_err("no key");
    assert!(matches!(keyless, ExternalError::NoKey { .. }), "{keyless}");
}

#[tokio::test]
async fn a_handler_that_answers_something_else_is_rejected() {
    let wrong = farandole::Participant::new("driver-assignment", &WORKFLOWS, ride::SCHEMAS)
        .step("offer", |trip: ride::TripRequested, _| async { Ok(trip) });
    Scenario::of(wrong)
        .when(requested(""))
        .await
        .then_rejects("emits one of driver.offered, driver.unavailable");
}

#[tokio::test]
async fn what_travels_along_has_a_limit() {
    let big = ride::TripRequested {
        rider_id: "x".repeat(5_000),
        ..requested("")
    };
    let refused = External::start(
        &WORKFLOWS[0],
        "trip",
        "request",
        &big,
        StartOptions::default(),
    )
    .expect_err("too much");
    assert!(
        refused.to_string().contains("more than the 4096 allowed"),
        "{refused}"
    );
}

/// `trip.cancelled` with a schema that names no key.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
struct Keyless {
    reason: String,
}

impl farandole::Event for Keyless {
    const NAME: &'static str = "trip.cancelled";
    const VERSION: u32 = 1;
    const SCHEMAS: &'static [&'static str] = &[
        r#"{"type":"record","name":"Keyless","namespace":"ride","doc":"A test's event.",
        "farandole":{"event":"trip.cancelled","version":1,"topic":"trips"},
        "fields":[{"name":"reason","type":"string","doc":"Why."}]}"#,
    ];

    fn key(&self) -> Option<String> {
        None
    }
}

impl farandole::Outputs for Keyless {
    fn outputs(&self, out: &mut farandole::OutputSink) {
        out.push(self);
    }
}

#[test]
fn an_event_whose_schema_names_no_key_is_keyed_by_its_instance() {
    let instance = start().instance;
    let reason = "plans changed".to_owned();
    let cancel = External::during(
        &WORKFLOWS[0],
        "trip",
        "cancel",
        &instance,
        None,
        &Keyless { reason },
    );
    let cancelled = cancel.expect("an external step").outgoing;
    assert_eq!(cancelled[0].key.as_deref(), Some(TRIP.as_bytes()));
}
