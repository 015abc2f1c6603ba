use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use serde_json::Value;
use thiserror::Error;

use crate::{
    DecodeError, Envelope, EventSchema, Headers, Limits, Payload, Record,
    avro::json,
    framing::{self, Framing},
    system,
};

/// All schemas known to a process, the system's own from the start.
#[derive(Clone)]
pub struct Catalog {
    events: BTreeMap<String, BTreeMap<u32, Arc<EventSchema>>>,
    fingerprints: HashMap<u64, Vec<Arc<EventSchema>>>,
    limits: Limits,
}

/// Why a schema can't be added.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum CatalogError {
    /// The version is known with another content. Released schemas are frozen.
    #[error(
        "{event} v{version} is already known with another content: a released schema is frozen, add a new version"
    )]
    Changed {
        /// The event's name.
        event: String,
        /// The schema's version.
        version: u32,
    },
}

impl Default for Catalog {
    fn default() -> Self {
        let mut catalog = Self {
            events: BTreeMap::new(),
            fingerprints: HashMap::new(),
            limits: Limits::DEFAULT,
        };
        for schema in system::schemas() {
            catalog.insert(schema);
        }
        catalog
    }
}

impl Catalog {
    /// A catalog with the system's schemas.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same catalog with other limits for what it decodes.
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Adds a schema. Adding the same again changes nothing.
    ///
    /// # Errors
    /// When the same event and version is known with another content (as JSON; spaces don't count).
    pub fn add(&mut self, schema: EventSchema) -> Result<(), CatalogError> {
        self.add_shared(Arc::new(schema))
    }

    /// Like [`Catalog::add`], for a schema that others hold too.
    ///
    /// # Errors
    /// As [`Catalog::add`].
    pub fn add_shared(&mut self, schema: Arc<EventSchema>) -> Result<(), CatalogError> {
        match self.version(schema.event(), schema.version()) {
            None => self.insert(schema),
            Some(known) if same_json(known.json(), schema.json()) => {}
            Some(known) => {
                return Err(CatalogError::Changed {
                    event: known.event().to_owned(),
                    version: known.version(),
                });
            }
        }
        Ok(())
    }

    fn insert(&mut self, schema: Arc<EventSchema>) {
        self.fingerprints
            .entry(schema.fingerprint())
            .or_default()
            .push(schema.clone());
        self.events
            .entry(schema.event().to_owned())
            .or_default()
            .insert(schema.version(), schema);
    }

    /// The newest version of an event.
    pub fn latest(&self, event: &str) -> Option<Arc<EventSchema>> {
        self.events.get(event)?.values().next_back().cloned()
    }

    /// One version of an event.
    pub fn version(&self, event: &str, version: u32) -> Option<Arc<EventSchema>> {
        self.events.get(event)?.get(&version).cloned()
    }

    /// The newest schema with that fingerprint. Several can share one: see [`EventSchema::fingerprint`].
    pub fn by_fingerprint(&self, fingerprint: u64) -> Option<Arc<EventSchema>> {
        self.fingerprints
            .get(&fingerprint)?
            .iter()
            .max_by_key(|schema| schema.version())
            .cloned()
    }

    /// The names of all events, sorted, the system's included.
    pub fn events(&self) -> impl Iterator<Item = &str> {
        self.events.keys().map(String::as_str)
    }

    /// All known versions of an event, oldest first.
    pub fn versions(&self, event: &str) -> Vec<Arc<EventSchema>> {
        self.events
            .get(event)
            .into_iter()
            .flat_map(|versions| versions.values().cloned())
            .collect()
    }

    /// The topics of all events, the system's included.
    pub fn topics(&self) -> BTreeSet<String> {
        self.events
            .values()
            .flat_map(BTreeMap::values)
            .map(|schema| schema.topic().to_owned())
            .collect()
    }

