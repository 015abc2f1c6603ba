//! The catalog topic: every schema, workflow and contract that services have published, without configuration.

use std::collections::BTreeMap;
use std::time::Duration;

use farandole_event::system::{CATALOG, CatalogEntry};
use farandole_event::{Catalog, Codec, Envelope, EventSchema, Record};
use farandole_runtime::KafkaSettings;

use crate::end::read_to_end;
use crate::error::ReadError;
use crate::inspector::Inspector;
use crate::reader::{Reader, Start, TopicPartitionOffset};

/// How often a follower looks whether the catalog topic has come to be.
const LOOK: Duration = Duration::from_secs(2);

/// What the catalog topic says.
#[derive(Clone, Default)]
pub struct Known {
    /// Every schema, the system's own included.
    pub catalog: Catalog,
    /// Every version of every workflow, as YAML, by name and version.
    pub workflows: BTreeMap<(String, i32), String>,
    /// The newest contract of each participant and workflow version, as JSON, by the entry's name and version.
    pub participants: BTreeMap<(String, i32), String>,
    /// Entries that could not be used, with position and reason.
    pub problems: Vec<String>,
}

/// What one record changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// A schema that was not known.
    Schema,
    /// A workflow version that was not known, or known otherwise.
    Workflow,
    /// A contract that was not known, or known otherwise.
    Participant,
    /// Nothing new.
    Nothing,
}

impl Known {
    /// Nothing but the system's schemas.
    pub fn new() -> Self {
        Self {
            catalog: Catalog::new(),
            ..Self::default()
        }
    }

    /// Takes in one record of the catalog topic. What can't be used is kept in [`Known::problems`], and changes nothing.
    pub fn apply(&mut self, record: &Record) -> Change {
        if record.value.is_none() {
            return Change::Nothing;
        }
        self.try_apply(record).unwrap_or_else(|problem| {
            let problem = format!("{}: {problem}", record.position());
            tracing::warn!(problem, "a catalog entry is of no use");
            self.problems.push(problem);
            Change::Nothing
        })
    }

    fn try_apply(&mut self, record: &Record) -> Result<Change, String> {
        let entry = entry(record)?;
        let of = (entry.name, entry.version);
        match entry.kind.as_str() {
            "schema" => self.schema(&entry.content),
            "workflow" => Ok(put(
                &mut self.workflows,
                of,
                entry.content,
                Change::Workflow,
            )),
            "participant" => Ok(put(
                &mut self.participants,
                of,
                entry.content,
                Change::Participant,
            )),
            // A newer toolkit may publish more kinds.
            _ => Ok(Change::Nothing),
        }
    }

    fn schema(&mut self, json: &str) -> Result<Change, String> {
        let schema = EventSchema::parse(json).map_err(|error| error.to_string())?;
        if self
            .catalog
            .version(schema.event(), schema.version())
            .is_some_and(|known| known.json() == schema.json())
        {
            return Ok(Change::Nothing);
        }
        self.catalog
            .add(schema)
            .map_err(|error| error.to_string())?;
        Ok(Change::Schema)
    }
}

fn put(
    map: &mut BTreeMap<(String, i32), String>,
    of: (String, i32),
    content: String,
    change: Change,
) -> Change {
    let same = map.get(&of) == Some(&content);
    map.insert(of, content);
    if same { Change::Nothing } else { change }
}

/// The entry in a record of the catalog topic.
fn entry(record: &Record) -> Result<CatalogEntry, String> {
    let parsed = Envelope::read(record).map_err(|error| error.to_string())?;
    let codec = Codec::<CatalogEntry>::new().map_err(|error| error.to_string())?;
    codec
        .decode(
            &parsed.envelope,
            &record.headers,
            &parsed.payload,
            &Catalog::new(),
        )
        .map_err(|error| error.to_string())
}

/// Reads the catalog topic from its beginning to the end it has now. A cluster without one knows only the system's schemas.
///
/// # Errors
/// No broker answers.
pub async fn load(kafka: &KafkaSettings, client_id: &str) -> Result<Known, ReadError> {
    let mut known = Known::new();
    match read_to_end(kafka, client_id, &[CATALOG]).await {
        Ok(records) => {
            for record in &records {
                known.apply(record);
            }
            Ok(known)
        }
        Err(ReadError::NoTopic(_)) => Ok(known),
        Err(error) => Err(error),
    }
}

/// Follows the catalog topic: [`Known`] grows as services publish. Waits for the topic if there is none yet.
pub struct Follower {
    /// What is known so far.
    pub known: Known,
    inspector: Inspector,
    reader: Reader,
    assigned: bool,
}

impl Follower {
    /// Makes the clients; nothing is read yet.
    ///
    /// # Errors
    /// librdkafka refuses the settings.
    pub fn open(kafka: &KafkaSettings, client_id: &str) -> Result<Self, ReadError> {
        Ok(Self {
            known: Known::new(),
            inspector: Inspector::open(kafka, client_id)?,
            reader: Reader::open(kafka, client_id)?,
            assigned: false,
        })
    }

    /// Waits for a change of what is known. Safe to cancel.
    ///
    /// # Errors
    /// The reader has failed for good.
    pub async fn changed(&mut self) -> Result<(), ReadError> {
        while !self.assigned {
            match self.inspector.topics().await {
                Ok(topics) => self.assign(
                    topics
                        .iter()
                        .find(|topic| topic.name == CATALOG)
                        .map_or(0, |topic| topic.partitions),
                )?,
                Err(error) => tracing::warn!(%error, "the catalog topic can't be looked for yet"),
            }
            if !self.assigned {
                tokio::time::sleep(LOOK).await;
            }
        }
        loop {
            let records = self.reader.next_batch(100).await?;
            let changes: Vec<_> = records
                .iter()
                .map(|record| self.known.apply(record))
                .collect();
            if changes.iter().any(|change| *change != Change::Nothing) {
                return Ok(());
            }
        }
    }

    fn assign(&mut self, partitions: i32) -> Result<(), ReadError> {
        let from: Vec<_> = (0..partitions)
            .map(|partition| TopicPartitionOffset {
                topic: CATALOG.to_owned(),
                partition,
                start: Start::Beginning,
            })
            .collect();
        self.reader.assign(&from)?;
        self.assigned = partitions > 0;
        Ok(())
    }
}
