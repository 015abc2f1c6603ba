//! Why a firing has no output yet: the one list of reasons, with evidence.

mod evidence;

use std::collections::BTreeMap;

use farandole_event::Position;
use serde::Serialize;

use super::{
    assessment::Assessment,
    deviations::{Deviation, DeviationKind},
    firings::{Firing, FiringState, Said},
    offsets::{Offsets, Positions},
};

/// The moment and the evidence of a question.
pub struct Asked<'a> {
    /// Now, milliseconds since the Unix epoch.
    pub now_ms: i64,
    /// Groups and watermarks; `None` while the broker does not answer.
    pub offsets: Option<&'a Offsets>,
    /// How far the tracker has read.
    pub read_to: &'a Positions,
    /// The last word of participants about themselves: `paused`, `resumed`, `stopped`, …
    pub participants: &'a BTreeMap<String, Said>,
}

/// Reasons. What causes others comes first: it is listed first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// Given up.
    DeadLettered,
    /// The group has no members.
    ConsumerDown,
    /// The participant says that it has paused, or stopped at this record.
    Paused,
    /// Tried and failed, and will be tried again.
    Retrying,
    /// The participant says that it has no handler for the step.
    NoHandler,
    /// Emitted into the participant's outbox, not yet published.
    OutboxPending,
    /// Handled, and the mandatory output never came.
    NeverEmitted,
    /// Records stand before it.
    Queued,
    /// The next of its partition, and the group has members.
    InHandler,
    /// Its deadline has passed, and there is no evidence why.
    DeadlineMissed,
    /// The instance's version is not declared.
    UnknownVersion,
}

/// One reason for one firing.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Why {
    /// The reason.
    pub reason: Reason,
    /// The step; empty where the definition is unknown.
    pub step: String,
    /// Who would have to act.
    pub participant: String,
    /// The trigger's name.
    pub event: String,
    /// The trigger's id.
    pub event_id: String,
    /// The topic of the record that waits: the trigger, or its redriven dead letter.
    pub topic: String,
    /// Its partition.
    pub partition: i32,
    /// Its offset.
    pub offset: i64,
    /// Since when, milliseconds since the Unix epoch.
    pub since_ms: i64,
    /// The deadline.
    pub due_ms: Option<i64>,
    /// Whether it has passed.
    pub overdue: bool,
    /// In a sentence, with the numbers.
    pub detail: String,
    /// The command that would move it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// The group's committed offset in that partition (the next to be handled).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub committed: Option<i64>,
    /// Records between the committed offset and this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ahead: Option<i64>,
    /// How many of them belong to this instance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ahead_same_instance: Option<usize>,
    /// Attempts made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempts: Option<i64>,
    /// When it will be tried again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_try_ms: Option<i64>,
    /// The class of the failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// The participant's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Where the dead letter stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dead_letter: Option<Position>,
}

/// Why each open firing is open, overdue ones first. Firings that owe nothing appear when they were given up or are retried.
pub fn why(assessment: &Assessment, asked: &Asked<'_>) -> Vec<Why> {
    let mut reasons: Vec<Why> = assessment
        .firings
        .iter()
        .flat_map(|firing| evidence::of(assessment, firing, asked))
        .collect();
    reasons.extend(evidence::undeclared(assessment));
    reasons.sort_by_key(|why| (!why.overdue, why.since_ms, why.reason));
    reasons
}

/// Missing events: overdue firings that were handled without their output.
pub fn missing(assessment: &Assessment, asked: &Asked<'_>) -> Vec<Deviation> {
    let overdue = assessment
        .firings
        .iter()
        .filter(|firing| firing.state == FiringState::Open);
    overdue
        .filter(|firing| {
            evidence::of(assessment, firing, asked)
                .iter()
                .any(|why| why.reason == Reason::NeverEmitted && why.overdue)
        })
        .map(missed)
        .collect()
}

fn missed(firing: &Firing) -> Deviation {
    Deviation {
        kind: DeviationKind::Missing,
        event: firing.expects.join(" or "),
        id: firing.firing.clone(),
        position: firing.cause.position.clone(),
        explanation: format!(
            "{} has handled {} at {} and step {} emitted nothing",
            firing.participant, firing.cause.event, firing.cause.position, firing.step
        ),
    }
}
