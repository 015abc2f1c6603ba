//! From the located tree to a [`Workflow`]: the language itself. Every problem is noted, and reading goes on.

mod emits;
mod ends;
mod fields;
mod start;
mod step;

use std::collections::{BTreeMap, BTreeSet};

use farandole_event::sha256_hex;

use crate::name::{MAX_LONG_NAME, MAX_NAME, fault_of_field, fault_of_name, shown};
use crate::place::{Place, Places};
use crate::report::{Finding, Report, Severity};
use crate::tree::{self, Node, Value};
use crate::{Step, Workflow, duration};

/// The most steps of one workflow.
pub const MAX_STEPS: usize = 1000;
/// The most entries of one list.
const MAX_LIST: usize = 200;
/// The longest description, in characters.
const MAX_DESCRIPTION: usize = 2000;
/// Enough for one sitting.
const MAX_FINDINGS: usize = 50;

/// Reads a workflow file. `file` is its name for messages; nothing is opened.
///
/// # Errors
/// A report of all problems, each with line and column.
pub fn parse(file: &str, text: &str) -> Result<Workflow, Report> {
    let (tree, findings) = tree::read(text);
    let mut reader = Reader {
        findings,
        places: Places::default(),
    };
    let workflow = tree.and_then(|tree| reader.workflow(file, text, &tree));
    let Reader {
        mut findings,
        places,
    } = reader;
    match workflow {
        Some(workflow) if findings.is_empty() => Ok(Workflow { places, ..workflow }),
        _ => {
            findings.sort_by_key(|finding| finding.offset);
            findings.truncate(MAX_FINDINGS);
            Err(Report::new(file, text, findings))
        }
    }
}

/// Collects problems and places on the way.
struct Reader {
    findings: Vec<Finding>,
    places: Places,
}

impl Reader {
    fn problem(&mut self, place: Place, message: impl Into<String>) -> &mut Finding {
        self.findings
            .push(Finding::new(Severity::Error, place, message));
        let last = self.findings.len() - 1;
        &mut self.findings[last]
    }

    fn problem_help(&mut self, place: Place, message: impl Into<String>, help: impl Into<String>) {
        self.problem(place, message).help = Some(help.into());
    }

    fn workflow(&mut self, file: &str, text: &str, tree: &Node) -> Option<Workflow> {
        const KNOWN: [&str; 7] = [
            "workflow",
            "version",
            "key",
            "description",
            "carries",
            "steps",
            "ends",
        ];
        if matches!(tree.value, Value::Null) {
            self.problem_help(
                Place::START,
                "the file is empty",
                "a workflow file begins with `workflow: <name>`",
            );
            return None;
        }
        let mut fields = self.fields(tree, "a workflow file", &KNOWN)?;
        let name = fields
            .required(self, "workflow")
            .and_then(|node| self.name(node, "the workflow's name", MAX_NAME));
        let version = fields
            .required(self, "version")
            .and_then(|node| self.version(node));
        let key = fields
            .required(self, "key")
            .and_then(|node| self.field_name(node, "key"));
        let description = fields
            .optional("description")
            .and_then(|node| self.description(node));
        let carries = fields
            .optional("carries")
            .map(|node| self.carries(node))
            .unwrap_or_default();
        let steps = fields.required(self, "steps").map(|node| self.steps(node));
        let ends = fields
            .required(self, "ends")
            .and_then(|node| self.ends(node));
        Some(Workflow {
            name: name?,
            version: version?,
            key: key?,
            description,
            carries,
            steps: steps?,
            ends: ends?,
            source: text.into(),
            hash: sha256_hex(text.as_bytes()),
            file: file.into(),
            places: Places::default(),
        })
    }

    fn version(&mut self, node: &Node) -> Option<u32> {
        let text = self.text(node, "the version")?;
        match text.parse::<u32>() {
            Ok(version) if version >= 1 && version.to_string() == text => Some(version),
            _ => {
                let message = format!("the version `{}` is not a whole number from 1", shown(text));
                self.problem_help(
                    node.place,
                    message,
                    "the first version is `version: 1`, in a file v1.yaml",
                );
                None
            }
        }
    }

    fn steps(&mut self, node: &Node) -> Vec<Step> {
        let Value::Map(entries) = &node.value else {
            let message = format!(
                "`steps` is {}; it is a mapping from step names to steps",
                node.value.kind()
            );
            self.problem(node.place, message);
            return Vec::new();
        };
        if entries.len() > MAX_STEPS {
            self.problem(
                node.place,
                format!(
                    "{} steps are too many; the limit is {MAX_STEPS}",
                    entries.len()
                ),
            );
            return Vec::new();
        }
        let steps: Vec<Step> = entries
            .iter()
            .filter_map(|(name, body)| self.step(name, body))
            .collect();
        if steps.len() == entries.len() && !steps.iter().any(Step::begins_instance) {
            self.problem_help(
                node.place,
                "no step begins an instance",
                "give one step `external: start`, or `starts_on: {event: …, key: …}`",
            );
        }
        steps
    }

