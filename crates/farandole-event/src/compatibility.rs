//! Whether two versions of an event can read each other, as Java Avro judges it, with the place and the reason.

use std::{collections::HashSet, fmt, str::FromStr, sync::Arc};

use apache_avro::Schema;
use serde::{Deserialize, Serialize};

use crate::{
    EventSchema,
    avro::{
        resolve::{same_name, writer_field},
        shape::{Field, Id, Kind, Logical, MAX_NESTING, Named, Shape},
    },
};

/// How a new version must fit the earlier ones; spelt as Confluent's registry does (`FULL_TRANSITIVE`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Mode {
    /// New readers read the previous version.
    Backward,
    /// New readers read every earlier version.
    BackwardTransitive,
    /// Readers of the previous version read the new one.
    Forward,
    /// Readers of every earlier version read the new one.
    ForwardTransitive,
    /// Both ways with the previous version.
    Full,
    /// Both ways with every earlier version.
    #[default]
    FullTransitive,
    /// Anything goes.
    None,
}

const MODES: [(Mode, &str); 7] = [
    (Mode::Backward, "BACKWARD"),
    (Mode::BackwardTransitive, "BACKWARD_TRANSITIVE"),
    (Mode::Forward, "FORWARD"),
    (Mode::ForwardTransitive, "FORWARD_TRANSITIVE"),
    (Mode::Full, "FULL"),
    (Mode::FullTransitive, "FULL_TRANSITIVE"),
    (Mode::None, "NONE"),
];

impl Mode {
    fn backward(self) -> bool {
        matches!(
            self,
            Self::Backward | Self::BackwardTransitive | Self::Full | Self::FullTransitive
        )
    }

    fn forward(self) -> bool {
        matches!(
            self,
            Self::Forward | Self::ForwardTransitive | Self::Full | Self::FullTransitive
        )
    }

    fn transitive(self) -> bool {
        matches!(
            self,
            Self::BackwardTransitive | Self::ForwardTransitive | Self::FullTransitive
        )
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            MODES
                .iter()
                .find(|(mode, _)| mode == self)
                .map_or("", |(_, text)| text),
        )
    }
}

impl FromStr for Mode {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = MODES
            .iter()
            .find(|(_, spelt)| *spelt == text)
            .map(|(mode, _)| *mode);
        found.ok_or_else(|| {
            format!(
                "{text:?} is no compatibility mode; one of {}",
                MODES.map(|(_, spelt)| spelt).join(", ")
            )
        })
    }
}

/// Who reads whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// The new version reads what the old one wrote (backward).
    NewReadsOld,
    /// The old version reads what the new one writes (forward).
    OldReadsNew,
}

/// One thing that doesn't fit, or deserves a look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Where, as a JSON path in the reading version's schema (`$.fields[2].type`).
    pub path: String,
    /// What is wrong there.
    pub reason: String,
    /// Which version reads.
    pub direction: Direction,
    /// The old version concerned.
    pub against: u32,
    /// Whether values can fail to decode; else it is a warning.
    pub fatal: bool,
}

/// Judges a new version against the earlier ones (in any order) under a mode.
///
/// A backward finding is a warning where the new version says `"upgrade": true`: its hand-written upgrade reads the old one.
pub fn check(new: &EventSchema, older: &[Arc<EventSchema>], mode: Mode) -> Vec<Finding> {
    let mut earlier: Vec<_> = older
        .iter()
        .filter(|old| old.version() < new.version())
        .collect();
    earlier.sort_by_key(|old| std::cmp::Reverse(old.version()));
    if !mode.transitive() {
        earlier.truncate(1);
    }
    let mut findings = Vec::new();
    for old in earlier.into_iter().filter(|_| mode != Mode::None) {
        if mode.backward() {
            let mut backward = judge(
                new.shape(),
                old.shape(),
                Direction::NewReadsOld,
                old.version(),
            );
            for finding in backward
                .iter_mut()
                .filter(|finding| finding.fatal && new.needs_upgrade())
            {
                finding.fatal = false;
                finding.reason.push_str(" (left to the upgrade function)");
            }
            findings.extend(backward);
        }
        if mode.forward() {
            findings.extend(judge(
                old.shape(),
                new.shape(),
                Direction::OldReadsNew,
                old.version(),
            ));
        }
        findings.extend(routing(new, old));
    }
    findings
}