    /// Finds the writer's schema of a value by its framing, or by `ce_dataschema` for bare Avro, and the body behind the framing.
    /// The body is not checked yet.
    ///
    /// # Errors
    /// [`DecodeError::UnknownSchema`] when nothing known fits.
    pub fn writer<'a>(
        &self,
        envelope: &Envelope,
        headers: &Headers,
        value: &'a [u8],
    ) -> Result<(Arc<EventSchema>, &'a [u8]), DecodeError> {
        let (framing, body) = framing::detect(headers, value);
        let named = self.named(envelope);
        let unknown = |wanted: String| DecodeError::UnknownSchema {
            event: envelope.event.clone(),
            wanted,
        };
        match framing {
            Framing::SingleObject(fingerprint) => self
                .with_fingerprint(envelope, fingerprint)
                .map(|schema| (schema, body))
                .or_else(|| self.bare(named, value))
                .ok_or_else(|| unknown(format!("fingerprint {fingerprint:016x}"))),
            Framing::ConfluentId(id) => named
                .clone()
                .filter(|schema| schema.check(body, &self.limits).is_ok())
                .map(|schema| (schema, body))
                .or_else(|| self.bare(named, value))
                .ok_or_else(|| unknown(format!("registry id {id}, and no ce_dataschema of ours"))),
            Framing::ConfluentGuid(guid) => named.map(|schema| (schema, value)).ok_or_else(|| {
                unknown(format!(
                    "registry GUID {guid}, and no ce_dataschema of ours"
                ))
            }),
            Framing::Bare => named.map(|schema| (schema, value)).ok_or_else(|| {
                unknown(
                    envelope
                        .dataschema
                        .clone()
                        .unwrap_or_else(|| "neither framing nor ce_dataschema".into()),
                )
            }),
        }
    }

    /// The schema `ce_dataschema` names, if it is one of this event.
    fn named(&self, envelope: &Envelope) -> Option<Arc<EventSchema>> {
        let (event, version) = envelope.schema_version()?;
        self.version(event, version)
            .filter(|_| event == envelope.event)
    }

    /// A bare body can begin like a frame by chance; then it is a valid value as a whole.
    fn bare<'a>(
        &self,
        named: Option<Arc<EventSchema>>,
        value: &'a [u8],
    ) -> Option<(Arc<EventSchema>, &'a [u8])> {
        named
            .filter(|schema| schema.check(value, &self.limits).is_ok())
            .map(|schema| (schema, value))
    }

    /// Among the schemas that share a fingerprint: of this event, the version `ce_dataschema` names, else the newest.
    fn with_fingerprint(&self, envelope: &Envelope, fingerprint: u64) -> Option<Arc<EventSchema>> {
        let version = envelope.schema_version().map(|(_, version)| version);
        self.fingerprints
            .get(&fingerprint)?
            .iter()
            .filter(|schema| schema.event() == envelope.event)
            .max_by_key(|schema| (Some(schema.version()) == version, schema.version()))
            .cloned()
    }

    /// Decodes any event to JSON behind the guards, for tools that know no types. A tombstone is JSON null; the schema is
    /// `None` for JSON payloads whose `ce_dataschema` is unknown.
    ///
    /// # Errors
    /// When envelope or value can't be read, or the writer's schema is unknown.
    pub fn to_json(
        &self,
        record: &Record,
    ) -> Result<(Envelope, Option<Arc<EventSchema>>, Value), DecodeError> {
        let parsed = Envelope::read(record)?;
        let envelope = parsed.envelope;
        match parsed.payload {
            Payload::None => Ok((envelope, None, Value::Null)),
            Payload::Json(value) => {
                let schema = self.named(&envelope);
                Ok((envelope, schema, value))
            }
            Payload::Other(_) => {
                let content_type = envelope.content_type.unwrap_or_default();
                Err(DecodeError::ContentType {
                    event: envelope.event,
                    content_type,
                })
            }
            Payload::Avro(value) => {
                self.measure(&envelope, &value)?;
                let (schema, body) = self.writer(&envelope, &record.headers, &value)?;
                let json = json::decode(schema.shape(), body, self.limits)
                    .map_err(|fault| schema.malformed(fault))?;
                Ok((envelope, Some(schema), json))
            }
        }
    }

    fn measure(&self, envelope: &Envelope, value: &[u8]) -> Result<(), DecodeError> {
        let limit = self.limits.max_value_bytes;
        if value.len() > limit {
            return Err(DecodeError::Oversized {
                event: envelope.event.clone(),
                size: value.len(),
                limit,
            });
        }
        Ok(())
    }

    pub(crate) fn limits(&self) -> Limits {
        self.limits
    }
}

fn same_json(one: &str, other: &str) -> bool {
    one == other
        || matches!(
            (serde_json::from_str::<Value>(one), serde_json::from_str::<Value>(other)),
            (Ok(one), Ok(other)) if one == other
        )
}
