//! YAML with places: every node knows where it stands. The parser's budgets keep hostile files small and fast.

use std::borrow::Cow;
use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::options::{DuplicateKeyPolicy, MergeKeyPolicy};
use serde_saphyr::{Error, Location, Options, Spanned};

use crate::name::shown;
use crate::place::Place;
use crate::report::Finding;

/// The largest workflow file, in bytes.
pub const MAX_FILE_BYTES: usize = 1024 * 1024;
const MAX_DEPTH: usize = 16;
const MAX_NODES: usize = 20_000;
const MAX_ALIASES: usize = 200;

/// A node and its place.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) place: Place,
    pub(crate) value: Value,
}

#[derive(Clone, Debug)]
pub(crate) enum Value {
    Null,
    /// A scalar as it is written, whatever type YAML would guess: `012` stays `012`, `no` stays `no`.
    Text(String),
    List(Vec<Node>),
    Map(Vec<(Node, Node)>),
}

impl Value {
    /// What it is, for messages.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Value::Null => "empty",
            Value::Text(_) => "text",
            Value::List(_) => "a list",
            Value::Map(_) => "a mapping",
        }
    }
}

/// Reads one document. With findings and a tree, the tree can still be read for more findings.
pub(crate) fn read(text: &str) -> (Option<Node>, Vec<Finding>) {
    if text.len() > MAX_FILE_BYTES {
        let message = format!(
            "the file has {} bytes; a workflow file has at most {MAX_FILE_BYTES}",
            text.len()
        );
        return (None, vec![Finding::error(Place::START, message)]);
    }
    if let Some(finding) = fault_of_text(text) {
        return (None, vec![finding]);
    }
    match serde_saphyr::from_str_with_options::<Raw>(text, options(DuplicateKeyPolicy::Error)) {
        Ok(raw) => (Some(located(raw, text)), Vec::new()),
        Err(error) => {
            let finding = finding_of(&error, text);
            let again =
                matches!(error.without_snippet(), Error::DuplicateMappingKey { .. }).then(|| {
                    serde_saphyr::from_str_with_options::<Raw>(
                        text,
                        options(DuplicateKeyPolicy::FirstWins),
                    )
                    .ok()
                });
            (again.flatten().map(|raw| located(raw, text)), vec![finding])
        }
    }
}

/// What the YAML parser would only report in its own words.
fn fault_of_text(text: &str) -> Option<Finding> {
    let mut offset = 0;
    for (index, line) in text.split_inclusive('\n').enumerate() {
        let indent = line.len() - line.trim_start_matches([' ', '\t']).len();
        if let Some(tab) = line[..indent].find('\t')
            && !line.trim().is_empty()
            && !line.trim_start().starts_with('#')
        {
            let place = Place {
                line: index as u32 + 1,
                column: tab as u32 + 1,
                offset: offset + tab,
                len: 1,
            };
            return Some(
                Finding::error(place, "a tab indents this line").help("YAML wants spaces"),
            );
        }
        if let Some((at, found)) = line.char_indices().find(|(_, c)| forbidden(*c)) {
            let column = line[..at].chars().count() as u32 + 1;
            let place = Place {
                line: index as u32 + 1,
                column,
                offset: offset + at,
                len: found.len_utf8(),
            };
            let message = format!("a control character (U+{:04X}) stands here", found as u32);
            return Some(Finding::error(place, message).help("write plain UTF-8 text"));
        }
        offset += line.len();
    }
    None
}

fn forbidden(c: char) -> bool {
    c.is_control() && !matches!(c, '\t' | '\n' | '\r')
}

fn options(duplicate_keys: DuplicateKeyPolicy) -> Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: MAX_DEPTH,
            flow_nesting_limit: MAX_DEPTH,
            max_nodes: MAX_NODES,
            max_events: 3 * MAX_NODES,
            max_aliases: MAX_ALIASES,
            max_anchors: MAX_ALIASES,
            max_documents: 2,
            max_total_scalar_bytes: MAX_FILE_BYTES,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: MAX_NODES,
            max_replay_stack_depth: 8,
        },
        duplicate_keys: duplicate_keys,
        merge_keys: MergeKeyPolicy::Error,
        strict_booleans: true,
        with_snippet: false,
    }
}

fn finding_of(error: &Error, text: &str) -> Finding {
    let error = error.without_snippet();
    if let Error::AliasError { error, .. } = error {
        return finding_of(error, text);
    }
    let place = error
        .location()
        .map_or(Place::START, |location| place_of(location, text));
    let end = place_of_end(text);
    match error {
        Error::Eof { .. } => Finding::error(end, "the file is empty")
            .help("a workflow file begins with `workflow: <name>`"),
        Error::MultipleDocuments { .. } => Finding::error(place, "a second document begins here")
            .help("one file holds one workflow: put each document into a file of its own"),
        Error::DuplicateMappingKey { key, .. } => {
            let key = key
                .as_deref()
                .map_or("a key".into(), |key| format!("`{}`", shown(key)));
            Finding::error(place, format!("{key} is written twice")).help("keep one of the two")
        }
        Error::MergeKeyNotAllowed { .. } => {
            Finding::error(place, "merge keys (`<<`) are not part of workflow files")
                .help("write the fields out")
        }
        Error::Budget { .. }
        | Error::AliasReplayLimitExceeded { .. }
        | Error::AliasReplayCounterOverflow { .. }
        | Error::AliasExpansionLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. } => too_much(place),
        Error::ExternalMessage { msg, .. } if msg.contains("limit") => too_much(place),
        Error::UnknownAnchor { .. } => {
            Finding::error(place, "no anchor (`&…`) has the name of this alias")
        }
        other => Finding::error(place, format!("this is not YAML: {}", first_line(other))),
    }
}

