use std::collections::BTreeMap;

use farandole_workflow::EndKind;

use crate::view::{Assessment, FiringState, flags};

/// What lists and counts need of an instance, so that they don't read its records. A function of its assessment.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// The workflow's name; empty where no event names one.
    pub workflow: String,
    /// The version it began with.
    pub version: Option<u32>,
    /// The hash of the definition that was used.
    pub definition: Option<String>,
    /// The instance's key.
    pub key: Option<String>,
    /// The tenant.
    pub tenant: Option<String>,
    /// `running`, `completed` or `failed`; `stuck` depends on the time.
    pub base: &'static str,
    /// An open firing was given up: stuck at any time.
    pub blocked: bool,
    /// The next deadline of an open firing.
    pub due_ms: Option<i64>,
    /// Flags, in the order deviated, orphan, late, truncated, dead-lettered.
    pub flags: [bool; 5],
    /// Percent done.
    pub percent: Option<u8>,
    /// First append time.
    pub started_ms: i64,
    /// Last append time.
    pub last_ms: i64,
    /// Append time of the end.
    pub ended_ms: Option<i64>,
    /// Different events.
    pub events: usize,
    /// Identical repeats.
    pub repeats: usize,
    /// Per (step, trigger's id): what the step's firing is at.
    pub steps: BTreeMap<(String, String), StepState>,
}

/// One firing, or one external step that is waited for.
#[derive(Clone, Debug, PartialEq)]
pub struct StepState {
    /// The participant.
    pub participant: String,
    /// `open`, `done` or `outside`.
    pub state: &'static str,
    /// The trigger's append time.
    pub at_ms: i64,
    /// The deadline.
    pub due_ms: Option<i64>,
    /// Trigger to output, milliseconds.
    pub took_ms: Option<i64>,
}

impl Summary {
    /// The summary of an assessment; `definition` is the hash of the definition that it used.
    pub fn of(assessment: &Assessment, definition: Option<String>) -> Self {
        let open = || assessment.open();
        let base = match &assessment.ended {
            Some(end) if open().next().is_none() => match end.kind {
                EndKind::Completed => "completed",
                EndKind::Failed => "failed",
            },
            _ => "running",
        };
        let flags = flags(assessment);
        Self {
            workflow: assessment.workflow.clone().unwrap_or_default(),
            version: assessment.version,
            definition,
            key: assessment.key.clone(),
            tenant: assessment.tenant.clone(),
            base,
            blocked: open().any(|firing| firing.dead_letter.is_some()),
            due_ms: open().filter_map(|firing| firing.due_ms).min(),
            flags: [
                flags.deviated,
                flags.orphan,
                flags.late,
                flags.truncated,
                flags.dead_lettered,
            ],
            percent: assessment.progress.percent,
            started_ms: assessment.started_ms.unwrap_or(0),
            last_ms: assessment.last_ms.unwrap_or(0),
            ended_ms: assessment.ended.as_ref().map(|end| end.at_ms),
            events: assessment.events,
            repeats: assessment.repeats,
            steps: steps(assessment),
        }
    }
}

fn steps(assessment: &Assessment) -> BTreeMap<(String, String), StepState> {
    let firings = assessment.firings.iter().filter_map(|firing| {
        let state = match firing.state {
            FiringState::Open => "open",
            FiringState::Done => "done",
            FiringState::Silent | FiringState::Waived => return None,
        };
        let step = StepState {
            participant: firing.participant.clone(),
            state,
            at_ms: firing.cause.at_ms,
            due_ms: firing.due_ms,
            took_ms: firing.took_ms,
        };
        Some(((firing.step.clone(), firing.cause.id.clone()), step))
    });
    let outside = assessment
        .outside
        .iter()
        .filter(|awaited| awaited.needed)
        .map(|awaited| {
            let (id, at_ms) = awaited
                .cause
                .as_ref()
                .map(|cause| (cause.id.clone(), cause.at_ms))
                .unwrap_or_default();
            let participant = awaited.participant.clone();
            (
                (awaited.step.clone(), id),
                StepState {
                    participant,
                    state: "outside",
                    at_ms,
                    due_ms: None,
                    took_ms: None,
                },
            )
        });
    firings.chain(outside).collect()
}
