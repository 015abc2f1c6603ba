//! How far an instance is: the shortest way from its latest event to a success end.

use std::collections::{BTreeMap, VecDeque};

use farandole_workflow::{Step, StepStart, Trigger, Workflow};
use serde::Serialize;

use super::history::History;

/// How far an instance is.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Progress {
    /// 0 to 100: what is behind, of the shortest way from the beginning to success. `None` without a definition.
    pub percent: Option<u8>,
    /// The steps of the shortest way that is left, in order.
    pub remaining: Vec<Remaining>,
}

/// A step that is left.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Remaining {
    /// The step.
    pub step: String,
    /// Who does it.
    pub participant: String,
    /// The event that leads on.
    pub event: String,
    /// What the step may emit instead.
    pub instead: Vec<String>,
}

pub(crate) fn progress(history: &History<'_>, workflow: &Workflow, settled: bool) -> Progress {
    if settled {
        return Progress {
            percent: Some(100),
            remaining: vec![],
        };
    }
    let ways = ways(workflow);
    let whole = workflow
        .starts()
        .flat_map(|step| step.emits.events())
        .filter_map(|event| ways.get(event))
        .map(|way| way.0)
        .min();
    let latest = history
        .events
        .iter()
        .rev()
        .find_map(|happened| ways.get_key_value(happened.event.name()));
    let Some((event, (left, _))) = latest else {
        return Progress::default();
    };
    let whole = whole.unwrap_or(*left).max(*left);
    // An end whose followers are still at work is nearly, not fully, there.
    let percent = (100 * (whole - left))
        .checked_div(whole)
        .unwrap_or(99)
        .min(99);
    Progress {
        percent: u8::try_from(percent).ok(),
        remaining: remaining(&ways, event),
    }
}

/// Per event: steps left to a success end, and the next step with the event that leads on.
type Ways<'w> = BTreeMap<&'w str, (usize, Option<(&'w Step, &'w str)>)>;

/// Breadth first, from the success ends backwards.
fn ways(workflow: &Workflow) -> Ways<'_> {
    let mut ways: Ways<'_> = workflow
        .ends
        .completed
        .iter()
        .map(|end| (end.as_str(), (0, None)))
        .collect();
    let mut queue: VecDeque<&str> = ways.keys().copied().collect();
    while let Some(event) = queue.pop_front() {
        let left = ways[event].0 + 1;
        for step in workflow
            .steps
            .iter()
            .filter(|step| step.emits.events().contains(&event))
        {
            for before in openers(step) {
                if !ways.contains_key(before) {
                    ways.insert(before, (left, Some((step, event))));
                    queue.push_back(before);
                }
            }
        }
    }
    ways
}

fn openers(step: &Step) -> Vec<&str> {
    match &step.start {
        StepStart::During { after } => after.iter().map(String::as_str).collect(),
        StepStart::On(Trigger::Absence { after, .. }) => vec![after],
        _ => step.triggers(),
    }
}

fn remaining(ways: &Ways<'_>, event: &str) -> Vec<Remaining> {
    let mut steps = Vec::new();
    let mut at = event;
    while let Some((_, Some((step, next)))) = ways.get(at) {
        steps.push(Remaining {
            step: step.name.clone(),
            participant: step.by.clone(),
            event: (*next).to_owned(),
            instead: step
                .emits
                .events()
                .into_iter()
                .filter(|other| other != next)
                .map(str::to_owned)
                .collect(),
        });
        at = next;
    }
    steps
}