fn too_much(place: Place) -> Finding {
    Finding::error(place, "the file is too large or too deeply nested").help(format!(
        "at most {MAX_NODES} values, {MAX_DEPTH} levels and {MAX_ALIASES} aliases; what an alias stands for counts each time"
    ))
}

/// The parser's own words, without the place that it adds.
fn first_line(error: &Error) -> String {
    let text = error.to_string();
    let line = text.lines().next().unwrap_or_default();
    let line = line.split(" at line ").next().unwrap_or(line);
    let line = line.strip_prefix("error: ").unwrap_or(line);
    line.chars()
        .take(160)
        .collect::<String>()
        .trim_end_matches([',', ':', ' '])
        .to_owned()
}

fn place_of_end(text: &str) -> Place {
    let line = text.lines().count().max(1) as u32;
    Place {
        line,
        column: 1,
        offset: text.len(),
        len: 0,
    }
}

fn place_of(location: Location, text: &str) -> Place {
    let span = location.span();
    let offset = span
        .byte_offset()
        .map_or(text.len(), |at| (at as usize).min(text.len()));
    let len = span
        .byte_len()
        .map_or(0, |len| (len as usize).min(text.len() - offset));
    Place {
        line: (location.line() as u32).max(1),
        column: (location.column() as u32).max(1),
        offset,
        len,
    }
}

/// What serde sees; places and raw texts are settled afterwards.
type Raw = Spanned<RawValue>;

enum RawValue {
    Null,
    Text(String),
    /// A scalar that YAML takes for a number or a boolean: its text stands in the file.
    Typed,
    List(Vec<Raw>),
    Map(Vec<(Raw, Raw)>),
}

impl<'de> Deserialize<'de> for RawValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = RawValue;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text, a list or a mapping")
    }

    fn visit_unit<E>(self) -> Result<RawValue, E> {
        Ok(RawValue::Null)
    }

    fn visit_none<E>(self) -> Result<RawValue, E> {
        Ok(RawValue::Null)
    }

    fn visit_str<E>(self, text: &str) -> Result<RawValue, E> {
        Ok(RawValue::Text(text.to_owned()))
    }

    fn visit_bool<E>(self, _: bool) -> Result<RawValue, E> {
        Ok(RawValue::Typed)
    }

    fn visit_i64<E>(self, _: i64) -> Result<RawValue, E> {
        Ok(RawValue::Typed)
    }

    fn visit_u64<E>(self, _: u64) -> Result<RawValue, E> {
        Ok(RawValue::Typed)
    }

    fn visit_i128<E>(self, _: i128) -> Result<RawValue, E> {
        Ok(RawValue::Typed)
    }

    fn visit_u128<E>(self, _: u128) -> Result<RawValue, E> {
        Ok(RawValue::Typed)
    }

    fn visit_f64<E>(self, _: f64) -> Result<RawValue, E> {
        Ok(RawValue::Typed)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<RawValue, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        Ok(RawValue::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<RawValue, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            if entries.len() >= MAX_NODES {
                return Err(de::Error::custom("too many entries"));
            }
            entries.push(entry);
        }
        Ok(RawValue::Map(entries))
    }
}

fn located(raw: Raw, text: &str) -> Node {
    let place = place_of(raw.referenced, text);
    let value = match raw.value {
        RawValue::Null => Value::Null,
        RawValue::Text(text) => Value::Text(text),
        RawValue::Typed => Value::Text(written(raw.defined, text).into_owned()),
        RawValue::List(items) => {
            Value::List(items.into_iter().map(|item| located(item, text)).collect())
        }
        RawValue::Map(entries) => Value::Map(
            entries
                .into_iter()
                .map(|(key, value)| (located(key, text), located(value, text)))
                .collect(),
        ),
    };
    let node_len = match &value {
        // A collection's place is where it begins; marking all of it would mark half the file.
        Value::List(_) | Value::Map(_) => place.len.min(1),
        _ => place.len,
    };
    Node {
        place: Place {
            len: node_len,
            ..place
        },
        value,
    }
}

fn written(location: Location, text: &str) -> Cow<'_, str> {
    let place = place_of(location, text);
    let slice = text
        .as_bytes()
        .get(place.offset..place.offset + place.len)
        .unwrap_or_default();
    match String::from_utf8_lossy(slice) {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
        Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
    }
}
