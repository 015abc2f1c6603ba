use std::collections::BTreeSet;

use farandole_event::Position;
use farandole_workflow::{EndKind, Workflow};
use serde::Serialize;

use super::{
    deviations::{self, Deviation},
    firings::{self, Firing, FiringState, Lettered, lettered},
    history::{Happened, History},
    outside::{self, Awaited},
    progress::{self, Progress},
    timeline::{self, Entry},
};
use crate::{definitions::Definitions, fold::Instance};

/// What an assessment needs besides the facts.
pub struct Context<'a> {
    /// Schemas and workflows.
    pub definitions: &'a Definitions,
    /// Topics whose beginning retention had deleted before the tracker first read them.
    pub cut_topics: &'a BTreeSet<String>,
    /// The deadline of mandatory steps that declare none, in milliseconds; `None`: they never become overdue.
    pub default_within_ms: Option<i64>,
}

/// Everything that facts and definitions say about an instance.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Assessment {
    /// The correlation id.
    pub correlation: String,
    /// The workflow, as the events name it.
    pub workflow: Option<String>,
    /// The version that the instance began with.
    pub version: Option<u32>,
    /// Whether that version's definition is known. If not, events are shown by correlation alone.
    pub declared: bool,
    /// The instance's key.
    pub key: Option<String>,
    /// The tenant.
    pub tenant: Option<String>,
    /// Append time of the first event, milliseconds since the Unix epoch.
    pub started_ms: Option<i64>,
    /// Append time of the last event.
    pub last_ms: Option<i64>,
    /// The end that was seen, if any.
    pub ended: Option<Ended>,
    /// No start event was seen (yet).
    pub orphan: bool,
    /// No start event was seen, and retention has deleted records of a topic where it may have stood.
    pub truncated: bool,
    /// Different events.
    pub events: usize,
    /// Records that repeat an event with the same content.
    pub repeats: usize,
    /// Every firing of a step that an event of the instance triggers.
    pub firings: Vec<Firing>,
    /// External steps that somebody outside may take now.
    pub outside: Vec<Awaited>,
    /// Where the instance left its definition.
    pub deviations: Vec<Deviation>,
    /// Dead letters of this instance that nothing has answered, steps without outputs included.
    pub dead_letters: Vec<Lettered>,
    /// How far it is.
    pub progress: Progress,
    /// What happened, in causal order.
    pub timeline: Vec<Entry>,
}

/// The end of an instance.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Ended {
    /// The end event.
    pub event: String,
    /// As it should, or otherwise.
    pub kind: EndKind,
    /// Where it stands.
    pub position: Position,
    /// Its append time, milliseconds since the Unix epoch.
    pub at_ms: i64,
}

/// Assesses an instance. The same facts and definitions give the same answer.
pub fn assess(correlation: &str, instance: &Instance, context: &Context<'_>) -> Assessment {
    let history = History::of(instance);
    let beginning = history
        .events
        .iter()
        .find(|happened| happened.event.envelope.workflow.is_some());
    let mut assessment = describe(correlation, &history);
    let Some(first) = beginning else {
        assessment.orphan = true;
        assessment.timeline = timeline::timeline(&history, &[]);
        return assessment;
    };
    let name = first.event.envelope.workflow.clone().unwrap_or_default();
    let start = start_of(&history, &name, context.definitions);
    let version = start
        .or(Some(first))
        .and_then(|happened| happened.event.envelope.workflow_version);
    let workflow = version.and_then(|version| context.definitions.workflow(&name, version));
    assessment.orphan = start.is_none();
    assessment.truncated = start.is_none() && cut(&history, workflow.map(AsRef::as_ref), context);
    assessment.declared = workflow.is_some();
    assessment.deviations.extend(deviations::undeclared(
        &history,
        &name,
        version,
        context.definitions,
    ));
    if let Some(workflow) = workflow {
        follow(&mut assessment, &history, workflow, context);
    }
    assessment.workflow = Some(name);
    assessment.version = version;
    assessment.timeline = timeline::timeline(&history, &assessment.firings);
    assessment
}