/// Judges whether `reader` can read what `writer` wrote. A schema that can't be vetted is one fatal finding.
pub fn can_read(reader: &Schema, writer: &Schema) -> Vec<Finding> {
    match (Shape::of(reader), Shape::of(writer)) {
        (Ok(reader), Ok(writer)) => judge(&reader, &writer, Direction::NewReadsOld, 0),
        (Err(reason), _) | (_, Err(reason)) => vec![Finding {
            path: "$".into(),
            reason,
            direction: Direction::NewReadsOld,
            against: 0,
            fatal: true,
        }],
    }
}

/// Topic and key are no part of Avro, but a change of them moves events between partitions.
fn routing(new: &EventSchema, old: &EventSchema) -> Vec<Finding> {
    let changes = [
        ("$.farandole.topic", Some(new.topic()), Some(old.topic())),
        ("$.farandole.key", new.key(), old.key()),
    ];
    let changed = changes.into_iter().filter(|(_, now, before)| now != before);
    changed
        .map(|(path, now, before)| Finding {
            path: path.into(),
            reason: format!(
                "changed from {} to {}: events of both versions lose their common order",
                before.unwrap_or("the workflow's key"),
                now.unwrap_or("the workflow's key")
            ),
            direction: Direction::NewReadsOld,
            against: old.version(),
            fatal: false,
        })
        .collect()
}

fn judge(reader: &Shape, writer: &Shape, direction: Direction, against: u32) -> Vec<Finding> {
    let mut judge = Judge {
        reader,
        writer,
        seen: HashSet::new(),
        found: Vec::new(),
        depth: 0,
    };
    judge.pair(0, 0, "$");
    let found = judge.found.into_iter();
    found
        .map(|(path, reason, fatal)| Finding {
            path,
            reason,
            direction,
            against,
            fatal,
        })
        .collect()
}

struct Judge<'a> {
    reader: &'a Shape,
    writer: &'a Shape,
    seen: HashSet<(Id, Id)>,
    found: Vec<(String, String, bool)>,
    depth: usize,
}

