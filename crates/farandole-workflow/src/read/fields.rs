//! The fields of a mapping: known ones are taken, others explained.

use super::Reader;
use crate::name::{did_you_mean, shown};
use crate::place::Place;
use crate::tree::{Node, Value};

/// The known fields of one mapping.
pub(super) struct Fields<'a> {
    what: String,
    place: Place,
    entries: Vec<(&'static str, Place, &'a Node)>,
}

impl<'a> Fields<'a> {
    /// The field's value, or a problem.
    pub(super) fn required(&mut self, reader: &mut Reader, name: &'static str) -> Option<&'a Node> {
        let found = self.optional(name);
        if found.is_none() {
            reader.problem(self.place, format!("{} needs a field `{name}`", self.what));
        }
        found
    }

    /// The field's value, if it is there.
    pub(super) fn optional(&mut self, name: &'static str) -> Option<&'a Node> {
        self.entries
            .iter()
            .find(|(field, ..)| *field == name)
            .map(|(.., node)| *node)
    }

    /// Where the field's name stands.
    pub(super) fn place_of(&self, name: &str) -> Option<Place> {
        self.entries
            .iter()
            .find(|(field, ..)| *field == name)
            .map(|(_, place, _)| *place)
    }
}

impl Reader {
    /// Takes a mapping apart. `what` names it in messages ("step `offer`").
    pub(super) fn fields<'a>(
        &mut self,
        node: &'a Node,
        what: &str,
        known: &[&'static str],
    ) -> Option<Fields<'a>> {
        let Value::Map(map) = &node.value else {
            self.problem_help(
                node.place,
                format!("{what} is {}; it is a mapping", node.value.kind()),
                format!("its fields are {}", known.join(", ")),
            );
            return None;
        };
        let mut entries = Vec::new();
        for (key, value) in map {
            let Some(name) = self.text(key, "a field's name") else {
                continue;
            };
            match known.iter().find(|field| **field == name) {
                Some(_) => entries.push((known_name(known, name), key.place, value)),
                None => self.unknown_field(key, name, what, known),
            }
        }
        Some(Fields {
            what: what.into(),
            place: node.place,
            entries,
        })
    }

    fn unknown_field(&mut self, key: &Node, name: &str, what: &str, known: &[&'static str]) {
        let help = match did_you_mean(name, known.iter().copied()) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("its fields are {}", known.join(", ")),
        };
        self.problem_help(
            key.place,
            format!("{what} has no field `{}`", shown(name)),
            help,
        );
    }
}

fn known_name(known: &[&'static str], name: &str) -> &'static str {
    known
        .iter()
        .find(|field| **field == name)
        .copied()
        .unwrap_or_default()
}
