//! Which step fires for which event (rules 4–6).

use crate::{Step, StepStart, Trigger, Workflow};

impl Workflow {
    /// The steps that fire once for an event of this kind: single triggers and `any_of`, in the order of the file.
    /// Joins, absences and `starts_on` need more than one event or another instance, and are not among them.
    pub fn triggered_by<'a>(&'a self, event: &'a str) -> impl Iterator<Item = &'a Step> {
        self.steps.iter().filter(
            move |step| matches!(&step.start, StepStart::On(Trigger::Any(events)) if events.iter().any(|e| e == event)),
        )
    }

    /// The external steps that somebody outside may take once an event of this kind has happened.
    pub fn opened_by<'a>(&'a self, event: &'a str) -> impl Iterator<Item = &'a Step> {
        self.steps.iter().filter(
            move |step| matches!(&step.start, StepStart::During { after } if after.iter().any(|e| e == event)),
        )
    }

    /// The steps that begin an instance.
    pub fn starts(&self) -> impl Iterator<Item = &Step> {
        self.steps.iter().filter(|step| step.begins_instance())
    }

    /// Whether a firing of this step must show an output before the instance is done (rule 21).
    pub fn is_mandatory(&self, step: &Step) -> bool {
        !step.optional && step.emits.is_mandatory()
    }
}
