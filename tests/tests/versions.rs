//! Versions in one run: a binary that still writes the first version of an event beside services that know the second.

use farandole::{Event, External, OutputSink, Outputs, StartOptions};
use farandole_kafka::Publisher;
use farandole_runtime::KafkaSettings;
use farandole_tests::line::{self, Line, Options, PATIENCE};
use farandole_tests::wait;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// `trip.requested` as an old binary knows it.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct TripRequested {
    #[serde(with = "apache_avro_uuid")]
    trip_id: Uuid,
    rider_id: String,
    pickup: Place,
    dropoff: Place,
    requested_at: i64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Place {
    lat: f64,
    lon: f64,
    zone: String,
}

/// Avro's text form of a UUID.
mod apache_avro_uuid {
    use serde::{Deserialize as _, Deserializer, Serializer};
    use uuid::Uuid;

    pub(super) fn serialize<S: Serializer>(id: &Uuid, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&id.hyphenated().to_string())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Uuid, D::Error> {
        String::deserialize(from)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

impl Event for TripRequested {
    const NAME: &'static str = "trip.requested";
    const VERSION: u32 = 1;
    const SCHEMAS: &'static [&'static str] =
        &[include_str!("../../schemas/events/trip.requested/v1.avsc")];

    fn key(&self) -> Option<String> {
        Some(self.trip_id.to_string())
    }
}

impl Outputs for TripRequested {
    fn outputs(&self, out: &mut OutputSink) {
        out.push(self);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_binary_and_new_services_work_together_and_the_tracker_shows_both() {
    // given a line whose services know version 2, and drivers
    let Some(line) = Line::start(Options::default()).await else {
        return;
    };
    let mut load = line.load(
        "load",
        3,
        20.0,
        &["--seed", "1", "--cancel-share", "0", "--remote-share", "0"],
    );
    load.start();
    assert!(load.wait(PATIENCE).success(), "{}", load.output());

    // when an old binary requests a trip
    let place = Place {
        lat: 40.7614,
        lon: -73.9776,
        zone: "Midtown East".into(),
    };
    let trip_id = Uuid::new_v4();
    let old = TripRequested {
        trip_id,
        rider_id: "rider-old".into(),
        pickup: place.clone(),
        dropoff: place,
        requested_at: farandole::now_ms(),
    };
    let request = External::start(
        &rides::trip::WORKFLOW,
        "trip",
        "request",
        &old,
        StartOptions::default(),
    )
    .expect("it starts");
    let publisher = Publisher::open(
        &KafkaSettings::bootstrap(&line.broker.bootstrap_servers()),
        "old-trip",
    )
    .expect("a publisher");
    for record in request.outgoing {
        publisher.publish(record).await.expect("it is published");
    }

    // then the new services offer it to a driver, and tell the rider
    wait::until_async("the offer for the old binary's trip", PATIENCE, || async {
        let events = line
            .tracker(&format!("/api/instances/trip:{trip_id}/events"))
            .await?;
        let text = events.to_string();
        if text.contains("rider.notified")
            && (text.contains("driver.offered") || text.contains("driver.unavailable"))
        {
            Ok(())
        } else {
            Err(text)
        }
    })
    .await;
    // and the tracker shows both versions of the event
    let topology = line
        .tracker("/api/topology")
        .await
        .expect("the tracker answers");
    let seen: Vec<_> = topology["seen"]
        .as_array()
        .expect("a list")
        .iter()
        .filter(|seen| seen["event"] == "trip.requested")
        .map(|seen| seen["version"].as_u64())
        .collect();
    assert_eq!(seen, [Some(1), Some(2)], "{topology}");
}

#[test]
fn a_version_that_breaks_compatibility_is_refused_with_path_and_reason() {
    // given a copy of the schemas with a third version that drops the rider and retypes the distance
    let folder = tempfile::tempdir().expect("a temporary folder");
    let events = folder.path().join("schemas/events/trip.requested");
    std::fs::create_dir_all(&events).expect("a folder");
    let schemas = farandole_tests::binaries::workspace().join("schemas/events/trip.requested");
    for version in ["v1.avsc", "v2.avsc"] {
        std::fs::copy(schemas.join(version), events.join(version)).expect("a copy");
    }
    let second = std::fs::read_to_string(schemas.join("v2.avsc")).expect("the second version");
    let mut third: serde_json::Value = serde_json::from_str(&second).expect("JSON");
    third["farandole"]["version"] = 3.into();
    let fields = third["fields"].as_array_mut().expect("fields");
    fields.retain(|f| f["name"] != "rider_id");
    fields
        .iter_mut()
        .find(|f| f["name"] == "passengers")
        .expect("passengers")["type"] = "string".into();
    fields
        .iter_mut()
        .find(|f| f["name"] == "passengers")
        .expect("passengers")["default"] = "1".into();
    std::fs::write(events.join("v3.avsc"), third.to_string()).expect("the third version");

    // when it is checked
    let done = line::run_farandole(folder.path(), &["schema", "check"]);

    // then it is refused, with the path in the schema and the reason
    let text =
        String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr);
    assert_eq!(done.status.code(), Some(1), "{text}");
    for part in ["trip.requested", "rider_id", "passengers", "$.fields"] {
        assert!(text.contains(part), "no {part} in: {text}");
    }
}
