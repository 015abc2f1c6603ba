//! The envelope: CloudEvents 1.0 attributes and ours, bound to Kafka headers.

mod binary;
mod structured;

use std::{borrow::Cow, collections::BTreeMap, fmt};

use jiff::Timestamp;
use thiserror::Error;

use crate::{Headers, Limits, Record};

/// Fields that travel along with the events of an instance: `"trip.requested.rider_id"` → value.
pub type Carried = BTreeMap<String, serde_json::Value>;

/// The longest `ce_carried`, in bytes of JSON.
pub const CARRIED_MAX_BYTES: usize = 4096;
/// The `content-type` of our events.
pub const CONTENT_TYPE_AVRO: &str = "application/avro";

/// What an event says about itself, without its payload.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Envelope {
    /// `ce_id`: never empty in an envelope that was read.
    pub id: String,
    /// `ce_source`: who wrote it (`/driver-assignment`).
    pub source: String,
    /// `ce_type`: the event's name.
    pub event: String,
    /// `ce_time`: the writer's clock, milliseconds since the Unix epoch. Shown, never used for order.
    pub time_ms: Option<i64>,
    /// `ce_subject`: the instance's key.
    pub subject: Option<String>,
    /// `ce_dataschema`; ours are `urn:farandole:<event>:v<N>`.
    pub dataschema: Option<String>,
    /// `content-type` of the payload.
    pub content_type: Option<String>,
    /// `ce_correlationid`: the instance.
    pub correlation: Option<String>,
    /// `ce_causationid`: the event that caused this one.
    pub causation: Option<String>,
    /// `ce_causes`: the triggers of a join.
    pub causes: Vec<String>,
    /// `ce_workflow`: the workflow's name.
    pub workflow: Option<String>,
    /// `ce_workflowversion`: the version the instance began with.
    pub workflow_version: Option<u32>,
    /// `ce_step`: the step that emitted it.
    pub step: Option<String>,
    /// `ce_tenantid`.
    pub tenant: Option<String>,
    /// `traceparent`: W3C trace context of this hop.
    pub traceparent: Option<String>,
    /// `tracestate`.
    pub tracestate: Option<String>,
    /// `ce_carried`: one JSON object, at most [`CARRIED_MAX_BYTES`].
    pub carried: Carried,
    /// Other `ce_` headers whose value is UTF-8, without the prefix.
    pub extensions: BTreeMap<String, String>,
}

impl Envelope {
    /// The envelope as headers of CloudEvents' Kafka binary mode.
    pub fn to_headers(&self) -> Headers {
        binary::write(self)
    }

    /// Reads the envelope of a record, in binary mode or structured JSON.
    ///
    /// # Errors
    /// When a required attribute is missing, one of ours is malformed, or structured JSON can't be read.
    /// Null or non-UTF-8 headers count as absent.
    pub fn read(record: &Record) -> Result<Parsed<'_>, EnvelopeError> {
        Self::read_parts(&record.headers, record.value.as_deref())
    }

    /// Like [`Envelope::read`], from headers and value.
    ///
    /// # Errors
    /// As [`Envelope::read`].
    pub fn read_parts<'a>(
        headers: &Headers,
        value: Option<&'a [u8]>,
    ) -> Result<Parsed<'a>, EnvelopeError> {
        match value {
            Some(json) if structured::announced(headers) => {
                structured::read(headers, json, &Limits::DEFAULT)
            }
            _ => binary::read(headers, value),
        }
    }

    /// The event and version that `ce_dataschema` names, where it is one of ours.
    pub fn schema_version(&self) -> Option<(&str, u32)> {
        self.dataschema.as_deref().and_then(parse_dataschema)
    }
}

/// An envelope with the payload it came with.
#[derive(Clone, Debug, PartialEq)]
pub struct Parsed<'a> {
    /// The attributes.
    pub envelope: Envelope,
    /// The payload, not decoded further than its bytes or its JSON.
    pub payload: Payload<'a>,
}

