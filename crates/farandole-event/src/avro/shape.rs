use std::collections::HashMap;

use apache_avro::schema::{
    Aliases, DecimalSchema, FixedSchema, InnerDecimalSchema, Name, RecordSchema, Schema, UuidSchema,
};
use serde_json::Value;

/// Most nodes a schema may have.
const MAX_NODES: usize = 10_000;
/// Longest name of a type, field or symbol, in bytes.
const MAX_NAME: usize = 255;
/// Largest `fixed`, in bytes.
const MAX_FIXED: usize = 1024 * 1024;

/// How deep two schemas are followed into each other: references can chain thousands of types.
pub(crate) const MAX_NESTING: usize = 100;

/// Index of a node in its [`Shape`].
pub(crate) type Id = usize;

/// A schema as a flat graph: references are indices, so walking it needs no name lookup. The root is node 0.
#[derive(Debug)]
pub(crate) struct Shape {
    nodes: Vec<Node>,
}

#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) kind: Kind,
    pub(crate) logical: Logical,
}

#[derive(Debug)]
pub(crate) enum Kind {
    Null,
    Boolean,
    Int,
    Long,
    Float,
    Double,
    Bytes,
    String,
    Array(Id),
    Map(Id),
    Union(Vec<Id>),
    Record(Named, Vec<Field>),
    Enum(Named, Vec<String>, Option<String>),
    Fixed(Named, usize),
}

impl Kind {
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean => "boolean",
            Self::Int => "int",
            Self::Long => "long",
            Self::Float => "float",
            Self::Double => "double",
            Self::Bytes => "bytes",
            Self::String => "string",
            Self::Array(_) => "array",
            Self::Map(_) => "map",
            Self::Union(_) => "union",
            Self::Record(..) => "record",
            Self::Enum(..) => "enum",
            Self::Fixed(..) => "fixed",
        }
    }
}

/// The logical types that change how a value is shown or compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Logical {
    None,
    Decimal { precision: usize, scale: usize },
    Date,
    TimestampMillis,
    TimestampMicros,
    Uuid,
    Other,
}

/// A full name and the full names it was known by before.
#[derive(Debug)]
pub(crate) struct Named {
    pub(crate) full: String,
    pub(crate) aliases: Vec<String>,
}

impl Named {
    /// The name without its namespace.
    pub(crate) fn simple(&self) -> &str {
        self.full.rsplit('.').next().unwrap_or(&self.full)
    }
}

#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) aliases: Vec<String>,
    pub(crate) default: Option<Value>,
    pub(crate) node: Id,
    pub(crate) doc: Option<String>,
}

impl Shape {
    /// Flattens and vets a schema.
    pub(crate) fn of(schema: &Schema) -> Result<Self, String> {
        let mut builder = Builder {
            nodes: Vec::new(),
            names: HashMap::new(),
        };
        builder.add(schema)?;
        let shape = Self {
            nodes: builder.nodes,
        };
        shape.refuse_endless()?;
        Ok(shape)
    }

    pub(crate) fn node(&self, id: Id) -> &Node {
        &self.nodes[id]
    }

    pub(crate) fn kind(&self, id: Id) -> &Kind {
        &self.nodes[id].kind
    }

    /// The root's fields; an event's root is always a record.
    pub(crate) fn fields(&self) -> &[Field] {
        match &self.nodes[0].kind {
            Kind::Record(_, fields) => fields,
            _ => &[],
        }
    }

    /// A record that always contains itself has no finite value and sends decoders into endless recursion.
    /// Repeats "a value of this node is finite when …" until nothing more becomes finite.
    fn refuse_endless(&self) -> Result<(), String> {
        let mut finite = vec![false; self.nodes.len()];
        loop {
            let before = finite.iter().filter(|known| **known).count();
            // Parts mostly come after the whole, so backwards is quickest.
            for (id, node) in self.nodes.iter().enumerate().rev() {
                let ends = match &node.kind {
                    Kind::Record(_, fields) => fields.iter().all(|field| finite[field.node]),
                    Kind::Union(branches) => branches.iter().any(|branch| finite[*branch]),
                    _ => true,
                };
                finite[id] |= ends;
            }
            if finite.iter().filter(|known| **known).count() == before {
                break;
            }
        }
        match finite
            .iter()
            .position(|known| !known)
            .map(|id| &self.nodes[id].kind)
        {
            Some(Kind::Record(named, _)) => Err(format!(
                "record {} always contains itself: no value can end",
                named.full
            )),
            Some(_) => Err("a type always contains itself: no value can end".into()),
            None => Ok(()),
        }
    }
}

struct Builder {
    nodes: Vec<Node>,
    names: HashMap<String, Id>,
}

impl Builder {
    fn push(&mut self, kind: Kind, logical: Logical) -> Result<Id, String> {
        if self.nodes.len() >= MAX_NODES {
            return Err(format!("more than {MAX_NODES} types"));
        }
        self.nodes.push(Node { kind, logical });
        Ok(self.nodes.len() - 1)
    }

