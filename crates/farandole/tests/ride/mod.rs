//! A small workflow with hand-written events and participants, as generated code would have them.
#![allow(dead_code, unreachable_pub)]

use farandole::{Context, Event, Failure, OutputSink, Outputs, Participant, WorkflowSource};
use serde::{Deserialize, Serialize};

/// The trip of the published test vectors.
pub const TRIP: &str = "8c5f2b1e-6a1d-4f0e-9d62-0d1a4c1b7e55";

pub static WORKFLOWS: [WorkflowSource; 1] = [WorkflowSource {
    name: "trip",
    version: 1,
    yaml: YAML,
}];

pub const YAML: &str = "
workflow: trip
version: 1
key: trip_id
carries:
  trip.requested: [rider_id]
steps:
  request: {by: trip, external: start, emits: trip.requested}
  offer:
    by: driver-assignment
    on: trip.requested
    emits: {one_of: [driver.offered, driver.unavailable]}
  notify-rider: {by: notification, on: driver.offered, emits: rider.notified}
  cancel: {by: trip, external: during, after: trip.requested, emits: trip.cancelled}
ends:
  completed: rider.notified
  failed: {any_of: [driver.unavailable, trip.cancelled]}
";

/// An event whose fields are all text.
macro_rules! event {
    ($type:ident, $name:literal, topic $topic:literal, key $key:ident, $($field:ident),+) => {
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        pub struct $type { $(pub $field: String),+ }

        impl Event for $type {
            const NAME: &'static str = $name;
            const VERSION: u32 = 1;
            const SCHEMAS: &'static [&'static str] = &[concat!(
                r#"{"type":"record","name":""#, stringify!($type), r#"","namespace":"ride","doc":"A test's event.","#,
                r#""farandole":{"event":""#, $name, r#"","version":1,"topic":""#, $topic, r#"","key":""#, stringify!($key), r#""},"fields":["#,
                event!(@fields $($field),+), "]}"
            )];

            fn key(&self) -> Option<String> {
                Some(self.$key.clone())
            }
        }

        impl Outputs for $type {
            fn outputs(&self, out: &mut OutputSink) {
                out.push(self);
            }
        }
    };
    (@fields $field:ident) => { concat!(r#"{"name":""#, stringify!($field), r#"","type":"string","doc":"A field."}"#) };
    (@fields $field:ident, $($rest:ident),+) => { concat!(event!(@fields $field), ",", event!(@fields $($rest),+)) };
}

event!(TripRequested, "trip.requested", topic "trips", key trip_id, trip_id, rider_id, note);
event!(TripCancelled, "trip.cancelled", topic "trips", key trip_id, trip_id, reason);
event!(DriverOffered, "driver.offered", topic "drivers", key driver_id, driver_id, trip_id);
event!(DriverUnavailable, "driver.unavailable", topic "assignments", key trip_id, trip_id);
event!(RiderNotified, "rider.notified", topic "notifications", key trip_id, trip_id, rider_id);

pub const SCHEMAS: &[&str] = &[
    TripRequested::SCHEMAS[0],
    TripCancelled::SCHEMAS[0],
    DriverOffered::SCHEMAS[0],
    DriverUnavailable::SCHEMAS[0],
    RiderNotified::SCHEMAS[0],
];

/// The outcome type of the step `offer`.
#[derive(Debug)]
pub enum Offer {
    DriverOffered(DriverOffered),
    DriverUnavailable(DriverUnavailable),
}

impl Outputs for Offer {
    fn outputs(&self, out: &mut OutputSink) {
        match self {
            Self::DriverOffered(event) => out.push(event),
            Self::DriverUnavailable(event) => out.push(event),
        }
    }
}

pub fn requested(note: &str) -> TripRequested {
    requested_as(TRIP, note)
}

pub fn requested_as(trip_id: &str, note: &str) -> TripRequested {
    TripRequested {
        trip_id: trip_id.into(),
        rider_id: "rider-17".into(),
        note: note.into(),
    }
}

pub fn offered(trip_id: &str) -> DriverOffered {
    DriverOffered {
        driver_id: "driver-3".into(),
        trip_id: trip_id.into(),
    }
}

/// Offers driver 3 to everybody; what the note of a trip says decides otherwise.
pub async fn offer(trip: TripRequested, _: Context) -> Result<Offer, Failure> {
    match trip.note.as_str() {
        "nobody" => Ok(Offer::DriverUnavailable(DriverUnavailable {
            trip_id: trip.trip_id,
        })),
        "reject" => Err(Failure::reject("no such zone")),
        "retry" => Err(Failure::retry("the map does not answer")),
        "panic" => panic!("out of paper"),
        _ => Ok(Offer::DriverOffered(offered(&trip.trip_id))),
    }
}

pub async fn notify(offer: DriverOffered, cx: Context) -> Result<RiderNotified, Failure> {
    let rider_id = cx
        .carried("trip.requested.rider_id")
        .ok_or_else(|| Failure::reject("no rider came along"))?;
    Ok(RiderNotified {
        trip_id: offer.trip_id,
        rider_id,
    })
}

pub fn trip() -> Participant {
    Participant::new("trip", &WORKFLOWS, SCHEMAS)
}

pub fn driver_assignment() -> Participant {
    Participant::new("driver-assignment", &WORKFLOWS, SCHEMAS).step("offer", offer)
}

pub fn notification() -> Participant {
    Participant::new("notification", &WORKFLOWS, SCHEMAS).step("notify-rider", notify)
}
