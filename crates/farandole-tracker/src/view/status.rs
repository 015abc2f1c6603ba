//! Status, flags, and what an instance waits for.

use farandole_workflow::EndKind;
use serde::{Deserialize, Serialize};

use super::{
    assessment::Assessment,
    firings::{Cause, Firing, FiringState},
};

/// The status of an instance.
///
/// An end counts once no mandatory firing is open: until its last notification is out, a trip that has ended is still
/// running, or stuck. A failure end releases the firings that don't descend from it, and outranks a success end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// On its way.
    Running,
    /// A mandatory firing is past its deadline, or was given up to the dead letters.
    Stuck,
    /// A success end was seen and no mandatory firing is open.
    Completed,
    /// A failure end was seen and no mandatory firing that descends from it is open.
    Failed,
}

impl Status {
    /// Every status, in the order of the page.
    pub const ALL: [Self; 4] = [Self::Running, Self::Stuck, Self::Completed, Self::Failed];

    /// The word in answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Stuck => "stuck",
            Self::Completed => "completed",
            Self::Failed => "failed",
        }
    }

    /// The status of that word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }
}

/// What else is true of an instance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Flags {
    /// It left its definition.
    pub deviated: bool,
    /// Its beginning was not seen yet.
    pub orphan: bool,
    /// A firing was answered after its deadline.
    pub late: bool,
    /// Its beginning was deleted by retention.
    pub truncated: bool,
    /// An event was given up; see `dead_letters`.
    pub dead_lettered: bool,
}

/// One thing that an instance waits for.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WaitsFor {
    /// Whether a participant owes it, or a person or system outside may do it.
    pub kind: WaitKind,
    /// The step.
    pub step: String,
    /// Who does it.
    pub participant: String,
    /// The events that would do.
    pub events: Vec<String>,
    /// The trigger; `None` for external steps that may be taken at any time.
    pub cause: Option<Cause>,
    /// Since when it waits, milliseconds since the Unix epoch.
    pub since_ms: Option<i64>,
    /// The deadline; outside steps have none.
    pub due_ms: Option<i64>,
    /// Whether the deadline has passed.
    pub overdue: bool,
}

/// Kinds of waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum WaitKind {
    /// A participant owes an event.
    Participant,
    /// The instance goes on when somebody outside acts.
    Outside,
    /// Somebody outside may act; the instance doesn't need it.
    Possible,
}

/// The status at a time.
pub fn status(assessment: &Assessment, now_ms: i64) -> Status {
    let mut open = assessment.open().peekable();
    match (&assessment.ended, open.peek().is_some()) {
        (Some(end), false) => match end.kind {
            EndKind::Completed => Status::Completed,
            EndKind::Failed => Status::Failed,
        },
        _ if open.any(|firing| stuck(firing, now_ms)) => Status::Stuck,
        _ => Status::Running,
    }
}

fn stuck(firing: &Firing, now_ms: i64) -> bool {
    firing.dead_letter.is_some() || overdue(firing, now_ms)
}

pub(crate) fn overdue(firing: &Firing, now_ms: i64) -> bool {
    firing.due_ms.is_some_and(|due| due < now_ms)
}

/// The flags. They don't depend on the time.
pub fn flags(assessment: &Assessment) -> Flags {
    let late = |firing: &Firing| {
        firing
            .due_ms
            .is_some_and(|due| firing.outputs.iter().any(|output| output.at_ms > due))
    };
    Flags {
        deviated: !assessment.deviations.is_empty(),
        orphan: assessment.orphan && !assessment.truncated,
        late: assessment.firings.iter().any(late),
        truncated: assessment.truncated,
        dead_lettered: !assessment.dead_letters.is_empty(),
    }
}

/// What the instance waits for at a time: what participants owe (overdue first), what it needs from outside, what may happen.
pub fn waits_for(assessment: &Assessment, now_ms: i64) -> Vec<WaitsFor> {
    let mut owed: Vec<WaitsFor> = assessment
        .open()
        .map(|firing| WaitsFor {
            kind: WaitKind::Participant,
            step: firing.step.clone(),
            participant: firing.participant.clone(),
            events: firing.expects.clone(),
            since_ms: Some(firing.cause.at_ms),
            due_ms: firing.due_ms,
            overdue: overdue(firing, now_ms),
            cause: Some(firing.cause.clone()),
        })
        .collect();
    owed.sort_by_key(|waits| !waits.overdue);
    let outside = assessment.outside.iter().map(|awaited| WaitsFor {
        kind: if awaited.needed {
            WaitKind::Outside
        } else {
            WaitKind::Possible
        },
        step: awaited.step.clone(),
        participant: awaited.participant.clone(),
        events: awaited.expects.clone(),
        since_ms: awaited.cause.as_ref().map(|cause| cause.at_ms),
        due_ms: None,
        overdue: false,
        cause: awaited.cause.clone(),
    });
    owed.into_iter().chain(outside).collect()
}

impl Assessment {
    /// Mandatory firings without their output.
    pub fn open(&self) -> impl Iterator<Item = &Firing> {
        self.firings
            .iter()
            .filter(|firing| firing.state == FiringState::Open)
    }
}
