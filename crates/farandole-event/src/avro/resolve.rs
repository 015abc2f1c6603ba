//! Avro schema resolution as a plan: which writer's bytes become which reader's bytes. The plan is computed once per pair of
//! schemas; running it turns a writer's body into a body of the reader's schema.

use std::collections::HashMap;

use super::{
    guard::{self, blocks},
    input::{Fault, Input},
    output,
    shape::{Field, Id, Kind, Logical, MAX_NESTING, Named, Shape},
};
use crate::{Limits, decimal};

/// How to read one writer's version as one reader's version.
#[derive(Debug)]
pub(crate) struct Plan {
    steps: Vec<Step>,
}

#[derive(Debug)]
enum Step {
    /// The same bytes mean the same to both.
    Copy(Id),
    Widen(Id, Number),
    /// Bytes that the reader takes for text: they must be UTF-8.
    Text,
    Rescale {
        from: u32,
        to: u32,
    },
    Symbols(Vec<Option<usize>>),
    Array(usize),
    Map(usize),
    Record {
        fields: Vec<Source>,
        defaults: Vec<Vec<u8>>,
        order: Vec<Origin>,
    },
    /// By the writer's branch.
    FromUnion(Vec<usize>),
    /// Into the reader's branch.
    IntoUnion(usize, usize),
    /// Values that take this way can't be read.
    Fail(String),
}

#[derive(Clone, Copy, Debug)]
enum Number {
    Float,
    Double,
}

/// What to do with a writer's field.
#[derive(Debug)]
struct Source {
    name: String,
    skip: Option<Id>,
    step: usize,
}

/// Where a reader's field comes from.
#[derive(Debug)]
enum Origin {
    Field(usize),
    Default(usize),
}

impl Plan {
    /// Plans the resolution. Ways that can't be taken fail only for the values that take them.
    pub(crate) fn of(writer: &Shape, reader: &Shape) -> Self {
        let mut planner = Planner {
            writer,
            reader,
            steps: Vec::new(),
            known: HashMap::new(),
            depth: 0,
        };
        planner.step(0, 0);
        Self {
            steps: planner.steps,
        }
    }

    /// Why no value at all can be read, where that is so.
    pub(crate) fn hopeless(&self) -> Option<&str> {
        match &self.steps[0] {
            Step::Fail(reason) => Some(reason),
            _ => None,
        }
    }

    /// The body in the reader's schema.
    pub(crate) fn run(
        &self,
        writer: &Shape,
        body: &[u8],
        limits: Limits,
    ) -> Result<Vec<u8>, Fault> {
        let mut input = Input::new(body, limits);
        let mut out = Vec::with_capacity(body.len() + 64);
        self.value(writer, 0, &mut input, &mut out)?;
        input.finish()?;
        Ok(out)
    }

    fn value(
        &self,
        writer: &Shape,
        step: usize,
        input: &mut Input<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), Fault> {
        input.enter()?;
        match &self.steps[step] {
            Step::Fail(reason) => return input.fault(reason.clone()),
            Step::Copy(id) => {
                let start = input.position();
                guard::value(writer, *id, input)?;
                out.extend_from_slice(input.since(start));
            }
            Step::Widen(id, to) => widen(writer.kind(*id), *to, input, out)?,
            Step::Text => output::bytes(out, input.text()?.as_bytes()),
            Step::Rescale { from, to } => rescale(*from, *to, input, out)?,
            Step::Symbols(symbols) => match symbols[input.index(symbols.len(), "enum symbol")?] {
                Some(symbol) => output::length(out, symbol),
                None => {
                    return input.fault("an enum symbol the reader doesn't know, and no default");
                }
            },
            Step::FromUnion(branches) => {
                let branch = input.index(branches.len(), "union branch")?;
                self.value(writer, branches[branch], input, out)?;
            }
            Step::IntoUnion(branch, inner) => {
                output::length(out, *branch);
                self.value(writer, *inner, input, out)?;
            }
            Step::Array(items) => self.container(input, out, |plan, input, out| {
                plan.value(writer, *items, input, out)
            })?,
            Step::Map(values) => self.container(input, out, |plan, input, out| {
                output::bytes(out, input.text()?.as_bytes());
                plan.value(writer, *values, input, out)
            })?,
            Step::Record {
                fields,
                defaults,
                order,
            } => {
                let scratch = self.sources(writer, fields, input)?;
                for origin in order {
                    out.extend_from_slice(match origin {
                        Origin::Field(index) => &scratch[*index],
                        Origin::Default(index) => &defaults[*index],
                    });
                }
            }
        }
        input.leave();
        Ok(())
    }

