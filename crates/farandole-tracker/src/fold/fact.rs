use farandole_event::{Envelope, Position, dead_letter::DeadLetter, parse_dataschema};

/// What one record says about an instance.
#[derive(Clone, Debug, PartialEq)]
pub struct Fact {
    /// Where the record stands. Two facts at one position are the same fact.
    pub position: Position,
    /// When the broker appended it, milliseconds since the Unix epoch; 0 where the broker gave no time.
    pub at_ms: i64,
    /// What it says.
    pub content: Content,
}

/// The kinds of facts.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// An event of the instance.
    Event(Box<EventFact>),
    /// A dead letter: a participant gave an event up.
    DeadLetter(LetterFact),
    /// A dead letter on its way back to the participant that gave it up.
    Redrive(LetterFact),
    /// A signal of a participant about its own work.
    Signal(SignalFact),
}

/// An event, without its payload.
#[derive(Clone, Debug, PartialEq)]
pub struct EventFact {
    /// Its envelope.
    pub envelope: Envelope,
    /// The record's key, where it is text.
    pub key: Option<String>,
    /// What two records with one event id must agree on.
    pub digest: [u8; 32],
    /// Bytes of key, value and headers.
    pub size: usize,
}

/// A dead letter, or a redriven one.
#[derive(Clone, Debug, PartialEq)]
pub struct LetterFact {
    /// Who gave up: the topic's name without its suffix.
    pub participant: String,
    /// Where the original stood, and why it was given up.
    pub letter: DeadLetter,
    /// The original's event id and name; `None` where it had no readable envelope.
    pub event: Option<(String, String)>,
}

/// A signal, as far as the tracker uses it.
#[derive(Clone, Debug, PartialEq)]
pub struct SignalFact {
    /// `retrying`, `dead-lettered`, `paused`, `resumed`, `stopped`, `no-handler`, `outbox-pending`, `started`, `stopping`.
    pub kind: String,
    /// Who says it.
    pub participant: String,
    /// The step it is about.
    pub step: Option<String>,
    /// The position it is about.
    pub about: Option<Position>,
    /// The event it is about.
    pub event_id: Option<String>,
    /// Attempts made so far.
    pub attempts: Option<i32>,
    /// When it will be tried again, milliseconds since the Unix epoch.
    pub next_try_ms: Option<i64>,
    /// The participant's words.
    pub reason: Option<String>,
    /// When the participant said so, by its own clock.
    pub at_ms: i64,
    /// Which copy of the service says it.
    pub instance: String,
}

impl EventFact {
    /// The participant that wrote it: the CloudEvents source without its slash.
    pub fn participant(&self) -> &str {
        self.envelope.source.trim_start_matches('/')
    }

    /// The event's name.
    pub fn name(&self) -> &str {
        &self.envelope.event
    }

    /// The schema version that the envelope names.
    pub fn schema_version(&self) -> Option<u32> {
        self.envelope
            .dataschema
            .as_deref()
            .and_then(parse_dataschema)
            .map(|(_, version)| version)
    }

    /// The events that caused it: the causation id, or every trigger of a join.
    pub fn causes(&self) -> impl Iterator<Item = &str> {
        self.envelope
            .causation
            .iter()
            .chain(&self.envelope.causes)
            .map(String::as_str)
    }
}

impl Fact {
    /// The event, where it is one.
    pub fn event(&self) -> Option<&EventFact> {
        match &self.content {
            Content::Event(event) => Some(event),
            _ => None,
        }
    }
}
