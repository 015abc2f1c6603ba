//! Firings: for every event of an instance, each step that it triggers, and what came of it.

use farandole_event::{Position, ids};
use farandole_workflow::{Emits, EndKind, Step, Workflow};
use serde::Serialize;

use super::history::{Happened, History};
use crate::fold::{EventFact, Fact, LetterFact, SignalFact};

/// Positions at which outputs are looked for by id; a step emits one or two events as a rule.
const POSITIONS: u32 = 4;

/// One execution of a step for one trigger.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Firing {
    /// The step.
    pub step: String,
    /// Who does it.
    pub participant: String,
    /// Rule 2's id of the firing.
    pub firing: String,
    /// The trigger.
    pub cause: Cause,
    /// Whether the instance can't be done without its output.
    pub mandatory: bool,
    /// Whether it is done, as far as topics can tell.
    pub state: FiringState,
    /// What it emitted.
    pub outputs: Vec<Output>,
    /// What it may emit.
    pub expects: Vec<String>,
    /// Trigger's append time + `within` (rule 13), milliseconds since the Unix epoch.
    pub due_ms: Option<i64>,
    /// From the trigger's append time to the last output's, milliseconds: queue and handler together.
    pub took_ms: Option<i64>,
    /// Its last dead letter, unless an output or a redrive came after it.
    pub dead_letter: Option<Lettered>,
    /// The dead letter's way back to the participant, where there was one and no output came yet.
    pub redriven: Option<Position>,
    /// The participant's last signal about it, unless it is done.
    pub signal: Option<Said>,
}

/// The event that fires a step.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Cause {
    /// The event's name.
    pub event: String,
    /// Its id.
    pub id: String,
    /// Its canonical record.
    pub position: Position,
    /// Its append time, milliseconds since the Unix epoch.
    pub at_ms: i64,
}

/// An event that a firing emitted.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Output {
    /// The event's name.
    pub event: String,
    /// Its id.
    pub id: String,
    /// Its canonical record.
    pub position: Position,
    /// Its append time, milliseconds since the Unix epoch.
    pub at_ms: i64,
}

/// What came of a firing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FiringState {
    /// Everything it owes was seen.
    Done,
    /// It owes an output.
    Open,
    /// It owes nothing; topics can't tell whether it ran.
    Silent,
    /// It owed an output, and a failure end that it doesn't descend from has released it (rule 20).
    Waived,
}

/// A dead letter of a firing.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Lettered {
    /// Where the dead letter stands.
    pub position: Position,
    /// When, milliseconds since the Unix epoch.
    pub at_ms: i64,
    /// `undecodable`, `rejected`, `exhausted`, …
    pub class: String,
    /// The participant's words.
    pub message: String,
    /// Attempts made.
    pub attempts: u32,
    /// How often it has been redriven.
    pub redrives: u32,
}

/// A signal of a participant.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Said {
    /// The kind of signal.
    pub kind: String,
    /// When, by the participant's clock.
    pub at_ms: i64,
    /// Attempts so far.
    pub attempts: Option<i32>,
    /// When it will be tried again.
    pub next_try_ms: Option<i64>,
    /// The participant's words.
    pub reason: Option<String>,
    /// Which copy of the service.
    pub instance: String,
}

/// Every firing of the instance, by the order of their triggers and of the definition's steps.
/// `default_within_ms` is the deadline of steps that declare none.
pub(crate) fn firings(
    history: &History<'_>,
    workflow: &Workflow,
    default_within_ms: Option<i64>,
) -> Vec<Firing> {
    let failed = |name: &str| workflow.end_kind(name) == Some(EndKind::Failed);
    let has_failed = history
        .events
        .iter()
        .any(|happened| failed(happened.event.name()));
    let mut firings = Vec::new();
    for trigger in &history.events {
        for step in workflow.triggered_by(trigger.event.name()) {
            let mut firing = fire(history, workflow, trigger, step, default_within_ms);
            if firing.state == FiringState::Open
                && has_failed
                && !history.descends(trigger, |event| failed(event.name()))
            {
                firing.state = FiringState::Waived;
            }
            firings.push(firing);
        }
    }
    firings
}