    /// The reader's bytes of each writer's field, in the writer's order.
    fn sources(
        &self,
        writer: &Shape,
        fields: &[Source],
        input: &mut Input<'_>,
    ) -> Result<Vec<Vec<u8>>, Fault> {
        let mut values = Vec::with_capacity(fields.len());
        for field in fields {
            let mut value = Vec::new();
            match field.skip {
                Some(id) => guard::value(writer, id, input),
                None => self.value(writer, field.step, input, &mut value),
            }
            .map_err(|fault| fault.within(|| format!(".{}", field.name)))?;
            values.push(value);
        }
        Ok(values)
    }

    /// One block with all items, whatever blocks the writer used.
    fn container(
        &self,
        input: &mut Input<'_>,
        out: &mut Vec<u8>,
        mut item: impl FnMut(&Self, &mut Input<'_>, &mut Vec<u8>) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let mut count = 0;
        let mut items = Vec::new();
        blocks(input, |input, index| {
            count = index + 1;
            item(self, input, &mut items).map_err(|fault| fault.within(|| format!("[{index}]")))
        })?;
        if count > 0 {
            output::length(out, count);
            out.extend_from_slice(&items);
        }
        out.push(0);
        Ok(())
    }
}

fn widen(from: &Kind, to: Number, input: &mut Input<'_>, out: &mut Vec<u8>) -> Result<(), Fault> {
    match (from, to) {
        (Kind::Float, _) => {
            out.extend_from_slice(&f64::from(f32::from_le_bytes(input.array()?)).to_le_bytes());
        }
        (_, Number::Float) => out.extend_from_slice(&(input.long()? as f32).to_le_bytes()),
        (_, Number::Double) => out.extend_from_slice(&(input.long()? as f64).to_le_bytes()),
    }
    Ok(())
}

fn rescale(from: u32, to: u32, input: &mut Input<'_>, out: &mut Vec<u8>) -> Result<(), Fault> {
    let number = decimal::from_bytes(input.bytes()?, from);
    match number.map(|number| decimal::to_bytes(number, to)) {
        Some(Ok(bytes)) => output::bytes(out, &bytes),
        Some(Err(reason)) => return input.fault(reason),
        None => return input.fault("a decimal beyond 96 bits"),
    }
    Ok(())
}

/// A reader's type has the writer's name, or had it once (an alias). As in Java, namespaces count for aliases only.
pub(crate) fn same_name(reader: &Named, writer: &Named) -> bool {
    reader.simple() == writer.simple() || reader.aliases.contains(&writer.full)
}

/// The writer's field that a reader's field takes its value from: by name, else by alias.
pub(crate) fn writer_field<'a>(reader: &Field, writer: &'a [Field]) -> Option<(usize, &'a Field)> {
    let by = |name: &str| {
        writer
            .iter()
            .enumerate()
            .find(|(_, field)| field.name == name)
    };
    by(&reader.name).or_else(|| reader.aliases.iter().find_map(|alias| by(alias)))
}

struct Planner<'a> {
    writer: &'a Shape,
    reader: &'a Shape,
    steps: Vec<Step>,
    known: HashMap<(Id, Id), usize>,
    depth: usize,
}