/// The data of an event.
#[derive(Clone, Debug, PartialEq)]
pub enum Payload<'a> {
    /// No data: a null value.
    None,
    /// Avro, still framed. Borrowed from the record except when it was base64 in structured JSON.
    Avro(Cow<'a, [u8]>),
    /// JSON: structured mode, or binary mode with a JSON content type.
    Json(serde_json::Value),
    /// Another content type.
    Other(Cow<'a, [u8]>),
}

/// Why a record is no event.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum EnvelopeError {
    /// A required CloudEvents attribute is absent, empty, null or not UTF-8.
    #[error("no CloudEvents envelope: attribute {0} is missing or not UTF-8")]
    Missing(&'static str),
    /// An attribute can't be understood.
    #[error("the envelope's {attribute} is malformed: {reason}")]
    Malformed {
        /// The attribute, without `ce_`.
        attribute: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The content type announces a structured CloudEvent, or JSON, and the value is not that.
    #[error("the value is not the JSON its content-type announces: {0}")]
    Json(String),
    /// JSON longer than the limit; it was not looked at.
    #[error("the JSON value has {size} bytes, more than the {limit} allowed")]
    Oversized {
        /// Bytes of the value.
        size: usize,
        /// The limit.
        limit: usize,
    },
}

impl EnvelopeError {
    /// Whether it is only the size that was refused.
    pub fn is_oversized(&self) -> bool {
        matches!(self, Self::Oversized { .. })
    }
}

/// The `ce_dataschema` of one of our events.
pub fn dataschema(event: &str, version: u32) -> String {
    format!("urn:farandole:{event}:v{version}")
}

/// Event and version of one of our `ce_dataschema`s; `None` for any other text.
pub fn parse_dataschema(text: &str) -> Option<(&str, u32)> {
    let (event, version) = text.strip_prefix("urn:farandole:")?.rsplit_once(":v")?;
    if event.is_empty() || !version.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    version.parse().ok().map(|version| (event, version))
}

/// Milliseconds since the Unix epoch as RFC 3339 in UTC, with milliseconds. Times beyond the years -9999 to 9999 are clamped.
pub fn format_time(time_ms: i64) -> String {
    let clamped = time_ms.clamp(
        Timestamp::MIN.as_millisecond(),
        Timestamp::MAX.as_millisecond(),
    );
    let time = Timestamp::from_millisecond(clamped).unwrap_or(Timestamp::UNIX_EPOCH);
    struct Millis(Timestamp);
    impl fmt::Display for Millis {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "{:.3}", self.0)
        }
    }
    Millis(time).to_string()
}

/// RFC 3339 to milliseconds since the Unix epoch.
pub fn parse_time(text: &str) -> Option<i64> {
    text.parse::<Timestamp>()
        .ok()
        .map(|time| time.as_millisecond())
}

/// `ce_causes`: a JSON array of ids, so that foreign ids may hold any text.
fn parse_causes(text: &str) -> Result<Vec<String>, EnvelopeError> {
    serde_json::from_str(text).map_err(|error| EnvelopeError::Malformed {
        attribute: "causes",
        reason: error.to_string(),
    })
}

fn parse_carried(text: &str) -> Result<Carried, EnvelopeError> {
    let malformed = |reason| EnvelopeError::Malformed {
        attribute: "carried",
        reason,
    };
    if text.len() > CARRIED_MAX_BYTES {
        return Err(malformed(format!(
            "{} bytes, more than {CARRIED_MAX_BYTES}",
            text.len()
        )));
    }
    serde_json::from_str(text).map_err(|error| malformed(error.to_string()))
}

fn parse_version(text: &str) -> Result<u32, EnvelopeError> {
    text.parse().map_err(|_| EnvelopeError::Malformed {
        attribute: "workflowversion",
        reason: format!(
            "{:?} is no version number",
            text.chars().take(32).collect::<String>()
        ),
    })
}

/// Sets the attribute `name` (without `ce_`); unknown names are extensions. A time that can't be read counts as absent,
/// because it is only shown.
fn assign(envelope: &mut Envelope, name: &str, value: String) -> Result<(), EnvelopeError> {
    match name {
        "specversion" => {}
        "id" => envelope.id = value,
        "source" => envelope.source = value,
        "type" => envelope.event = value,
        "time" => envelope.time_ms = parse_time(&value),
        "subject" => envelope.subject = Some(value),
        "dataschema" => envelope.dataschema = Some(value),
        "datacontenttype" => envelope.content_type = Some(value),
        "correlationid" => envelope.correlation = Some(value),
        "causationid" => envelope.causation = Some(value),
        "causes" => envelope.causes = parse_causes(&value)?,
        "workflow" => envelope.workflow = Some(value),
        "workflowversion" => envelope.workflow_version = Some(parse_version(&value)?),
        "step" => envelope.step = Some(value),
        "tenantid" => envelope.tenant = Some(value),
        "carried" => envelope.carried = parse_carried(&value)?,
        _ => {
            envelope.extensions.insert(name.to_owned(), value);
        }
    }
    Ok(())
}

/// The attributes without which nothing is a CloudEvent.
fn required(envelope: &Envelope, spec_version: Option<&str>) -> Result<(), EnvelopeError> {
    match spec_version {
        None => return Err(EnvelopeError::Missing("specversion")),
        Some("1.0") => {}
        Some(other) => {
            return Err(EnvelopeError::Malformed {
                attribute: "specversion",
                reason: format!(
                    "{:?}, expected 1.0",
                    other.chars().take(32).collect::<String>()
                ),
            });
        }
    }
    for (value, name) in [
        (&envelope.id, "id"),
        (&envelope.source, "source"),
        (&envelope.event, "type"),
    ] {
        if value.is_empty() {
            return Err(EnvelopeError::Missing(name));
        }
    }
    Ok(())
}