fn fire(
    history: &History<'_>,
    workflow: &Workflow,
    trigger: &Happened<'_>,
    step: &Step,
    default_within_ms: Option<i64>,
) -> Firing {
    let cause = Cause {
        event: trigger.event.name().to_owned(),
        id: trigger.event.envelope.id.clone(),
        position: trigger.fact.position.clone(),
        at_ms: trigger.fact.at_ms,
    };
    let firing = ids::firing_id(&cause.id, &step.by, &step.name).to_string();
    let outputs = outputs(history, &cause.id, &firing, step);
    let mandatory = workflow.is_mandatory(step);
    let satisfied = !outputs.is_empty() && satisfied(&step.emits, &outputs);
    let state = match (satisfied, mandatory) {
        (true, _) => FiringState::Done,
        (false, true) => FiringState::Open,
        (false, false) => FiringState::Silent,
    };
    let within = step.within_ms.or(default_within_ms.filter(|_| mandatory));
    let done = state == FiringState::Done;
    let (dead_letter, redriven) = if done {
        (None, None)
    } else {
        letters(history, trigger, step)
    };
    Firing {
        step: step.name.clone(),
        participant: step.by.clone(),
        mandatory,
        state,
        expects: step.emits.events().into_iter().map(str::to_owned).collect(),
        due_ms: within.map(|within| cause.at_ms.saturating_add(within)),
        took_ms: outputs
            .iter()
            .map(|output| output.at_ms)
            .max()
            .map(|at| (at - cause.at_ms).max(0)),
        dead_letter,
        redriven,
        signal: if done {
            None
        } else {
            signal(history, trigger, step)
        },
        firing,
        outputs,
        cause,
    }
}

/// By causation, with the step that the envelope names or (foreign writers) that the definition implies. An event that names
/// no cause is recognised by its id, which rule 2 derives from the firing.
fn outputs(history: &History<'_>, cause: &str, firing: &str, step: &Step) -> Vec<Output> {
    let names = step.emits.events();
    let derived = |event: &EventFact| {
        (0..POSITIONS)
            .any(|at| ids::output_id(firing, event.name(), at).to_string() == event.envelope.id)
    };
    let ours = |event: &EventFact| match &event.envelope.step {
        Some(named) => *named == step.name,
        None => event.participant() == step.by,
    };
    history
        .events
        .iter()
        .filter(|happened| {
            let event = happened.event;
            names.contains(&event.name())
                && match event.causes().next() {
                    Some(_) => event.causes().any(|id| id == cause) && ours(event),
                    None => derived(event),
                }
        })
        .map(|happened| Output {
            event: happened.event.name().to_owned(),
            id: happened.event.envelope.id.clone(),
            position: happened.fact.position.clone(),
            at_ms: happened.fact.at_ms,
        })
        .collect()
}

fn satisfied(emits: &Emits, outputs: &[Output]) -> bool {
    match emits {
        Emits::AllOf(events) => events
            .iter()
            .all(|event| outputs.iter().any(|output| output.event == *event)),
        Emits::Optional(inner) => satisfied(inner, outputs),
        Emits::Nothing | Emits::One(_) | Emits::OneOf(_) => !outputs.is_empty(),
    }
}

/// The last dead letter that stands, or else the last redrive.
fn letters(
    history: &History<'_>,
    trigger: &Happened<'_>,
    step: &Step,
) -> (Option<Lettered>, Option<Position>) {
    let ours = |(_, letter): &&(&Fact, &LetterFact)| is_about(letter, trigger, step);
    let last = history.letters.iter().rfind(ours);
    let back = history.redrives.iter().rfind(ours);
    match (last, back) {
        (Some((given_up, letter)), back)
            if back.is_none_or(|(redriven, _)| redriven.at_ms < given_up.at_ms) =>
        {
            (Some(lettered(given_up, letter)), None)
        }
        (_, Some((redriven, _))) => (None, Some(redriven.position.clone())),
        _ => (None, None),
    }
}

fn is_about(letter: &LetterFact, trigger: &Happened<'_>, step: &Step) -> bool {
    let same_event = letter
        .event
        .as_ref()
        .is_some_and(|(id, _)| *id == trigger.event.envelope.id)
        || letter.letter.origin == trigger.fact.position;
    same_event
        && letter.participant == step.by
        && letter
            .letter
            .step
            .as_ref()
            .is_none_or(|named| *named == step.name)
}

pub(crate) fn lettered(fact: &Fact, letter: &LetterFact) -> Lettered {
    Lettered {
        position: fact.position.clone(),
        at_ms: fact.at_ms,
        class: letter.letter.class.to_string(),
        message: letter.letter.message.clone(),
        attempts: letter.letter.attempts,
        redrives: letter.letter.redrives,
    }
}

fn signal(history: &History<'_>, trigger: &Happened<'_>, step: &Step) -> Option<Said> {
    let about = |signal: &SignalFact| {
        let same_event = signal
            .event_id
            .as_ref()
            .is_some_and(|id| *id == trigger.event.envelope.id)
            || signal.about.as_ref() == Some(&trigger.fact.position);
        same_event
            && signal.participant == step.by
            && signal.step.as_ref().is_none_or(|named| *named == step.name)
    };
    history
        .signals
        .iter()
        .map(|(_, signal)| *signal)
        .rfind(|signal| about(signal))
        .map(Said::from)
}

impl From<&SignalFact> for Said {
    fn from(signal: &SignalFact) -> Self {
        Self {
            kind: signal.kind.clone(),
            at_ms: signal.at_ms,
            attempts: signal.attempts,
            next_try_ms: signal.next_try_ms,
            reason: signal.reason.clone(),
            instance: signal.instance.clone(),
        }
    }
}