    fn add(&mut self, schema: &Schema) -> Result<Id, String> {
        let plain = |kind| (kind, Logical::None);
        let (kind, logical) = match schema {
            Schema::Null => plain(Kind::Null),
            Schema::Boolean => plain(Kind::Boolean),
            Schema::Int => plain(Kind::Int),
            Schema::Long => plain(Kind::Long),
            Schema::Float => plain(Kind::Float),
            Schema::Double => plain(Kind::Double),
            Schema::Bytes => plain(Kind::Bytes),
            Schema::String => plain(Kind::String),
            Schema::Date => (Kind::Int, Logical::Date),
            Schema::TimeMillis => (Kind::Int, Logical::Other),
            Schema::TimestampMillis => (Kind::Long, Logical::TimestampMillis),
            Schema::TimestampMicros => (Kind::Long, Logical::TimestampMicros),
            Schema::TimeMicros
            | Schema::TimestampNanos
            | Schema::LocalTimestampMillis
            | Schema::LocalTimestampMicros
            | Schema::LocalTimestampNanos => (Kind::Long, Logical::Other),
            Schema::BigDecimal => (Kind::Bytes, Logical::Other),
            Schema::Uuid(UuidSchema::String) => (Kind::String, Logical::Uuid),
            Schema::Uuid(UuidSchema::Bytes) => (Kind::Bytes, Logical::Other),
            Schema::Uuid(UuidSchema::Fixed(fixed)) => return self.fixed(fixed, Logical::Uuid),
            Schema::Fixed(fixed) => return self.fixed(fixed, Logical::None),
            Schema::Duration(fixed) => return self.fixed(fixed, Logical::Other),
            Schema::Decimal(decimal) => return self.decimal(decimal),
            Schema::Array(array) => return self.container(&array.items, Kind::Array),
            Schema::Map(map) => return self.container(&map.types, Kind::Map),
            Schema::Union(union) => {
                let id = self.push(Kind::Null, Logical::None)?;
                let branches = union
                    .variants()
                    .iter()
                    .map(|branch| self.add(branch))
                    .collect::<Result<Vec<_>, _>>()?;
                if branches.is_empty() {
                    return Err("a union without branches".into());
                }
                self.nodes[id].kind = Kind::Union(branches);
                return Ok(id);
            }
            Schema::Record(record) => return self.record(record),
            Schema::Enum(declared) => {
                for symbol in &declared.symbols {
                    short(symbol)?;
                }
                let named = named(&declared.name, &declared.aliases)?;
                let kind = Kind::Enum(named, declared.symbols.clone(), declared.default.clone());
                return self.remember(&declared.name, kind, Logical::None);
            }
            Schema::Ref { name } => {
                let full = name.fullname(None);
                return self
                    .names
                    .get(&full)
                    .copied()
                    .ok_or(format!("the type {full} is not defined before its use"));
            }
        };
        self.push(kind, logical)
    }

    fn remember(&mut self, name: &Name, kind: Kind, logical: Logical) -> Result<Id, String> {
        let id = self.push(kind, logical)?;
        match self.names.insert(name.fullname(None), id) {
            None => Ok(id),
            Some(_) => Err(format!("the type {} is defined twice", name.fullname(None))),
        }
    }

    fn container(&mut self, items: &Schema, kind: fn(Id) -> Kind) -> Result<Id, String> {
        let id = self.push(Kind::Null, Logical::None)?;
        let items = self.add(items)?;
        self.nodes[id].kind = kind(items);
        Ok(id)
    }

    fn record(&mut self, record: &RecordSchema) -> Result<Id, String> {
        let id = self.remember(&record.name, Kind::Null, Logical::None)?;
        let mut fields = Vec::with_capacity(record.fields.len());
        for field in &record.fields {
            short(&field.name)?;
            let node = self.add(&field.schema)?;
            fields.push(Field {
                name: field.name.clone(),
                aliases: field.aliases.clone(),
                default: field.default.clone(),
                node,
                doc: field.doc.clone(),
            });
        }
        self.nodes[id].kind = Kind::Record(named(&record.name, &record.aliases)?, fields);
        Ok(id)
    }

    fn decimal(&mut self, decimal: &DecimalSchema) -> Result<Id, String> {
        let logical = Logical::Decimal {
            precision: decimal.precision,
            scale: decimal.scale,
        };
        match &decimal.inner {
            InnerDecimalSchema::Bytes => self.push(Kind::Bytes, logical),
            InnerDecimalSchema::Fixed(fixed) => self.fixed(fixed, logical),
        }
    }

    fn fixed(&mut self, fixed: &FixedSchema, logical: Logical) -> Result<Id, String> {
        if fixed.size > MAX_FIXED {
            return Err(format!(
                "fixed {} has {} bytes, more than {MAX_FIXED}",
                fixed.name.fullname(None),
                fixed.size
            ));
        }
        let kind = Kind::Fixed(named(&fixed.name, &fixed.aliases)?, fixed.size);
        self.remember(&fixed.name, kind, logical)
    }
}

fn named(name: &Name, aliases: &Aliases) -> Result<Named, String> {
    let full = name.fullname(None);
    short(&full)?;
    let aliases = aliases
        .iter()
        .flatten()
        .map(|alias| alias.fullname(name.namespace()))
        .collect();
    Ok(Named { full, aliases })
}

fn short(name: &str) -> Result<(), String> {
    if name.len() > MAX_NAME {
        return Err(format!(
            "the name {}… has {} bytes, more than {MAX_NAME}",
            name.chars().take(32).collect::<String>(),
            name.len()
        ));
    }
    Ok(())
}
