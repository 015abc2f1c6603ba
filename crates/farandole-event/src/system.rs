//! The toolkit's own events: what participants say about their work, and what everybody publishes about itself.

use std::sync::{Arc, LazyLock};

use serde::{Deserialize, Serialize};

use crate::{Event, EventSchema, sha256_hex};

/// The topic of [`Signal`]s.
pub const SIGNALS: &str = "farandole.signals";
/// The compacted topic of [`CatalogEntry`]s.
pub const CATALOG: &str = "farandole.catalog";

const SIGNAL_SCHEMAS: &[&str] = &[include_str!(
    "../../../schemas/system/farandole.signal/v1.avsc"
)];
const CATALOG_SCHEMAS: &[&str] = &[include_str!(
    "../../../schemas/system/farandole.catalog-entry/v1.avsc"
)];

/// The schemas of the system's events, vetted once.
pub fn schemas() -> Vec<Arc<EventSchema>> {
    static SCHEMAS: LazyLock<Vec<Arc<EventSchema>>> = LazyLock::new(|| {
        let all = SIGNAL_SCHEMAS.iter().chain(CATALOG_SCHEMAS);
        // A test proves that each of them parses, so nothing is skipped here.
        all.filter_map(|json| EventSchema::parse(json).ok())
            .map(Arc::new)
            .collect()
    });
    SCHEMAS.clone()
}

/// What a participant says about its own work, for the tracker and for operators.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signal {
    /// `retrying`, `dead-lettered`, `paused`, `resumed`, `stopped`, `no-handler`, `outbox-pending`, `started` or `stopping`.
    pub kind: String,
    /// The participant that speaks.
    pub participant: String,
    /// The step concerned.
    pub step: Option<String>,
    /// The topic of the record concerned.
    pub topic: Option<String>,
    /// Its partition.
    pub partition: Option<i32>,
    /// Its offset.
    pub offset: Option<i64>,
    /// Its event id.
    pub event_id: Option<String>,
    /// Its instance.
    pub correlation: Option<String>,
    /// Attempts so far.
    pub attempts: Option<i32>,
    /// When it will be tried again, milliseconds since the Unix epoch.
    pub next_try_ms: Option<i64>,
    /// Why, in words.
    pub reason: Option<String>,
    /// When the participant said so, milliseconds since the Unix epoch by its own clock.
    pub at_ms: i64,
    /// Which copy of the service speaks.
    pub instance: String,
}

impl Event for Signal {
    const NAME: &'static str = "farandole.signal";
    const VERSION: u32 = 1;
    const SCHEMAS: &'static [&'static str] = SIGNAL_SCHEMAS;

    /// The instance concerned, else the participant: what is said about one instance stays in order.
    fn key(&self) -> Option<String> {
        Some(
            self.correlation
                .clone()
                .unwrap_or_else(|| self.participant.clone()),
        )
    }
}

/// A schema, a workflow definition or a participant's contract, published for everybody.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CatalogEntry {
    /// `schema`, `workflow` or `participant`.
    pub kind: String,
    /// The event's, workflow's or participant's name.
    pub name: String,
    /// Its version.
    pub version: i32,
    /// Schema JSON, workflow YAML, or contract JSON.
    pub content: String,
    /// SHA-256 of the content, lower-case hex.
    pub hash: String,
    /// Who published it.
    pub by: String,
    /// When, milliseconds since the Unix epoch.
    pub at_ms: i64,
}

impl CatalogEntry {
    /// An entry with the hash of its content.
    pub fn new(kind: &str, name: &str, version: i32, content: &str, by: &str, at_ms: i64) -> Self {
        Self {
            kind: kind.to_owned(),
            name: name.to_owned(),
            version,
            content: content.to_owned(),
            hash: sha256_hex(content.as_bytes()),
            by: by.to_owned(),
            at_ms,
        }
    }
}

impl Event for CatalogEntry {
    const NAME: &'static str = "farandole.catalog-entry";
    const VERSION: u32 = 1;
    const SCHEMAS: &'static [&'static str] = CATALOG_SCHEMAS;

    /// `<kind>/<name>/<version>`: compaction keeps one record of each.
    fn key(&self) -> Option<String> {
        Some(format!("{}/{}/{}", self.kind, self.name, self.version))
    }
}
