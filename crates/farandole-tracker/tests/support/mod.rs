//! Records of the trip workflow as the framework would stamp them, on a log with topics, partitions and a clock.
#![allow(
    dead_code,
    unreachable_pub,
    reason = "every test binary uses its own part of these helpers"
)]

pub mod server;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use farandole_event::{
    Codec, Envelope, Event, Headers, Record, dataschema,
    dead_letter::{self, DeadLetter, ErrorClass},
    ids,
    system::{CATALOG, CatalogEntry, SIGNALS, Signal},
};
use farandole_tracker::{
    definitions::Definitions,
    fold::{Home, Instance, read},
    view::{Assessment, Context, Group, Member, Offsets, Positions, Said, assess},
};

pub const START_MS: i64 = 1_700_000_000_000;
pub const PARTITIONS: i32 = 3;

pub fn schemas_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas")
}

pub fn trip_yaml() -> String {
    fs::read_to_string(schemas_folder().join("workflows/trip/v1.yaml")).expect("the trip workflow")
}

pub fn event_schemas() -> Vec<String> {
    let mut found = Vec::new();
    for event in fs::read_dir(schemas_folder().join("events")).expect("event schemas") {
        for file in fs::read_dir(event.expect("a folder").path()).expect("versions") {
            let path = file.expect("a file").path();
            if path.extension().is_some_and(|ext| ext == "avsc") {
                found.push(fs::read_to_string(path).expect("a schema"));
            }
        }
    }
    found.sort();
    found
}

pub fn definitions() -> Definitions {
    let mut definitions = Definitions::new();
    for schema in event_schemas() {
        definitions.add_schema(&schema).expect("a vetted schema");
    }
    definitions
        .add_workflow("trip/v1.yaml", &trip_yaml())
        .expect("the trip workflow");
    definitions
}

pub fn topic_of(event: &str) -> &'static str {
    match event {
        "driver.assigned" | "driver.declined" | "driver.unavailable" => "assignments",
        "driver.offered" | "driver.released" => "drivers",
        "rider.notified" | "driver.notified" => "notifications",
        "driver.positioned" => "driver-positions",
        _ => "trips",
    }
}

/// A log of records: every append takes the next offset and a millisecond of the clock.
#[derive(Clone, Default)]
pub struct Log {
    pub records: Vec<Record>,
    next: BTreeMap<(String, i32), i64>,
    pub clock_ms: i64,
}

/// An event that was appended.
#[derive(Clone)]
pub struct Written {
    pub id: String,
    pub record: Record,
    pub envelope: Envelope,
}

impl Log {
    pub fn new() -> Self {
        Self {
            clock_ms: START_MS,
            ..Self::default()
        }
    }

    pub fn wait(&mut self, ms: i64) -> &mut Self {
        self.clock_ms += ms;
        self
    }

    pub fn append(
        &mut self,
        topic: &str,
        key: &str,
        value: Option<Vec<u8>>,
        headers: Headers,
    ) -> Record {
        self.clock_ms += 1;
        let partition = i32::try_from(key.bytes().map(u32::from).sum::<u32>() % PARTITIONS as u32)
            .expect("small");
        let next = self.next.entry((topic.to_owned(), partition)).or_default();
        let record = Record {
            topic: Arc::from(topic),
            partition,
            offset: *next,
            timestamp_ms: Some(self.clock_ms),
            key: Some(key.as_bytes().to_vec()),
            value,
            headers,
        };
        *next += 1;
        self.records.push(record.clone());
        record
    }

    pub fn envelope(&mut self, envelope: Envelope, key: &str) -> Written {
        let value = serde_json::to_vec(&serde_json::json!({"key": key})).expect("JSON");
        let envelope = Envelope {
            content_type: Some("application/json".into()),
            ..envelope
        };
        let record = self.append(
            topic_of(&envelope.event),
            key,
            Some(value),
            envelope.to_headers(),
        );
        Written {
            id: envelope.id.clone(),
            record,
            envelope,
        }
    }

    /// The same bytes once more, at a new offset.
    pub fn repeat(&mut self, written: &Written) -> Record {
        let record = written.record.clone();
        let key = record.key_text().expect("a text key").to_owned();
        self.append(&record.topic, &key, record.value, record.headers)
    }

    pub fn system<E: Event>(&mut self, topic: &str, event: &E, by: &str) -> Record {
        let envelope = Envelope {
            id: ids::fresh().to_string(),
            source: format!("/{by}"),
            event: E::NAME.into(),
            dataschema: Some(dataschema(E::NAME, E::VERSION)),
            content_type: Some("application/avro".into()),
            ..Envelope::default()
        };
        let value = Codec::<E>::of()
            .expect("a codec")
            .encode(event)
            .expect("an event");
        self.append(
            topic,
            &event.key().unwrap_or_default(),
            Some(value),
            envelope.to_headers(),
        )
    }

    pub fn signal(&mut self, signal: Signal) -> Record {
        let by = signal.participant.clone();
        self.system(SIGNALS, &signal, &by)
    }

    /// Publishes schemas and the trip workflow on the catalog topic.
    pub fn publish_definitions(&mut self) {
        for json in event_schemas() {
            let schema = farandole_event::EventSchema::parse(&json).expect("a schema");
            let version = i32::try_from(schema.version()).expect("small");
            let entry = CatalogEntry::new(
                "schema",
                schema.event(),
                version,
                &json,
                "trip",
                self.clock_ms,
            );
            self.system(CATALOG, &entry, "trip");
        }
        let entry = CatalogEntry::new("workflow", "trip", 1, &trip_yaml(), "trip", self.clock_ms);
        self.system(CATALOG, &entry, "trip");
    }

