use farandole_event::{
    Catalog, Codec, Envelope, Payload, Position, Record, content_digest, dead_letter, system,
};

use super::{Content, EventFact, Fact, LetterFact, SignalFact};

const DEAD_LETTERS: &str = ".dead-letters";
const REDRIVE: &str = ".redrive";

/// Whom a fact belongs to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Home {
    /// An instance, by correlation id.
    Instance(String),
    /// A participant: its own signals, and dead letters that belong to no instance.
    Participant(String),
}

/// What was counted for the topology: who writes which event, in which version, to which topic.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seen {
    /// The event's name; empty for records that are no events.
    pub event: String,
    /// Who wrote it, without the leading slash.
    pub participant: String,
    /// The schema version that the envelope names.
    pub version: Option<u32>,
}

/// What the tracker takes from a record.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// The fact and whom it belongs to; `None` for events outside any instance and for records that are no events.
    pub fact: Option<(Home, Fact)>,
    /// A schema, definition or contract from the catalog topic.
    pub entry: Option<system::CatalogEntry>,
    /// For the topology.
    pub seen: Seen,
    /// Why the record could not be read.
    pub unreadable: Option<String>,
}

impl Reading {
    fn nothing(seen: Seen) -> Self {
        Self {
            fact: None,
            entry: None,
            seen,
            unreadable: None,
        }
    }

    fn unreadable(reason: impl ToString) -> Self {
        Self {
            unreadable: Some(reason.to_string()),
            ..Self::nothing(Seen::default())
        }
    }
}

/// Reads a record. A function of the record alone: what is known of schemas and definitions makes no difference.
pub fn read(record: &Record) -> Reading {
    if let Some(participant) = record.topic.strip_suffix(DEAD_LETTERS) {
        return letter(record, participant, Content::DeadLetter);
    }
    if let Some(participant) = record.topic.strip_suffix(REDRIVE) {
        return letter(record, participant, Content::Redrive);
    }
    let parsed = match Envelope::read(record) {
        Ok(parsed) => parsed,
        Err(error) => return Reading::unreadable(error),
    };
    match &*record.topic {
        system::SIGNALS => signal(record, &parsed.envelope, &parsed.payload),
        system::CATALOG => entry(record, &parsed.envelope, &parsed.payload),
        _ => event(record, parsed.envelope),
    }
}

fn event(record: &Record, envelope: Envelope) -> Reading {
    let mut reading = Reading::nothing(seen(&envelope));
    if let Some(correlation) = envelope.correlation.clone() {
        let event = EventFact {
            key: record.key_text().map(str::to_owned),
            digest: content_digest(record),
            size: record.size(),
            envelope,
        };
        reading.fact = Some((
            Home::Instance(correlation),
            fact(record, Content::Event(Box::new(event))),
        ));
    }
    reading
}

fn letter(record: &Record, participant: &str, content: fn(LetterFact) -> Content) -> Reading {
    let Some(letter) = dead_letter::DeadLetter::read(record) else {
        return Reading::unreadable(
            "a dead letter without its origin (no dl_topic, dl_partition, dl_offset)",
        );
    };
    let envelope = Envelope::read(&dead_letter::DeadLetter::unwrap(record))
        .ok()
        .map(|parsed| parsed.envelope);
    let home = match envelope
        .as_ref()
        .and_then(|envelope| envelope.correlation.clone())
    {
        Some(correlation) => Home::Instance(correlation),
        None => Home::Participant(participant.to_owned()),
    };
    let event = envelope.map(|envelope| (envelope.id, envelope.event));
    let seen = Seen {
        event: event
            .as_ref()
            .map(|(_, name)| name.clone())
            .unwrap_or_default(),
        participant: participant.to_owned(),
        version: None,
    };
    let letter = LetterFact {
        participant: participant.to_owned(),
        letter,
        event,
    };
    Reading {
        fact: Some((home, fact(record, content(letter)))),
        ..Reading::nothing(seen)
    }
}

fn signal(record: &Record, envelope: &Envelope, payload: &Payload<'_>) -> Reading {
    let signal = match decode::<system::Signal>(record, envelope, payload) {
        Ok(signal) => signal,
        Err(reason) => {
            return Reading {
                seen: seen(envelope),
                ..Reading::unreadable(reason)
            };
        }
    };
    let home = match &signal.correlation {
        Some(correlation) => Home::Instance(correlation.clone()),
        None => Home::Participant(signal.participant.clone()),
    };
    let about = match (signal.topic, signal.partition, signal.offset) {
        (Some(topic), Some(partition), Some(offset)) => Some(Position {
            topic,
            partition,
            offset,
        }),
        _ => None,
    };
    let content = Content::Signal(SignalFact {
        kind: signal.kind,
        participant: signal.participant,
        step: signal.step,
        about,
        event_id: signal.event_id,
        attempts: signal.attempts,
        next_try_ms: signal.next_try_ms,
        reason: signal.reason,
        at_ms: signal.at_ms,
        instance: signal.instance,
    });
    Reading {
        fact: Some((home, fact(record, content))),
        ..Reading::nothing(seen(envelope))
    }
}

fn entry(record: &Record, envelope: &Envelope, payload: &Payload<'_>) -> Reading {
    match decode::<system::CatalogEntry>(record, envelope, payload) {
        Ok(entry) => Reading {
            entry: Some(entry),
            ..Reading::nothing(seen(envelope))
        },
        Err(reason) => Reading {
            seen: seen(envelope),
            ..Reading::unreadable(reason)
        },
    }
}

fn decode<E: farandole_event::Event>(
    record: &Record,
    envelope: &Envelope,
    payload: &Payload<'_>,
) -> Result<E, String> {
    let codec = Codec::<E>::of().map_err(|error| error.to_string())?;
    codec
        .decode(envelope, &record.headers, payload, &Catalog::new())
        .map_err(|error| error.to_string())
}

fn fact(record: &Record, content: Content) -> Fact {
    Fact {
        position: record.position(),
        at_ms: record.timestamp_ms.unwrap_or(0),
        content,
    }
}

fn seen(envelope: &Envelope) -> Seen {
    Seen {
        event: envelope.event.clone(),
        participant: envelope.source.trim_start_matches('/').to_owned(),
        version: envelope.schema_version().map(|(_, version)| version),
    }
}
