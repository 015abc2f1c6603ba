//! What makes a step happen: `external`, `on` or `starts_on`.

use super::Reader;
use super::fields::Fields;
use crate::name::{did_you_mean, shown};
use crate::place::Place;
use crate::tree::{Node, Value};
use crate::{StepStart, Trigger};

const TRIGGERS: &str =
    "write one event, {any_of: [a, b]}, {all_of: [a, b]} or {no: a, after: b, for: 2m}";

impl Reader {
    /// Exactly one of the three; `place` is the step's name.
    pub(super) fn start(
        &mut self,
        fields: &mut Fields<'_>,
        place: Place,
        path: &str,
    ) -> Option<StepStart> {
        let (external, on, starts_on) = (
            fields.optional("external"),
            fields.optional("on"),
            fields.optional("starts_on"),
        );
        if let (None, Some(after)) = (external, fields.place_of("after")) {
            self.problem_help(
                after,
                "`after` belongs to steps with `external: during`",
                "a trigger is written `on: …`",
            );
        }
        match (external, on, starts_on) {
            (Some(node), None, None) => self.external(node, fields, path),
            (None, Some(node), None) => {
                self.trigger(node, &format!("{path}/on")).map(StepStart::On)
            }
            (None, None, Some(node)) => self.starts_on(node, path),
            (None, None, None) => {
                self.problem_help(
                    place,
                    "nothing makes this step happen",
                    "give it a trigger (`on: …`), or `external: start|during` where somebody outside acts",
                );
                None
            }
            _ => {
                self.problem(
                    place,
                    "a step has one of `on`, `external` and `starts_on`, not several",
                );
                None
            }
        }
    }

    fn external(&mut self, node: &Node, fields: &mut Fields<'_>, path: &str) -> Option<StepStart> {
        let after = fields.optional("after");
        match self.text(node, "`external`")? {
            "start" => {
                if let Some(after) = after {
                    self.problem(
                        after.place,
                        "a step that begins an instance comes after nothing: leave `after` out",
                    );
                }
                Some(StepStart::External)
            }
            "during" => {
                let nodes = after
                    .map(|after| self.one_or_list(after, "the events in `after`"))
                    .unwrap_or_default();
                Some(StepStart::During {
                    after: self.events(&nodes, &format!("{path}/after")),
                })
            }
            other => {
                let meant = did_you_mean(other, ["start", "during"]).unwrap_or("during");
                let message = format!("`external` is `{}`; it is start or during", shown(other));
                self.problem_help(node.place, message, format!("did you mean `{meant}`?"));
                None
            }
        }
    }

    fn starts_on(&mut self, node: &Node, path: &str) -> Option<StepStart> {
        let mut fields = self.fields(node, "`starts_on`", &["event", "key"])?;
        let event = fields.required(self, "event");
        let key = fields.required(self, "key");
        let event =
            event.and_then(|event| self.events(&[event], &format!("{path}/starts_on")).pop());
        let key = key.and_then(|key| self.field_name(key, "key"));
        Some(StepStart::StartsOn {
            event: event?,
            key: key?,
        })
    }

    fn trigger(&mut self, node: &Node, path: &str) -> Option<Trigger> {
        self.places.record(path, node.place);
        match &node.value {
            Value::Text(_) => self
                .events(&[node], path)
                .pop()
                .map(|event| Trigger::Any(vec![event])),
            Value::Map(_) => self.trigger_form(node, path),
            other => {
                self.problem_help(node.place, format!("`on` is {}", other.kind()), TRIGGERS);
                None
            }
        }
    }

    fn trigger_form(&mut self, node: &Node, path: &str) -> Option<Trigger> {
        let before = self.findings.len();
        let mut fields = self.fields(node, "`on`", &["any_of", "all_of", "no", "after", "for"])?;
        let (any, all) = (fields.optional("any_of"), fields.optional("all_of"));
        let absence = ["no", "after", "for"]
            .iter()
            .any(|field| fields.optional(field).is_some());
        match (any, all, absence) {
            (Some(list), None, false) => self.several(list, path, "any_of").map(Trigger::Any),
            (None, Some(list), false) => self.several(list, path, "all_of").map(Trigger::All),
            (None, None, true) => self.absence(&mut fields, path),
            _ if self.findings.len() > before => None,
            _ => {
                self.problem_help(node.place, "`on` has one form, and only one", TRIGGERS);
                None
            }
        }
    }

    fn absence(&mut self, fields: &mut Fields<'_>, path: &str) -> Option<Trigger> {
        let no = fields.required(self, "no");
        let after = fields.required(self, "after");
        let time = fields.required(self, "for");
        let no_event = no.and_then(|no| self.events(&[no], path).pop());
        let after_event = after.and_then(|after| self.events(&[after], path).pop());
        let for_ms = time.and_then(|time| self.duration(time, "the time of an absence"));
        if let (Some(no_event), Some(after)) = (&no_event, after)
            && after_event.as_ref() == Some(no_event)
        {
            self.problem(
                after.place,
                format!("`{no_event}` can't be missing after itself"),
            );
            return None;
        }
        Some(Trigger::Absence {
            no: no_event?,
            after: after_event?,
            for_ms: for_ms?,
        })
    }
}