    pub fn dead_letter(
        &mut self,
        participant: &str,
        step: &str,
        of: &Written,
        message: &str,
    ) -> Record {
        let letter = DeadLetter {
            origin: of.record.position(),
            timestamp_ms: of.record.timestamp_ms,
            group: participant.into(),
            step: Some(step.into()),
            attempts: 8,
            class: ErrorClass::Exhausted,
            message: message.into(),
            redrives: 0,
        };
        let out = letter.wrap(&dead_letter::topic(participant), &of.record);
        self.append(
            &out.topic,
            of.record.key_text().expect("text"),
            out.value,
            out.headers,
        )
    }

    pub fn redrive(&mut self, participant: &str, letter: &Record) -> Record {
        let topic = dead_letter::redrive_topic(participant);
        self.append(
            &topic,
            letter.key_text().expect("text"),
            letter.value.clone(),
            letter.headers.clone(),
        )
    }

    /// Where a reader of everything stands.
    pub fn read_to(&self) -> Positions {
        self.next.clone()
    }

    /// Groups that have consumed everything, each with one member.
    pub fn offsets(&self) -> Offsets {
        let group = || Group {
            state: "Stable".into(),
            members: vec![Member {
                client_id: "copy-1".into(),
                host: "127.0.0.1".into(),
            }],
            committed: self.next.clone(),
        };
        Offsets {
            at_ms: self.clock_ms,
            groups: ["trip", "driver-assignment", "notification"]
                .map(|name| (name.to_owned(), group()))
                .into(),
            watermarks: self
                .next
                .iter()
                .map(|(partition, next)| (partition.clone(), (0, *next)))
                .collect(),
        }
    }
}

/// One trip, played event by event.
pub struct Trip {
    pub key: String,
    pub correlation: String,
    pub workflow: String,
    pub version: u32,
}

impl Trip {
    pub fn new(key: &str) -> Self {
        Self {
            key: key.into(),
            correlation: ids::correlation_id("", "trip", key, 0).to_string(),
            workflow: "trip".into(),
            version: 1,
        }
    }

    fn stamp(&self, event: &str, by: &str, step: &str) -> Envelope {
        Envelope {
            source: format!("/{by}"),
            event: event.into(),
            subject: Some(self.key.clone()),
            dataschema: Some(dataschema(
                event,
                if event == "trip.requested" { 2 } else { 1 },
            )),
            correlation: Some(self.correlation.clone()),
            workflow: Some(self.workflow.clone()),
            workflow_version: Some(self.version),
            step: Some(step.into()),
            ..Envelope::default()
        }
    }

    pub fn start(&self, log: &mut Log) -> Written {
        let id = ids::start_event_id(&self.correlation, "request").to_string();
        log.envelope(
            Envelope {
                id,
                ..self.stamp("trip.requested", "trip", "request")
            },
            &self.key,
        )
    }

    /// What `step` of `by` emits for `cause`.
    pub fn answer(
        &self,
        log: &mut Log,
        cause: &Written,
        by: &str,
        step: &str,
        event: &str,
    ) -> Written {
        let key = if topic_of(event) == "drivers" {
            "driver-7".to_owned()
        } else {
            self.key.clone()
        };
        let firing = ids::firing_id(&cause.id, by, step).to_string();
        let id = ids::output_id(&firing, event, 0).to_string();
        let causation = Some(cause.id.clone());
        log.envelope(
            Envelope {
                id,
                causation,
                ..self.stamp(event, by, step)
            },
            &key,
        )
    }

    pub fn notify(&self, log: &mut Log, cause: &Written) -> Written {
        self.answer(log, cause, "notification", "notify-rider", "rider.notified")
    }

    /// Requested, offered, assigned; riders notified on the way.
    pub fn to_assigned(&self, log: &mut Log) -> Written {
        let requested = self.start(log);
        self.notify(log, &requested);
        let offered = self.answer(
            log,
            &requested,
            "driver-assignment",
            "offer",
            "driver.offered",
        );
        let assigned = self.answer(
            log,
            &offered,
            "driver-assignment",
            "decide",
            "driver.assigned",
        );
        self.notify(log, &assigned);
        assigned
    }

    /// A whole trip to its success end; answers the end.
    pub fn to_completed(&self, log: &mut Log) -> Written {
        let assigned = self.to_assigned(log);
        let picked_up = self.answer(
            log.wait(60_000),
            &assigned,
            "trip",
            "pick-up",
            "trip.picked-up",
        );
        self.notify(log, &picked_up);
        let completed = self.answer(
            log.wait(600_000),
            &picked_up,
            "trip",
            "drop-off",
            "trip.completed",
        );
        self.answer(
            log,
            &completed,
            "driver-assignment",
            "release",
            "driver.released",
        );
        completed
    }

    pub fn facts(&self, log: &Log) -> Instance {
        facts(&self.correlation, &log.records)
    }

    pub fn assess(&self, log: &Log) -> Assessment {
        self.assess_with(log, &definitions(), &BTreeSet::new())
    }

    pub fn assess_with(
        &self,
        log: &Log,
        definitions: &Definitions,
        cut_topics: &BTreeSet<String>,
    ) -> Assessment {
        let context = Context {
            definitions,
            cut_topics,
            default_within_ms: None,
        };
        assess(&self.correlation, &self.facts(log), &context)
    }
}

/// What the fold makes of records for one instance.
pub fn facts(correlation: &str, records: &[Record]) -> Instance {
    let home = Home::Instance(correlation.to_owned());
    records
        .iter()
        .filter_map(|record| read(record).fact)
        .filter(|(of, _)| *of == home)
        .map(|(_, fact)| fact)
        .collect()
}

pub fn nobody_spoke() -> BTreeMap<String, Said> {
    BTreeMap::new()
}
