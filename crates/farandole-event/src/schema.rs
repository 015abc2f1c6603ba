use std::fmt;

use apache_avro::Schema;
use serde::Deserialize;
use serde_json::Value;
use thiserror::Error;

use crate::{
    Limits,
    avro::{
        canonical, guard,
        input::Fault,
        shape::{Kind, Shape},
    },
    compatibility::Mode,
};

/// The longest schema text, in bytes.
const MAX_JSON: usize = 1024 * 1024;

/// A vetted schema of one version of one event: an Avro record with our attributes in one object, `farandole`:
/// `{"event": "trip.requested", "version": 2, "topic": "trips", "key": "trip_id", "compatibility": "FULL_TRANSITIVE", "upgrade": false}`.
pub struct EventSchema {
    about: About,
    json: String,
    avro: Schema,
    shape: Shape,
    fingerprint: u64,
    doc: Option<String>,
}

/// The `farandole` attribute of a schema.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct About {
    event: String,
    version: u32,
    topic: String,
    key: Option<String>,
    #[serde(default)]
    compatibility: Mode,
    #[serde(default)]
    upgrade: bool,
}

/// A field of an event, for tools that list or check fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldInfo<'a> {
    /// The field's name.
    pub name: &'a str,
    /// The Avro type in a word (`string`, `record`, `union` …).
    pub kind: &'static str,
    /// The field's documentation.
    pub doc: Option<&'a str>,
    /// Whether the schema has a default for it.
    pub has_default: bool,
    /// Whether null is one of its values.
    pub nullable: bool,
}

/// Why a schema is refused.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum SchemaError {
    /// The text is not an Avro schema.
    #[error("not an Avro schema: {0}")]
    Avro(String),
    /// The `farandole` object is missing or wrong.
    #[error("{schema}: the attribute \"farandole\": {reason}")]
    Attribute {
        /// The schema's name, as far as known.
        schema: String,
        /// What is wrong.
        reason: String,
    },
    /// A schema that could harm the process, or that no value can satisfy.
    #[error("{schema} is refused: {reason}")]
    Refused {
        /// The schema's name, as far as known.
        schema: String,
        /// What is wrong.
        reason: String,
    },
    /// The schemas of a type don't belong together.
    #[error("the schemas of {event} don't fit its type: {reason}")]
    Versions {
        /// The event's name.
        event: String,
        /// What is wrong.
        reason: String,
    },
}

impl EventSchema {
    /// Parses and vets a schema.
    ///
    /// # Errors
    /// When the text is no Avro record, lacks our attributes, or describes values that can't be decoded safely.
    pub fn parse(json: &str) -> Result<Self, SchemaError> {
        if json.len() > MAX_JSON {
            return Err(SchemaError::Avro(format!(
                "{} bytes, more than {MAX_JSON}",
                json.len()
            )));
        }
        let value: Value =
            serde_json::from_str(json).map_err(|error| SchemaError::Avro(error.to_string()))?;
        let schema = value
            .get("name")
            .and_then(Value::as_str)
            .unwrap_or("a schema without a name")
            .to_owned();
        let about = About::of(&value).map_err(|reason| SchemaError::Attribute {
            schema: schema.clone(),
            reason,
        })?;
        let refused = |reason| SchemaError::Refused {
            schema: format!("{} v{}", about.event, about.version),
            reason,
        };
        let avro = Schema::parse(&value)
            .map_err(|error| SchemaError::Avro(format!("{schema}: {error}")))?;
        let shape = Shape::of(&avro).map_err(&refused)?;
        if !matches!(shape.kind(0), Kind::Record(..)) {
            return Err(refused("an event is an Avro record".into()));
        }
        if let Some(key) = &about.key {
            key_field(&shape, key).map_err(&refused)?;
        }
        let fingerprint = canonical::fingerprint(&shape);
        let doc = value.get("doc").and_then(Value::as_str).map(str::to_owned);
        Ok(Self {
            about,
            json: json.to_owned(),
            avro,
            shape,
            fingerprint,
            doc,
        })
    }

    /// The event's name.
    pub fn event(&self) -> &str {
        &self.about.event
    }

    /// The schema's version, from 1.
    pub fn version(&self) -> u32 {
        self.about.version
    }

    /// The topic that carries the event.
    pub fn topic(&self) -> &str {
        &self.about.topic
    }

    /// The field whose value is the record's key; `None`: the workflow's key.
    pub fn key(&self) -> Option<&str> {
        self.about.key.as_deref()
    }