    fn carries(&mut self, node: &Node) -> BTreeMap<String, Vec<String>> {
        let mut carries = BTreeMap::new();
        let Value::Map(entries) = &node.value else {
            self.problem(
                node.place,
                format!(
                    "`carries` is {}; it maps events to lists of fields",
                    node.value.kind()
                ),
            );
            return carries;
        };
        for (event, fields) in entries {
            let Some(event_name) = self.event(event) else {
                continue;
            };
            let path = format!("carries/{event_name}");
            self.places.record(&path, event.place);
            let names: Vec<String> = self
                .one_or_list(fields, "the carried fields")
                .into_iter()
                .filter_map(|n| self.field_name(n, "field"))
                .collect();
            for (name, node) in names
                .iter()
                .zip(self.one_or_list(fields, "the carried fields"))
            {
                self.places.record(format!("{path}/{name}"), node.place);
            }
            carries.insert(event_name, names);
        }
        carries
    }

    // Scalars.

    fn text<'a>(&mut self, node: &'a Node, what: &str) -> Option<&'a str> {
        match &node.value {
            Value::Text(text) => Some(text),
            other => {
                self.problem(
                    node.place,
                    format!("{what} is {}; it is a single text", other.kind()),
                );
                None
            }
        }
    }

    fn name(&mut self, node: &Node, what: &str, max: usize) -> Option<String> {
        let text = self.text(node, what)?;
        match fault_of_name(text, max) {
            None => Some(text.to_owned()),
            Some(fault) => {
                self.problem(node.place, format!("{what} `{}` {fault}", shown(text)));
                None
            }
        }
    }

    fn event(&mut self, node: &Node) -> Option<String> {
        self.name(node, "the event", MAX_LONG_NAME)
    }

    fn field_name(&mut self, node: &Node, what: &str) -> Option<String> {
        let text = self.text(node, &format!("`{what}`"))?;
        match fault_of_field(text) {
            None => Some(text.to_owned()),
            Some(fault) => {
                self.problem(node.place, format!("`{}` {fault}", shown(text)));
                None
            }
        }
    }

    fn description(&mut self, node: &Node) -> Option<String> {
        let text = self.text(node, "a description")?;
        if text.chars().count() > MAX_DESCRIPTION {
            self.problem(
                node.place,
                format!("a description has at most {MAX_DESCRIPTION} characters"),
            );
            return None;
        }
        Some(text.trim().to_owned())
    }

    fn duration(&mut self, node: &Node, what: &str) -> Option<i64> {
        let text = self.text(node, what)?;
        match duration::parse_duration(text) {
            Ok(millis) => Some(millis),
            Err(fault) => {
                self.problem(node.place, format!("`{}` as {what}: {fault}", shown(text)));
                None
            }
        }
    }

    fn yes_or_no(&mut self, node: &Node, what: &str) -> Option<bool> {
        match self.text(node, what)? {
            "true" => Some(true),
            "false" => Some(false),
            other => {
                self.problem(
                    node.place,
                    format!("{what} is `{}`; it is true or false", shown(other)),
                );
                None
            }
        }
    }

    // Lists.

    /// One text or a list of them.
    fn one_or_list<'a>(&mut self, node: &'a Node, what: &str) -> Vec<&'a Node> {
        match &node.value {
            Value::Text(_) => vec![node],
            Value::List(_) => self.list(node, what),
            other => {
                self.problem(
                    node.place,
                    format!("{what} are {}; write one name or a list", other.kind()),
                );
                Vec::new()
            }
        }
    }

    fn list<'a>(&mut self, node: &'a Node, what: &str) -> Vec<&'a Node> {
        match &node.value {
            Value::List(items) if items.is_empty() => {
                self.problem(node.place, format!("the list of {what} is empty"));
                Vec::new()
            }
            Value::List(items) if items.len() > MAX_LIST => {
                self.problem(
                    node.place,
                    format!(
                        "{} {what} are too many; the limit is {MAX_LIST}",
                        items.len()
                    ),
                );
                Vec::new()
            }
            Value::List(items) => items.iter().collect(),
            other => {
                self.problem_help(
                    node.place,
                    format!("{what} are {} here, not a list", other.kind()),
                    "write a list: [first, second]",
                );
                Vec::new()
            }
        }
    }

    /// Events with their places recorded below `path`; each once.
    fn events(&mut self, nodes: &[&Node], path: &str) -> Vec<String> {
        let mut seen = BTreeSet::new();
        let mut events = Vec::new();
        for node in nodes {
            let Some(event) = self.event(node) else {
                continue;
            };
            self.places.record(format!("{path}/{event}"), node.place);
            if seen.insert(event.clone()) {
                events.push(event);
            } else {
                self.problem(node.place, format!("`{event}` stands in this list twice"));
            }
        }
        events
    }
}
