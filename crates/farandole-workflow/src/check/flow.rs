//! Who waits for whom: plain reachability over events, without exploring runs.

use std::collections::{BTreeMap, BTreeSet};

use super::Checker;
use crate::name::did_you_mean;
use crate::report::Severity;
use crate::{Emits, Step, StepStart, Trigger, Workflow};

impl Checker<'_> {
    pub(super) fn flow(&mut self) {
        let reachable = reachable(self.workflow);
        self.needed_events_are_emitted();
        self.emitted_events_are_needed();
        self.steps_can_happen(&reachable);
        self.ends_can_happen(&reachable);
        self.alternatives_lead_on();
        self.one_step_per_event();
    }

    fn needed_events_are_emitted(&mut self) {
        let emitted: BTreeSet<&str> = self.workflow.steps.iter().flat_map(Step::outputs).collect();
        for mention in self.mentions() {
            if mention.needs && !mention.foreign && !emitted.contains(mention.event) {
                let help = did_you_mean(mention.event, emitted.iter().copied())
                    .map(|meant| format!("did you mean `{meant}`?"));
                let help = help.unwrap_or_else(|| "let a step emit it, or leave it out".into());
                self.found(
                    Severity::Error,
                    mention.place,
                    format!("nobody emits `{}`", mention.event),
                    Some(help),
                );
            }
        }
    }

    fn emitted_events_are_needed(&mut self) {
        let mentions = self.mentions();
        let needed: BTreeSet<&str> = mentions
            .iter()
            .filter(|mention| mention.needs)
            .map(|mention| mention.event)
            .collect();
        for mention in mentions {
            if !mention.needs && !needed.contains(mention.event) {
                let message = format!("no step of this workflow needs `{}`", mention.event);
                self.found(Severity::Advice, mention.place, message, None);
            }
        }
    }

    fn steps_can_happen(&mut self, reachable: &BTreeSet<&str>) {
        for step in &self.workflow.steps {
            if !can_happen(step, reachable) {
                let message = format!(
                    "step `{}` can never happen: {}",
                    step.name,
                    missing(step, reachable)
                );
                self.found(
                    Severity::Error,
                    self.place(&format!("steps/{}", step.name)),
                    message,
                    None,
                );
            }
        }
    }

    fn ends_can_happen(&mut self, reachable: &BTreeSet<&str>) {
        let ends = &self.workflow.ends;
        if !ends
            .completed
            .iter()
            .any(|end| reachable.contains(end.as_str()))
        {
            let help = "follow the steps from the first event: somewhere they stop short of every success end";
            self.found(
                Severity::Error,
                self.place("ends"),
                "no instance can ever complete".into(),
                Some(help.into()),
            );
        }
        for (kind, events) in [("completed", &ends.completed), ("failed", &ends.failed)] {
            for end in events
                .iter()
                .filter(|end| !reachable.contains(end.as_str()))
            {
                let place = self.place(&format!("ends/{kind}/{end}"));
                self.found(
                    Severity::Error,
                    place,
                    format!("the end `{end}` can never be reached"),
                    None,
                );
            }
        }
    }

    /// Where a step chooses, one choice leads to an end and another doesn't: the other waits for ever.
    fn alternatives_lead_on(&mut self) {
        let workflow = self.workflow;
        for step in &workflow.steps {
            let Emits::OneOf(events) = &step.emits else {
                continue;
            };
            let leads: BTreeMap<&str, bool> = events
                .iter()
                .map(|event| (event.as_str(), leads_to_end(workflow, event)))
                .collect();
            if leads.values().any(|leads| *leads) {
                for (event, _) in leads.iter().filter(|(_, leads)| !**leads) {
                    let message = format!(
                        "after `{event}` nothing leads to an end: the instance would wait for ever"
                    );
                    let help = "let a step react to it, or make it an end".to_owned();
                    self.found(
                        Severity::Warning,
                        self.place(&format!("steps/{}/emits/{event}", step.name)),
                        message,
                        Some(help),
                    );
                }
            }
        }
    }

    fn one_step_per_event(&mut self) {
        let mut first: BTreeMap<&str, &Step> = BTreeMap::new();
        for step in &self.workflow.steps {
            for event in step.emits.events() {
                let before = *first.entry(event).or_insert(step);
                if before.name == step.name {
                    continue;
                }
                let message = format!(
                    "`{event}` is emitted by step `{}` of {} too",
                    before.name, before.by
                );
                let place = self.place(&format!("steps/{}/emits/{event}", step.name));
                if before.by == step.by {
                    let help = "one step per event keeps it clear why it happened".to_owned();
                    self.found(Severity::Advice, place, message, Some(help));
                } else {
                    let help = "let one participant own the fact, or give the two facts two names"
                        .to_owned();
                    self.found(Severity::Warning, place, message, Some(help));
                }
            }
        }
    }
}

/// Every event that some run may show.
fn reachable(workflow: &Workflow) -> BTreeSet<&str> {
    closure(workflow, BTreeSet::new(), can_happen)
}

/// Whether an end descends from the event: outside steps count where they say that they come after it.
fn leads_to_end(workflow: &Workflow, event: &str) -> bool {
    let descends = |step: &Step, seen: &BTreeSet<&str>| match &step.start {
        StepStart::On(trigger) => trigger.events().iter().any(|event| seen.contains(event)),
        StepStart::During { after } => after.iter().any(|event| seen.contains(event.as_str())),
        StepStart::External | StepStart::StartsOn { .. } => false,
    };
    let seen = closure(workflow, BTreeSet::from([event]), descends);
    seen.iter().any(|event| workflow.end_kind(event).is_some())
}

/// Adds the outputs of every step that may happen, until nothing is new.
fn closure<'a>(
    workflow: &'a Workflow,
    mut seen: BTreeSet<&'a str>,
    happens: impl Fn(&Step, &BTreeSet<&str>) -> bool,
) -> BTreeSet<&'a str> {
    let mut waiting: Vec<&Step> = workflow.steps.iter().collect();
    loop {
        let (now, later): (Vec<&Step>, Vec<&Step>) =
            waiting.into_iter().partition(|step| happens(step, &seen));
        if now.is_empty() {
            return seen;
        }
        seen.extend(now.into_iter().flat_map(Step::outputs));
        waiting = later;
    }
}

fn can_happen(step: &Step, seen: &BTreeSet<&str>) -> bool {
    match &step.start {
        StepStart::External | StepStart::StartsOn { .. } => true,
        StepStart::During { after } => {
            after.is_empty() || after.iter().any(|event| seen.contains(event.as_str()))
        }
        StepStart::On(Trigger::Any(events)) => {
            events.iter().any(|event| seen.contains(event.as_str()))
        }
        StepStart::On(Trigger::All(events)) => {
            events.iter().all(|event| seen.contains(event.as_str()))
        }
        StepStart::On(Trigger::Absence { after, .. }) => seen.contains(after.as_str()),
    }
}

fn missing(step: &Step, reachable: &BTreeSet<&str>) -> String {
    let waits = match &step.start {
        StepStart::During { after } => after.iter().map(String::as_str).collect(),
        StepStart::On(Trigger::Absence { after, .. }) => vec![after.as_str()],
        _ => step.triggers(),
    };
    let missing: Vec<String> = waits
        .into_iter()
        .filter(|event| !reachable.contains(event))
        .map(|event| format!("`{event}`"))
        .collect();
    format!("{} never occurs", missing.join(" or "))
}