    /// How this version must fit the earlier ones.
    pub fn compatibility(&self) -> Mode {
        self.about.compatibility
    }

    /// CRC-64-AVRO of the schema's canonical form. It leaves out documentation, defaults, aliases and logical types, so two
    /// versions can share it.
    pub fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    /// The text it was parsed from.
    pub fn json(&self) -> &str {
        &self.json
    }

    /// The schema as `apache-avro` sees it. Don't decode foreign bytes with it before [`EventSchema::check`].
    pub fn avro(&self) -> &Schema {
        &self.avro
    }

    /// Whether reading the previous version needs a hand-written upgrade.
    pub fn needs_upgrade(&self) -> bool {
        self.about.upgrade
    }

    /// What the schema says the event means.
    pub fn doc(&self) -> Option<&str> {
        self.doc.as_deref()
    }

    /// The `ce_dataschema` of events written with it.
    pub fn dataschema(&self) -> String {
        crate::dataschema(self.event(), self.version())
    }

    /// The event's fields in their order.
    pub fn fields(&self) -> impl Iterator<Item = FieldInfo<'_>> {
        self.shape.fields().iter().map(|field| {
            let kind = self.shape.kind(field.node);
            let nullable = match kind {
                Kind::Null => true,
                Kind::Union(branches) => branches
                    .iter()
                    .any(|id| matches!(self.shape.kind(*id), Kind::Null)),
                _ => false,
            };
            FieldInfo {
                name: &field.name,
                kind: kind.word(),
                doc: field.doc.as_deref(),
                has_default: field.default.is_some(),
                nullable,
            }
        })
    }

    /// Walks an unframed Avro body: exactly one value of this schema, within the limits, without allocating for it.
    ///
    /// # Errors
    /// [`crate::DecodeError::Malformed`] with place and reason, or [`crate::DecodeError::Oversized`].
    pub fn check(&self, body: &[u8], limits: &Limits) -> Result<(), crate::DecodeError> {
        self.measure(body, limits)?;
        guard::walk(&self.shape, body, *limits).map_err(|fault| self.malformed(fault))
    }

    pub(crate) fn measure(&self, body: &[u8], limits: &Limits) -> Result<(), crate::DecodeError> {
        if body.len() > limits.max_value_bytes {
            let event = self.event().to_owned();
            return Err(crate::DecodeError::Oversized {
                event,
                size: body.len(),
                limit: limits.max_value_bytes,
            });
        }
        Ok(())
    }

    pub(crate) fn malformed(&self, fault: Fault) -> crate::DecodeError {
        crate::DecodeError::Malformed {
            event: self.event().to_owned(),
            version: self.version(),
            at: fault.at,
            path: fault.path(),
            reason: fault.reason,
        }
    }

    pub(crate) fn shape(&self) -> &Shape {
        &self.shape
    }
}

impl fmt::Debug for EventSchema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "EventSchema({} v{}, {:016x})",
            self.event(),
            self.version(),
            self.fingerprint
        )
    }
}

impl About {
    fn of(schema: &Value) -> Result<Self, String> {
        let attribute = schema.get("farandole").ok_or_else(|| {
            r#"there is none; add "farandole": {"event": "trip.requested", "version": 1, "topic": "trips"} with your own names"#
                .to_owned()
        })?;
        let about = Self::deserialize(attribute).map_err(|error| error.to_string())?;
        if !is_event_name(&about.event) {
            return Err(format!(
                "{:?} is no event name: lower-case words with - inside, joined by .",
                about.event
            ));
        }
        if about.version == 0 {
            return Err("versions count from 1".into());
        }
        if !is_topic_name(&about.topic) {
            return Err(format!("{:?} is no topic name", about.topic));
        }
        Ok(about)
    }
}

fn is_event_name(name: &str) -> bool {
    name.len() <= 200
        && name.split('.').all(|word| {
            word.starts_with(|first: char| first.is_ascii_lowercase())
                && word
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        })
}

/// Kafka's own rule.
fn is_topic_name(name: &str) -> bool {
    (1..=249).contains(&name.len())
        && name != "."
        && name != ".."
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

/// A key is text or a whole number, and always there.
fn key_field(shape: &Shape, key: &str) -> Result<(), String> {
    let Some(field) = shape.fields().iter().find(|field| field.name == key) else {
        return Err(format!("its key {key:?} is not one of its fields"));
    };
    match shape.kind(field.node) {
        Kind::String | Kind::Int | Kind::Long => Ok(()),
        other => Err(format!(
            "its key {key:?} is {}: a key is a string, an int or a long",
            other.word()
        )),
    }
}