impl Planner<'_> {
    /// The index of the step for a pair of nodes; recursive types meet their own step again.
    fn step(&mut self, writer: Id, reader: Id) -> usize {
        if let Some(step) = self.known.get(&(writer, reader)) {
            return *step;
        }
        let index = self.steps.len();
        self.known.insert((writer, reader), index);
        self.steps.push(Step::Fail("not planned".into()));
        if self.depth < MAX_NESTING {
            self.depth += 1;
            self.steps[index] = self.plan(writer, reader);
            self.depth -= 1;
        } else {
            self.steps[index] = Step::Fail(format!("types nested deeper than {MAX_NESTING}"));
        }
        index
    }

    fn plan(&mut self, w: Id, r: Id) -> Step {
        let (writer, reader) = (self.writer, self.reader);
        match (writer.kind(w), reader.kind(r)) {
            (Kind::Union(branches), _) => Step::FromUnion(
                branches
                    .iter()
                    .map(|branch| self.step(*branch, r))
                    .collect(),
            ),
            (_, Kind::Union(branches)) => match self.branch(w, branches) {
                Some((index, branch)) => Step::IntoUnion(index, self.step(w, branch)),
                None => Step::Fail(format!(
                    "the reader's union takes no {}",
                    writer.kind(w).word()
                )),
            },
            (Kind::Bytes, Kind::Bytes) => match (writer.node(w).logical, reader.node(r).logical) {
                (Logical::Decimal { scale: from, .. }, Logical::Decimal { scale: to, .. })
                    if from != to =>
                {
                    Step::Rescale {
                        from: from as u32,
                        to: to as u32,
                    }
                }
                _ => Step::Copy(w),
            },
            (Kind::Null, Kind::Null)
            | (Kind::Boolean, Kind::Boolean)
            | (Kind::Int, Kind::Int | Kind::Long)
            | (Kind::Long, Kind::Long)
            | (Kind::Float, Kind::Float)
            | (Kind::Double, Kind::Double)
            | (Kind::String, Kind::String | Kind::Bytes) => Step::Copy(w),
            (Kind::Bytes, Kind::String) => Step::Text,
            (Kind::Int | Kind::Long, Kind::Float) => Step::Widen(w, Number::Float),
            (Kind::Int | Kind::Long | Kind::Float, Kind::Double) => Step::Widen(w, Number::Double),
            (Kind::Array(from), Kind::Array(to)) => Step::Array(self.step(*from, *to)),
            (Kind::Map(from), Kind::Map(to)) => Step::Map(self.step(*from, *to)),
            (Kind::Fixed(from, old), Kind::Fixed(to, new)) if old == new && same_name(to, from) => {
                match (writer.node(w).logical, reader.node(r).logical) {
                    (Logical::Decimal { scale: from, .. }, Logical::Decimal { scale: to, .. })
                        if from != to =>
                    {
                        Step::Fail(format!(
                            "a fixed decimal of scale {from} would change its value at scale {to}"
                        ))
                    }
                    _ => Step::Copy(w),
                }
            }
            (Kind::Enum(from, old, _), Kind::Enum(to, new, default)) if same_name(to, from) => {
                let find = |symbol: &String| new.iter().position(|known| known == symbol);
                Step::Symbols(
                    old.iter()
                        .map(|symbol| find(symbol).or(default.as_ref().and_then(find)))
                        .collect(),
                )
            }
            (Kind::Record(from, old), Kind::Record(to, new)) if same_name(to, from) => {
                self.record(old, new)
            }
            (from, to) => Step::Fail(format!(
                "{} can't be read as {}",
                describe(from),
                describe(to)
            )),
        }
    }

    /// The reader's branch of the same type and name, else the first that can take the value.
    fn branch(&mut self, w: Id, branches: &[Id]) -> Option<(usize, Id)> {
        let exact = |reader: &Kind| match (self.writer.kind(w), reader) {
            (Kind::Record(from, _), Kind::Record(to, _))
            | (Kind::Enum(from, ..), Kind::Enum(to, ..))
            | (Kind::Fixed(from, _), Kind::Fixed(to, _)) => {
                from.full == to.full || to.aliases.contains(&from.full)
            }
            (from, to) => std::mem::discriminant(from) == std::mem::discriminant(to),
        };
        let pairs = || branches.iter().copied().enumerate();
        let found = pairs().find(|(_, branch)| exact(self.reader.kind(*branch)));
        found
            .or_else(|| pairs().find(|(_, branch)| !matches!(self.plan(w, *branch), Step::Fail(_))))
    }

    fn record(&mut self, old: &[Field], new: &[Field]) -> Step {
        let mut fields: Vec<Source> = old
            .iter()
            .map(|field| Source {
                name: field.name.clone(),
                skip: Some(field.node),
                step: 0,
            })
            .collect();
        let (mut defaults, mut order) = (Vec::new(), Vec::new());
        for field in new {
            if let Some((index, source)) = writer_field(field, old) {
                fields[index].skip = None;
                fields[index].step = self.step(source.node, field.node);
                order.push(Origin::Field(index));
            } else if let Some(json) = &field.default {
                let mut value = Vec::new();
                if let Err(reason) = output::default(self.reader, field.node, json, &mut value) {
                    return Step::Fail(format!("field {}: {reason}", field.name));
                }
                order.push(Origin::Default(defaults.len()));
                defaults.push(value);
            } else {
                return Step::Fail(format!(
                    "field {} is not in the writer's schema and has no default",
                    field.name
                ));
            }
        }
        Step::Record {
            fields,
            defaults,
            order,
        }
    }
}

fn describe(kind: &Kind) -> String {
    match kind {
        Kind::Record(named, _) | Kind::Enum(named, ..) => format!("{} {}", kind.word(), named.full),
        Kind::Fixed(named, size) => format!("fixed {} of {size} bytes", named.full),
        _ => kind.word().to_owned(),
    }
}
