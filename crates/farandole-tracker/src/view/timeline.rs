//! What happened to an instance, in causal order.

use std::collections::HashMap;

use farandole_event::Position;
use serde::Serialize;

use super::{
    firings::{Firing, Output},
    history::{Happened, History},
};

/// One line of the timeline.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Entry {
    /// What it is.
    pub kind: EntryKind,
    /// The broker's append time, milliseconds since the Unix epoch.
    pub at_ms: i64,
    /// The event's name; of a dead letter or signal the event that it is about.
    pub event: String,
    /// The event's id.
    pub id: Option<String>,
    /// The step that emitted it, or that the entry is about.
    pub step: Option<String>,
    /// Who wrote it.
    pub participant: String,
    /// Where it stands.
    pub position: Position,
    /// The record's key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The id of the event that caused it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// From its cause's append time to its own, milliseconds; `None` where the cause was not seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after_ms: Option<i64>,
    /// What that time was: `outside` (a person or another system acted), `reaction` (queue and handler of the step).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waited: Option<&'static str>,
    /// The writer's clock; shown, never used for order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub writer_time_ms: Option<i64>,
    /// The version of the workflow that was applied.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workflow_version: Option<u32>,
    /// The version of the event's schema.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schema_version: Option<u32>,
    /// Where the same event was seen again.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub repeats: Vec<Position>,
    /// It came after its step's deadline.
    pub late: bool,
    /// Why a participant gave up or tries again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Kinds of timeline entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum EntryKind {
    /// An event.
    Event,
    /// A participant gave an event up.
    DeadLetter,
    /// A dead letter went back to its participant.
    Redrive,
    /// A participant said something about its work.
    Signal,
}

pub(crate) fn timeline(history: &History<'_>, firings: &[Firing]) -> Vec<Entry> {
    let answers: HashMap<&str, (&Firing, &Output)> = firings
        .iter()
        .flat_map(|firing| {
            firing
                .outputs
                .iter()
                .map(move |output| (output.id.as_str(), (firing, output)))
        })
        .collect();
    let events = history
        .events
        .iter()
        .map(|happened| of_event(history, happened, &answers));
    let mut entries: Vec<Entry> = events.collect();
    let mut asides = asides(history);
    asides.sort_by(|a, b| (a.at_ms, &a.position).cmp(&(b.at_ms, &b.position)));
    // Events keep their causal order; the others go in by time.
    for aside in asides {
        let place = entries
            .iter()
            .rposition(|entry| entry.at_ms <= aside.at_ms)
            .map_or(0, |at| at + 1);
        entries.insert(place, aside);
    }
    entries
}

fn of_event(
    history: &History<'_>,
    happened: &Happened<'_>,
    answers: &HashMap<&str, (&Firing, &Output)>,
) -> Entry {
    let event = happened.event;
    let cause = history.cause(event);
    let answer = answers.get(event.envelope.id.as_str());
    Entry {
        kind: EntryKind::Event,
        at_ms: happened.fact.at_ms,
        event: event.name().to_owned(),
        id: Some(event.envelope.id.clone()),
        step: event.envelope.step.clone(),
        participant: event.participant().to_owned(),
        position: happened.fact.position.clone(),
        key: event.key.clone(),
        cause: event.causes().next().map(str::to_owned),
        after_ms: cause.map(|cause| (happened.fact.at_ms - cause.fact.at_ms).max(0)),
        waited: cause.map(|_| {
            if answer.is_some() {
                "reaction"
            } else {
                "outside"
            }
        }),
        writer_time_ms: event.envelope.time_ms,
        workflow_version: event.envelope.workflow_version,
        schema_version: event.schema_version(),
        repeats: happened
            .repeats
            .iter()
            .map(|position| (*position).clone())
            .collect(),
        late: answer
            .is_some_and(|(firing, output)| firing.due_ms.is_some_and(|due| output.at_ms > due)),
        note: None,
    }
}

fn asides(history: &History<'_>) -> Vec<Entry> {
    let mut entries = Vec::new();
    let letters = history
        .letters
        .iter()
        .map(|letter| (EntryKind::DeadLetter, letter));
    let redrives = history
        .redrives
        .iter()
        .map(|letter| (EntryKind::Redrive, letter));
    for (kind, (fact, letter)) in letters.chain(redrives) {
        let (id, event) = letter.event.clone().unzip();
        let note = format!(
            "{} after {} attempts: {}",
            letter.letter.class, letter.letter.attempts, letter.letter.message
        );
        entries.push(Entry {
            id,
            step: letter.letter.step.clone(),
            note: Some(note),
            ..aside(
                kind,
                fact.at_ms,
                event.unwrap_or_default(),
                &letter.participant,
                &fact.position,
            )
        });
    }
    for (fact, signal) in &history.signals {
        let event = signal
            .event_id
            .as_deref()
            .and_then(|id| history.by_id(id))
            .map(|happened| happened.event.name());
        let note = [
            Some(signal.kind.clone()),
            signal.attempts.map(|n| format!("attempt {n}")),
            signal.reason.clone(),
        ];
        entries.push(Entry {
            id: signal.event_id.clone(),
            step: signal.step.clone(),
            note: Some(note.into_iter().flatten().collect::<Vec<_>>().join(", ")),
            ..aside(
                EntryKind::Signal,
                fact.at_ms,
                event.unwrap_or_default().to_owned(),
                &signal.participant,
                &fact.position,
            )
        });
    }
    entries
}

fn aside(
    kind: EntryKind,
    at_ms: i64,
    event: String,
    participant: &str,
    position: &Position,
) -> Entry {
    Entry {
        kind,
        at_ms,
        event,
        id: None,
        step: None,
        participant: participant.to_owned(),
        position: position.clone(),
        key: None,
        cause: None,
        after_ms: None,
        waited: None,
        writer_time_ms: None,
        workflow_version: None,
        schema_version: None,
        repeats: vec![],
        late: false,
        note: None,
    }
}
