//! External steps in the middle of a run: what a person or an outside system may do next.

use farandole_workflow::{EndKind, Step, StepStart, Workflow};
use serde::Serialize;

use super::{
    firings::Cause,
    history::{Happened, History},
};

/// An external step that may be taken now. Never overdue.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Awaited {
    /// The step.
    pub step: String,
    /// The participant that publishes it.
    pub participant: String,
    /// What it may emit.
    pub expects: Vec<String>,
    /// The event after which it may be taken; `None` where it may be taken at any time.
    pub cause: Option<Cause>,
    /// Whether the instance needs it to go on. Otherwise it is a possibility, such as a cancellation.
    pub needed: bool,
}

/// The external steps that may be taken, those that the instance needs first.
///
/// Needed is a step whose latest opening event leads nowhere by itself, is the latest such event, and which does more than
/// fail the instance.
pub(crate) fn awaited(history: &History<'_>, workflow: &Workflow) -> Vec<Awaited> {
    let mut found: Vec<(Option<usize>, Awaited)> = workflow
        .steps
        .iter()
        .filter_map(|step| {
            let StepStart::During { after } = &step.start else {
                return None;
            };
            let opened = (!after.is_empty()).then(|| {
                last(history, |happened| {
                    after.iter().any(|name| name == happened.event.name())
                })
            });
            let opened = match opened {
                Some(None) => return None,
                Some(Some(at)) => Some(at),
                None => None,
            };
            let opener = opened.map(|at| &history.events[at]);
            if taken_since(history, step, opener, opened) {
                return None;
            }
            let needed = opener.is_some_and(|opener| !goes_on(workflow, opener.event.name()))
                && !only_fails(workflow, step);
            Some((opened, waits(step, opener, needed)))
        })
        .collect();
    let latest = found
        .iter()
        .filter(|(_, awaited)| awaited.needed)
        .filter_map(|(opened, _)| *opened)
        .max();
    for (opened, awaited) in &mut found {
        awaited.needed &= *opened == latest;
    }
    let mut awaited: Vec<Awaited> = found.into_iter().map(|(_, awaited)| awaited).collect();
    awaited.sort_by_key(|awaited| !awaited.needed);
    awaited
}

fn last(history: &History<'_>, test: impl Fn(&Happened<'_>) -> bool) -> Option<usize> {
    history.events.iter().rposition(test)
}

/// Whether the step was taken after it was opened: by causation, or later in the order.
fn taken_since(
    history: &History<'_>,
    step: &Step,
    opener: Option<&Happened<'_>>,
    opened: Option<usize>,
) -> bool {
    history.events.iter().enumerate().any(|(at, happened)| {
        let event = happened.event;
        let of_step = event
            .envelope
            .step
            .as_deref()
            .is_none_or(|named| named == step.name)
            && step.emits.events().contains(&event.name());
        let caused =
            opener.is_some_and(|opener| event.causes().any(|id| id == opener.event.envelope.id));
        of_step && (caused || opened.is_none_or(|opened| at > opened))
    })
}

/// Whether an event makes a participant emit something from which the instance continues by itself.
fn goes_on(workflow: &Workflow, event: &str) -> bool {
    workflow
        .triggered_by(event)
        .filter(|step| workflow.is_mandatory(step))
        .flat_map(|step| step.emits.events())
        .any(|next| {
            workflow.end_kind(next).is_some()
                || workflow.triggered_by(next).next().is_some()
                || workflow.opened_by(next).next().is_some()
        })
}

fn only_fails(workflow: &Workflow, step: &Step) -> bool {
    let events = step.emits.events();
    !events.is_empty()
        && events
            .iter()
            .all(|event| workflow.end_kind(event) == Some(EndKind::Failed))
}

fn waits(step: &Step, opener: Option<&Happened<'_>>, needed: bool) -> Awaited {
    Awaited {
        step: step.name.clone(),
        participant: step.by.clone(),
        expects: step.emits.events().into_iter().map(str::to_owned).collect(),
        cause: opener.map(|opener| Cause {
            event: opener.event.name().to_owned(),
            id: opener.event.envelope.id.clone(),
            position: opener.fact.position.clone(),
            at_ms: opener.fact.at_ms,
        }),
        needed,
    }
}
