//! Dead letters: a record that could not be handled, with everything needed to handle it later.
//!
//! The original's key, value and headers are kept byte for byte; `dl_…` headers are added. Reading also understands the
//! headers of Spring Kafka and of Kafka Connect.

use std::{fmt, sync::Arc};

use crate::{Headers, Outgoing, Position, Record};

/// The longest `dl_error_message`, in bytes.
pub const MESSAGE_MAX_BYTES: usize = 1024;
const PREFIX: &str = "dl_";

/// Why a record became a dead letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ErrorClass {
    /// The bytes are not what they claim.
    Undecodable,
    /// The handler refused it for good.
    Rejected,
    /// Every attempt failed.
    Exhausted,
    /// Larger than the limit.
    Oversized,
    /// The handler panicked.
    Panicked,
    /// A workflow version nobody here knows.
    UnknownVersion,
    /// Another system's, or a finer, class.
    Other(String),
}

impl ErrorClass {
    /// The text of `dl_error_class`.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Undecodable => "undecodable",
            Self::Rejected => "rejected",
            Self::Exhausted => "exhausted",
            Self::Oversized => "oversized",
            Self::Panicked => "panicked",
            Self::UnknownVersion => "unknown-version",
            Self::Other(text) => text,
        }
    }
}

impl fmt::Display for ErrorClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl From<&str> for ErrorClass {
    fn from(text: &str) -> Self {
        [
            Self::Undecodable,
            Self::Rejected,
            Self::Exhausted,
            Self::Oversized,
            Self::Panicked,
            Self::UnknownVersion,
        ]
        .into_iter()
        .find(|class| class.as_str() == text)
        .unwrap_or_else(|| Self::Other(text.to_owned()))
    }
}

/// What a dead letter says about its original.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    /// Where the original stood.
    pub origin: Position,
    /// The original's broker timestamp, milliseconds since the Unix epoch.
    pub timestamp_ms: Option<i64>,
    /// The consumer group that gave up.
    pub group: String,
    /// The step that gave up, where it is known.
    pub step: Option<String>,
    /// How often it was tried.
    pub attempts: u32,
    /// Why.
    pub class: ErrorClass,
    /// The last error; longer texts are cut to [`MESSAGE_MAX_BYTES`].
    pub message: String,
    /// How often it was sent back before.
    pub redrives: u32,
}

impl DeadLetter {
    /// The record to publish on `topic`: the original with the `dl_` headers in place of any it had.
    pub fn wrap(&self, topic: &str, original: &Record) -> Outgoing {
        let mut headers = original.headers.clone();
        headers.retain(|header| !header.name.starts_with(PREFIX));
        headers.push("dl_topic", self.origin.topic.as_str());
        headers.push("dl_partition", self.origin.partition.to_string());
        headers.push("dl_offset", self.origin.offset.to_string());
        if let Some(timestamp) = self.timestamp_ms {
            headers.push("dl_timestamp", timestamp.to_string());
        }
        headers.push("dl_group", self.group.as_str());
        if let Some(step) = &self.step {
            headers.push("dl_step", step.as_str());
        }
        headers.push("dl_attempts", self.attempts.to_string());
        headers.push("dl_error_class", self.class.as_str());
        headers.push("dl_error_message", bounded(&self.message));
        headers.push("dl_redrives", self.redrives.to_string());
        Outgoing {
            topic: topic.to_owned(),
            key: original.key.clone(),
            value: original.value.clone(),
            headers,
        }
    }

    /// Reads what a record says about its original: ours, Spring's or Connect's. `None`: it is no dead letter.
    pub fn read(record: &Record) -> Option<DeadLetter> {
        let headers = &record.headers;
        ours(headers)
            .or_else(|| spring(headers))
            .or_else(|| connect(headers))
    }