impl Judge<'_> {
    fn wrong(&mut self, path: &str, reason: String) {
        self.found.push((path.to_owned(), reason, true));
    }

    /// Judges a pair of types once; a recursive type meets itself again and adds nothing.
    fn pair(&mut self, r: Id, w: Id, path: &str) {
        if !self.seen.insert((r, w)) {
            return;
        }
        if self.depth >= MAX_NESTING {
            return self.wrong(path, format!("types nested deeper than {MAX_NESTING}"));
        }
        self.depth += 1;
        self.types(r, w, path);
        self.depth -= 1;
    }

    fn types(&mut self, r: Id, w: Id, path: &str) {
        let (reader, writer) = (self.reader, self.writer);
        match (reader.kind(r), writer.kind(w)) {
            (_, Kind::Union(branches)) => {
                for branch in branches {
                    self.pair(r, *branch, path);
                }
            }
            (Kind::Union(branches), kind) => {
                if !branches.iter().any(|branch| self.takes(*branch, w)) {
                    self.wrong(
                        path,
                        format!(
                            "no branch of the reader's union takes the writer's {}",
                            kind.word()
                        ),
                    );
                }
            }
            (Kind::Array(to), Kind::Array(from)) => self.pair(*to, *from, &format!("{path}.items")),
            (Kind::Map(to), Kind::Map(from)) => self.pair(*to, *from, &format!("{path}.values")),
            (Kind::Record(to, new), Kind::Record(from, old)) => {
                self.names(to, from, path);
                self.fields(new, old, path);
            }
            (Kind::Enum(to, new, default), Kind::Enum(from, old, _)) => {
                self.names(to, from, path);
                self.symbols(new, default.as_ref(), old, path);
            }
            (Kind::Fixed(to, new), Kind::Fixed(from, old)) => {
                self.names(to, from, path);
                if new != old {
                    self.wrong(
                        &format!("{path}.size"),
                        format!("the reader expects {new} bytes, the writer has {old}"),
                    );
                }
                self.decimals(r, w, path);
            }
            (to, from) if promotes(to, from) => self.decimals(r, w, path),
            (to, from) => self.wrong(
                path,
                format!(
                    "the reader expects {}, the writer has {}",
                    to.word(),
                    from.word()
                ),
            ),
        }
    }

    /// Whether a branch of the reader's union takes the writer's type altogether.
    fn takes(&self, branch: Id, w: Id) -> bool {
        let mut trial = Judge {
            reader: self.reader,
            writer: self.writer,
            seen: self.seen.clone(),
            found: Vec::new(),
            depth: self.depth,
        };
        trial.pair(branch, w, "$");
        trial.found.iter().all(|(_, _, fatal)| !fatal)
    }

    fn names(&mut self, reader: &Named, writer: &Named, path: &str) {
        if !same_name(reader, writer) {
            let reason = format!(
                "the reader's {} is not the writer's {}, and no alias says so",
                reader.full, writer.full
            );
            self.wrong(&format!("{path}.name"), reason);
        }
    }

    fn fields(&mut self, reader: &[Field], writer: &[Field], path: &str) {
        for (index, field) in reader.iter().enumerate() {
            let here = format!("{path}.fields[{index}]");
            match writer_field(field, writer) {
                Some((_, source)) => {
                    let before = self.found.len();
                    self.pair(field.node, source.node, &format!("{here}.type"));
                    for (_, reason, _) in &mut self.found[before..] {
                        *reason = format!("field {}: {reason}", field.name);
                    }
                }
                None if field.default.is_some() => {}
                None => self.wrong(
                    &here,
                    format!(
                        "the writer has no field {}, and it has no default",
                        field.name
                    ),
                ),
            }
        }
    }

    fn symbols(
        &mut self,
        reader: &[String],
        default: Option<&String>,
        writer: &[String],
        path: &str,
    ) {
        let missing: Vec<&str> = writer
            .iter()
            .filter(|symbol| !reader.contains(symbol))
            .map(String::as_str)
            .collect();
        if !missing.is_empty() && !default.is_some_and(|symbol| reader.contains(symbol)) {
            let reason = format!(
                "the reader lacks {}, and has no default symbol",
                missing.join(", ")
            );
            self.wrong(&format!("{path}.symbols"), reason);
        }
    }

    fn decimals(&mut self, r: Id, w: Id, path: &str) {
        let (to, from) = (self.reader.node(r).logical, self.writer.node(w).logical);
        let decimal = |logical| matches!(logical, Logical::Decimal { .. });
        if to != from && (decimal(to) || decimal(from)) {
            let reason = "another decimal precision or scale: Avro calls this compatible, but readers in other languages \
                          can take the number for another one";
            self.found.push((path.to_owned(), reason.to_owned(), false));
        }
    }
}

/// Avro's promotions between types without parts.
fn promotes(reader: &Kind, writer: &Kind) -> bool {
    match reader {
        Kind::Null | Kind::Boolean | Kind::Int => {
            std::mem::discriminant(reader) == std::mem::discriminant(writer)
        }
        Kind::Long => matches!(writer, Kind::Int | Kind::Long),
        Kind::Float => matches!(writer, Kind::Int | Kind::Long | Kind::Float),
        Kind::Double => matches!(writer, Kind::Int | Kind::Long | Kind::Float | Kind::Double),
        Kind::Bytes | Kind::String => matches!(writer, Kind::Bytes | Kind::String),
        _ => false,
    }
}
