//! `ends`: the events that end an instance.

use super::Reader;
use crate::Ends;
use crate::tree::{Node, Value};

impl Reader {
    pub(super) fn ends(&mut self, node: &Node) -> Option<Ends> {
        self.places.record("ends", node.place);
        let mut fields = self.fields(node, "`ends`", &["completed", "failed"])?;
        let completed = fields.required(self, "completed");
        let failed = fields.optional("failed");
        let completed = completed
            .map(|node| self.end(node, "ends/completed"))
            .unwrap_or_default();
        let failed = failed
            .map(|node| self.end(node, "ends/failed"))
            .unwrap_or_default();
        if let Some(both) = completed.iter().find(|event| failed.contains(event)) {
            let place = self.places.of(&format!("ends/failed/{both}"));
            self.problem(place, format!("`{both}` can't be a success and a failure"));
        }
        Some(Ends { completed, failed })
    }

    fn end(&mut self, node: &Node, path: &str) -> Vec<String> {
        match &node.value {
            Value::Text(_) => self.events(&[node], path),
            Value::Map(_) => {
                let Some(mut fields) = self.fields(node, "an end", &["any_of"]) else {
                    return Vec::new();
                };
                fields
                    .required(self, "any_of")
                    .and_then(|list| self.several(list, path, "any_of"))
                    .unwrap_or_default()
            }
            other => {
                let message = format!("an end is {}", other.kind());
                self.problem_help(node.place, message, "write one event, or {any_of: [a, b]}");
                Vec::new()
            }
        }
    }
}