fn describe(correlation: &str, history: &History<'_>) -> Assessment {
    let first = |get: fn(&Happened<'_>) -> Option<String>| history.events.iter().find_map(get);
    Assessment {
        correlation: correlation.to_owned(),
        key: first(|happened| happened.event.envelope.subject.clone())
            .or_else(|| first(|happened| happened.event.key.clone())),
        tenant: first(|happened| happened.event.envelope.tenant.clone()),
        started_ms: history
            .events
            .iter()
            .map(|happened| happened.fact.at_ms)
            .min(),
        last_ms: history
            .events
            .iter()
            .map(|happened| happened.fact.at_ms)
            .max(),
        events: history.events.len(),
        repeats: history
            .events
            .iter()
            .map(|happened| happened.repeats.len())
            .sum(),
        deviations: deviations::conflicts(history),
        ..Assessment::default()
    }
}

/// Everything that needs the instance's definition.
fn follow(
    assessment: &mut Assessment,
    history: &History<'_>,
    workflow: &Workflow,
    context: &Context<'_>,
) {
    assessment.firings = firings::firings(history, workflow, context.default_within_ms);
    assessment.ended = ended(history, workflow);
    if assessment.ended.is_none() {
        assessment.outside = outside::awaited(history, workflow);
    }
    assessment
        .deviations
        .extend(deviations::unexpected(history, workflow));
    assessment
        .deviations
        .extend(deviations::doubled(workflow, &assessment.firings));
    assessment.dead_letters = standing(history, &assessment.firings);
    let settled = assessment
        .firings
        .iter()
        .all(|firing| firing.state != FiringState::Open);
    assessment.progress =
        progress::progress(history, workflow, assessment.ended.is_some() && settled);
}

/// A failure end outranks a success end; among equals the first counts.
fn ended(history: &History<'_>, workflow: &Workflow) -> Option<Ended> {
    let ends = history.events.iter().filter_map(|happened| {
        let kind = workflow.end_kind(happened.event.name())?;
        let (position, at_ms) = (happened.fact.position.clone(), happened.fact.at_ms);
        Some(Ended {
            event: happened.event.name().to_owned(),
            kind,
            position,
            at_ms,
        })
    });
    ends.min_by_key(|end| end.kind != EndKind::Failed)
}

/// The event that begins the instance: emitted by a starting step, in the version that the event itself names.
fn start_of<'h, 'a>(
    history: &'h History<'a>,
    name: &str,
    definitions: &Definitions,
) -> Option<&'h Happened<'a>> {
    history.events.iter().find(|happened| {
        let envelope = &happened.event.envelope;
        let workflow = envelope
            .workflow_version
            .and_then(|version| definitions.workflow(name, version));
        envelope.workflow.as_deref() == Some(name)
            && workflow.is_some_and(|workflow| {
                workflow
                    .starts()
                    .any(|step| step.emits.events().contains(&happened.event.name()))
            })
    })
}

/// Dead letters that stand: those of open and silent firings, and those of events or steps that the definition doesn't know.
fn standing(history: &History<'_>, firings: &[Firing]) -> Vec<Lettered> {
    let known: BTreeSet<&Position> = firings
        .iter()
        .filter_map(|firing| firing.dead_letter.as_ref())
        .map(|letter| &letter.position)
        .collect();
    let unknown = |participant: &str, event: Option<&str>| {
        !firings.iter().any(|firing| {
            firing.participant == participant && Some(firing.cause.id.as_str()) == event
        })
    };
    history
        .letters
        .iter()
        .filter(|(fact, letter)| {
            let event = letter.event.as_ref().map(|(id, _)| id.as_str());
            known.contains(&fact.position) || unknown(&letter.participant, event)
        })
        .map(|(fact, letter)| lettered(fact, letter))
        .collect()
}

/// Whether the start may have stood in a topic whose beginning is gone.
fn cut(history: &History<'_>, workflow: Option<&Workflow>, context: &Context<'_>) -> bool {
    let mut topics: BTreeSet<String> = workflow
        .into_iter()
        .flat_map(|workflow| {
            workflow
                .starts()
                .flat_map(|step| step.emits.events())
                .collect::<Vec<_>>()
        })
        .filter_map(|event| {
            Some(
                context
                    .definitions
                    .catalog()
                    .latest(event)?
                    .topic()
                    .to_owned(),
            )
        })
        .collect();
    if topics.is_empty() {
        topics = history
            .events
            .iter()
            .map(|happened| happened.fact.position.topic.clone())
            .collect();
    }
    topics
        .iter()
        .any(|topic| context.cut_topics.contains(topic))
}
