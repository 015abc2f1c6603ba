//! One step.

use super::Reader;
use super::fields::Fields;
use crate::name::{MAX_NAME, shown};
use crate::place::Place;
use crate::tree::Node;
use crate::{Compensate, Emits, Step, StepStart};

const KNOWN: [&str; 12] = [
    "by",
    "description",
    "external",
    "after",
    "on",
    "starts_on",
    "reads",
    "emits",
    "within",
    "compensate",
    "optional",
    "waits_for",
];

impl Reader {
    pub(super) fn step(&mut self, name: &Node, body: &Node) -> Option<Step> {
        let step_name = self.name(name, "the step's name", MAX_NAME);
        let label = step_name
            .as_deref()
            .map_or("a step".to_owned(), |name| format!("step `{name}`"));
        let path = format!("steps/{}", step_name.as_deref().unwrap_or("?"));
        self.places.record(&path, name.place);
        let mut fields = self.fields(body, &label, &KNOWN)?;
        let by = match fields.optional("by") {
            Some(node) => self.name(node, "the participant", MAX_NAME),
            None => {
                self.problem_help(
                    name.place,
                    format!("{label} needs a field `by`"),
                    "`by` names the participant, a service",
                );
                None
            }
        };
        let description = fields
            .optional("description")
            .and_then(|node| self.description(node));
        let start = self.start(&mut fields, name.place, &path);
        let reads = fields
            .optional("reads")
            .map(|node| self.reads(node, &path))
            .unwrap_or_default();
        let emits = fields
            .optional("emits")
            .map_or(Some(Emits::Nothing), |node| {
                self.emits(node, &format!("{path}/emits"))
            });
        let within_ms = fields
            .optional("within")
            .and_then(|node| self.duration(node, "`within`"));
        let compensate = fields
            .optional("compensate")
            .and_then(|node| self.compensate(node, &path));
        let optional = fields
            .optional("optional")
            .and_then(|node| self.yes_or_no(node, "`optional`"))
            .unwrap_or(false);
        let waits_for_person = fields
            .optional("waits_for")
            .is_some_and(|node| self.waits_for(node));
        let step = Step {
            name: step_name?,
            by: by?,
            description,
            start: start?,
            reads,
            emits: emits?,
            within_ms,
            compensate,
            optional,
            waits_for_person,
        };
        self.step_fits(&step, &fields, name.place);
        Some(step)
    }

    /// Fields that don't go together.
    fn step_fits(&mut self, step: &Step, fields: &Fields<'_>, place: Place) {
        let at = |name: &str| fields.place_of(name).unwrap_or(place);
        if step.is_external() {
            if step.emits.events().is_empty() {
                self.problem(
                    place,
                    format!(
                        "step `{}` comes from outside and emits nothing: it would leave no trace",
                        step.name
                    ),
                );
            }
            if !step.reads.is_empty() {
                self.problem(
                    at("reads"),
                    "an external step has no handler, so it reads nothing",
                );
            }
            if step.compensate.is_some() {
                self.problem(
                    at("compensate"),
                    "an external step has no handler that could undo it",
                );
            }
        }
        if step.start == StepStart::External {
            if !matches!(step.emits, Emits::One(_) | Emits::Nothing) {
                self.problem(
                    at("emits"),
                    "an instance begins with exactly one event: give every way to begin a step of its own",
                );
            }
            if step.within_ms.is_some() {
                self.problem(
                    at("within"),
                    "nothing comes before the step that begins an instance: leave `within` out",
                );
            }
        }
        if matches!(&step.start, StepStart::During { after } if after.is_empty())
            && step.within_ms.is_some()
        {
            self.problem(
                at("within"),
                "`within` needs a moment to run from: say `after` which event",
            );
        }
        if let Some(compensate) = &step.compensate
            && !step.emits.events().contains(&compensate.of.as_str())
        {
            let message = format!(
                "step `{}` doesn't emit `{}`, so it can't undo it",
                step.name, compensate.of
            );
            self.problem(at("compensate"), message);
        }
    }

    fn reads(&mut self, node: &Node, path: &str) -> Vec<String> {
        let nodes = self.one_or_list(node, "the events in `reads`");
        self.events(&nodes, &format!("{path}/reads"))
    }

    fn compensate(&mut self, node: &Node, path: &str) -> Option<Compensate> {
        let mut fields = self.fields(node, "`compensate`", &["of", "emits"])?;
        let path = format!("{path}/compensate");
        let of = fields.required(self, "of");
        let emits = fields.required(self, "emits");
        let of = of.and_then(|of| self.events(&[of], &path).pop());
        let emits = emits.and_then(|emits| self.emits(emits, &path));
        Some(Compensate {
            of: of?,
            emits: emits?,
        })
    }

    fn waits_for(&mut self, node: &Node) -> bool {
        match self.text(node, "`waits_for`") {
            Some("person") => true,
            Some(other) => {
                self.problem(
                    node.place,
                    format!("`waits_for` is `{}`; it can only be person", shown(other)),
                );
                false
            }
            None => false,
        }
    }
}
