//! Plain checks: what one look at the definition and the schemas shows, without exploring runs.

mod flow;
mod schemas;

use farandole_event::Catalog;

use crate::Workflow;
use crate::place::Place;
use crate::report::{Finding, Severity};

/// Holds a workflow against itself and the schemas of its events. Errors keep it from running; warnings and advice don't.
pub fn check(workflow: &Workflow, catalog: &Catalog) -> Vec<Finding> {
    let mut checker = Checker {
        workflow,
        catalog,
        findings: Vec::new(),
    };
    checker.schemas();
    checker.flow();
    let mut findings = checker.findings;
    findings.sort_by(|a, b| {
        (a.offset, b.severity, &a.message).cmp(&(b.offset, a.severity, &b.message))
    });
    findings.dedup();
    findings
}

struct Checker<'a> {
    workflow: &'a Workflow,
    catalog: &'a Catalog,
    findings: Vec<Finding>,
}

/// One place where the definition names an event.
struct Mention<'a> {
    event: &'a str,
    place: Place,
    /// Whether somebody here waits for the event, rather than emitting it.
    needs: bool,
    /// Whether the event comes from another workflow.
    foreign: bool,
}

impl<'a> Checker<'a> {
    fn found(&mut self, severity: Severity, place: Place, message: String, help: Option<String>) {
        self.findings
            .push(Finding::new(severity, place, message).maybe_help(help));
    }

    fn place(&self, path: &str) -> Place {
        self.workflow.places.of(path)
    }

    /// Every mention of an event, in the order of the file's parts.
    fn mentions(&self) -> Vec<Mention<'a>> {
        let workflow = self.workflow;
        let mut mentions = Vec::new();
        let mut add = |path: String, event: &'a str, needs: bool, foreign: bool| {
            let place = workflow.places.of(&format!("{path}/{event}"));
            mentions.push(Mention {
                event,
                place,
                needs,
                foreign,
            });
        };
        for step in &workflow.steps {
            let path = format!("steps/{}", step.name);
            match &step.start {
                crate::StepStart::StartsOn { event, .. } => {
                    add(format!("{path}/starts_on"), event, true, true)
                }
                crate::StepStart::On(trigger) => {
                    trigger
                        .events()
                        .into_iter()
                        .for_each(|event| add(format!("{path}/on"), event, true, false));
                }
                crate::StepStart::During { after } => {
                    after
                        .iter()
                        .for_each(|event| add(format!("{path}/after"), event, true, false));
                }
                crate::StepStart::External => {}
            }
            step.reads
                .iter()
                .for_each(|event| add(format!("{path}/reads"), event, true, false));
            step.emits
                .events()
                .into_iter()
                .for_each(|event| add(format!("{path}/emits"), event, false, false));
            if let Some(compensate) = &step.compensate {
                add(format!("{path}/compensate"), &compensate.of, true, false);
                compensate
                    .emits
                    .events()
                    .into_iter()
                    .for_each(|event| add(format!("{path}/compensate"), event, false, false));
            }
        }
        workflow
            .carries
            .keys()
            .for_each(|event| add("carries".into(), event, true, false));
        workflow
            .ends
            .completed
            .iter()
            .for_each(|event| add("ends/completed".into(), event, true, false));
        workflow
            .ends
            .failed
            .iter()
            .for_each(|event| add("ends/failed".into(), event, true, false));
        mentions
    }
}
