//! `emits`: one event, `one_of`, `all_of`, `optional`.

use super::Reader;
use crate::Emits;
use crate::place::Place;
use crate::tree::{Node, Value};

const FORMS: &str = "write one event, {one_of: [a, b]}, {all_of: [a, b]} or {optional: a}";

impl Reader {
    /// Reads what a step emits; places go below `path`.
    pub(super) fn emits(&mut self, node: &Node, path: &str) -> Option<Emits> {
        self.places.record(path, node.place);
        match &node.value {
            Value::Text(_) => self.events(&[node], path).pop().map(Emits::One),
            Value::Map(_) => self.emits_form(node, path),
            other => {
                self.problem_help(node.place, format!("`emits` is {}", other.kind()), FORMS);
                None
            }
        }
    }

    fn emits_form(&mut self, node: &Node, path: &str) -> Option<Emits> {
        let before = self.findings.len();
        let mut fields = self.fields(node, "`emits`", &["one_of", "all_of", "optional"])?;
        let forms = [
            fields.optional("one_of"),
            fields.optional("all_of"),
            fields.optional("optional"),
        ];
        match forms {
            [Some(list), None, None] => self.several(list, path, "one_of").map(Emits::OneOf),
            [None, Some(list), None] => self.several(list, path, "all_of").map(Emits::AllOf),
            [None, None, Some(inner)] => match self.emits(inner, path)? {
                Emits::Optional(_) => {
                    self.problem(
                        inner.place,
                        "`optional` inside `optional` says nothing more",
                    );
                    None
                }
                inner => Some(Emits::Optional(Box::new(inner))),
            },
            _ if self.findings.len() > before => None,
            _ => {
                self.problem_help(node.place, "`emits` has one form, and only one", FORMS);
                None
            }
        }
    }

    /// At least two different events.
    pub(super) fn several(&mut self, list: &Node, path: &str, form: &str) -> Option<Vec<String>> {
        let nodes = self.list(list, "events");
        let events = self.events(&nodes, path);
        if nodes.len() == 1 {
            self.lonely(list.place, form);
            return None;
        }
        (events.len() == nodes.len() && events.len() > 1).then_some(events)
    }

    fn lonely(&mut self, place: Place, form: &str) {
        self.problem_help(
            place,
            format!("`{form}` has a single event"),
            "write the event alone, without a list",
        );
    }
}
