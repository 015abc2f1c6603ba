//! The definition against the schemas: events, keys, carried fields.

use super::Checker;
use crate::name::did_you_mean;
use crate::report::Severity;
use crate::{Step, StepStart};

impl Checker<'_> {
    pub(super) fn schemas(&mut self) {
        self.known_events();
        self.keys();
        self.carried_fields();
    }

    fn known_events(&mut self) {
        for mention in self.mentions() {
            if self.catalog.latest(mention.event).is_none() {
                let help = match did_you_mean(mention.event, self.catalog.events()) {
                    Some(meant) => format!("did you mean `{meant}`?"),
                    None => format!("write its schema: events/{}/v1.avsc", mention.event),
                };
                let message = format!("no schema describes the event `{}`", mention.event);
                self.found(Severity::Error, mention.place, message, Some(help));
            }
        }
    }

    /// The first event names the instance; every event without a key of its own is keyed by the instance's.
    fn keys(&mut self) {
        let workflow = self.workflow;
        for step in &workflow.steps {
            for event in step.outputs() {
                self.key_of_output(step, event);
            }
            if let StepStart::StartsOn { event, key } = &step.start {
                self.field_exists(
                    event,
                    key,
                    &format!("steps/{}/starts_on/{event}", step.name),
                    "names the new instance",
                );
            }
        }
    }

    fn key_of_output(&mut self, step: &Step, event: &str) {
        let Some(schema) = self.catalog.latest(event) else {
            return;
        };
        let key = &self.workflow.key;
        let path = format!("steps/{}/emits/{event}", step.name);
        match schema.key() {
            None => self.field_exists(
                event,
                key,
                &path,
                "is the workflow's key, and the event names no other",
            ),
            Some(own) if step.start == StepStart::External && own != key => {
                let message = format!(
                    "`{event}` begins an instance of `{key}`, but its records are keyed by `{own}`"
                );
                let help = format!("begin with an event whose schema says \"key\": \"{key}\"");
                self.found(Severity::Error, self.place(&path), message, Some(help));
            }
            Some(_) => {}
        }
    }

    fn carried_fields(&mut self) {
        let workflow = self.workflow;
        for (event, fields) in &workflow.carries {
            for field in fields {
                self.field_exists(
                    event,
                    field,
                    &format!("carries/{event}/{field}"),
                    "is to be carried along",
                );
            }
        }
    }

    fn field_exists(&mut self, event: &str, field: &str, path: &str, role: &str) {
        let Some(schema) = self.catalog.latest(event) else {
            return;
        };
        let names: Vec<&str> = schema.fields().map(|info| info.name).collect();
        if names.contains(&field) {
            return;
        }
        let help = match did_you_mean(field, names.iter().copied()) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("its fields are {}", names.join(", ")),
        };
        let message = format!(
            "`{event}` v{} has no field `{field}`, which {role}",
            schema.version()
        );
        self.found(Severity::Error, self.place(path), message, Some(help));
    }
}