    /// The original record: at its own position, with its own headers. A record that is no dead letter stays as it is.
    pub fn unwrap(record: &Record) -> Record {
        let Some(letter) = Self::read(record) else {
            return record.clone();
        };
        let mut original = record.clone();
        original.headers.retain(|header| !is_added(&header.name));
        original.topic = Arc::from(letter.origin.topic.as_str());
        original.partition = letter.origin.partition;
        original.offset = letter.origin.offset;
        original.timestamp_ms = letter.timestamp_ms;
        original
    }
}

/// The dead letter topic of a participant.
pub fn topic(participant: &str) -> String {
    format!("{participant}.dead-letters")
}

/// The topic on which a participant gets dead letters back.
pub fn redrive_topic(participant: &str) -> String {
    format!("{participant}.redrive")
}

fn is_added(name: &str) -> bool {
    [PREFIX, "kafka_dlt-", "__connect.errors."]
        .iter()
        .any(|prefix| name.starts_with(prefix))
}

/// The text up to the limit, cut between characters.
fn bounded(message: &str) -> &str {
    let mut end = message.len().min(MESSAGE_MAX_BYTES);
    while !message.is_char_boundary(end) {
        end -= 1;
    }
    &message[..end]
}

fn number<T: std::str::FromStr>(headers: &Headers, name: &str) -> Option<T> {
    headers.text(name)?.parse().ok()
}

fn owned(headers: &Headers, name: &str) -> String {
    headers
        .text(name)
        .map(|text| bounded(text).to_owned())
        .unwrap_or_default()
}

fn ours(headers: &Headers) -> Option<DeadLetter> {
    let origin = Position {
        topic: headers.text("dl_topic")?.to_owned(),
        partition: number(headers, "dl_partition")?,
        offset: number(headers, "dl_offset")?,
    };
    Some(DeadLetter {
        origin,
        timestamp_ms: number(headers, "dl_timestamp"),
        group: owned(headers, "dl_group"),
        step: headers.text("dl_step").map(str::to_owned),
        attempts: number(headers, "dl_attempts").unwrap_or(0),
        class: ErrorClass::from(headers.text("dl_error_class").unwrap_or("unknown")),
        message: owned(headers, "dl_error_message"),
        redrives: number(headers, "dl_redrives").unwrap_or(0),
    })
}

/// Spring writes numbers as big-endian bytes.
fn spring(headers: &Headers) -> Option<DeadLetter> {
    let name = |suffix: &str| format!("kafka_dlt-{suffix}");
    let long = |suffix: &str| -> Option<i64> {
        Some(i64::from_be_bytes(
            headers.get(&name(suffix))?.try_into().ok()?,
        ))
    };
    let int = |name: &str| -> Option<i32> {
        Some(i32::from_be_bytes(headers.get(name)?.try_into().ok()?))
    };
    let origin = Position {
        topic: headers.text(&name("original-topic"))?.to_owned(),
        partition: int(&name("original-partition"))?,
        offset: long("original-offset")?,
    };
    let attempts = int("retry_topic-attempts").and_then(|attempts| u32::try_from(attempts).ok());
    Some(DeadLetter {
        origin,
        timestamp_ms: long("original-timestamp"),
        group: owned(headers, &name("original-consumer-group")),
        step: None,
        attempts: attempts.unwrap_or(1),
        class: ErrorClass::Other(owned(headers, &name("exception-fqcn"))),
        message: owned(headers, &name("exception-message")),
        redrives: 0,
    })
}

/// Connect writes everything as text.
fn connect(headers: &Headers) -> Option<DeadLetter> {
    let name = |suffix: &str| format!("__connect.errors.{suffix}");
    let origin = Position {
        topic: headers.text(&name("topic"))?.to_owned(),
        partition: number(headers, &name("partition"))?,
        offset: number(headers, &name("offset"))?,
    };
    Some(DeadLetter {
        origin,
        timestamp_ms: None,
        group: format!("connect-{}", owned(headers, &name("connector.name"))),
        step: headers.text(&name("stage")).map(str::to_owned),
        attempts: 1,
        class: ErrorClass::Other(owned(headers, &name("exception.class.name"))),
        message: owned(headers, &name("exception.message")),
        redrives: 0,
    })
}
