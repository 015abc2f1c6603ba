//! Avro types as Rust types.

use apache_avro::schema::{EnumSchema, RecordField, RecordSchema, Schema, UnionSchema, UuidSchema};
use serde_json::Value;

use crate::names::{pascal, shout};

/// How an Avro type is written in Rust.
pub(crate) struct RustType {
    /// The type.
    pub(crate) text: String,
    /// The module for `#[serde(with = "…")]`, where serde's own way doesn't do.
    pub(crate) with: Option<String>,
    /// What the number counts, for the field's documentation.
    pub(crate) unit: Option<&'static str>,
}

impl RustType {
    fn plain(text: &str) -> Self {
        RustType {
            text: text.into(),
            with: None,
            unit: None,
        }
    }

    fn unit(text: &str, unit: &'static str) -> Self {
        RustType {
            unit: Some(unit),
            ..Self::plain(text)
        }
    }
}

/// A field of a generated struct.
pub(crate) struct Field {
    /// Its name in Avro.
    pub(crate) name: String,
    pub(crate) doc: Option<String>,
    pub(crate) ty: RustType,
    /// The default as a Rust expression.
    pub(crate) default: Option<String>,
}

/// Named types found inside another, in the order of their first use.
pub(crate) enum Named<'a> {
    Record(&'a RecordSchema),
    Enum(&'a EnumSchema),
}

/// The fields of a record, and the named types inside it.
///
/// # Errors
/// A sentence naming the field that has no Rust type.
pub(crate) fn fields<'a>(
    record: &'a RecordSchema,
    nested: &mut Vec<Named<'a>>,
) -> Result<Vec<Field>, String> {
    record
        .fields
        .iter()
        .map(|field| rust_field(record, field, nested))
        .collect()
}

fn rust_field<'a>(
    record: &'a RecordSchema,
    field: &'a RecordField,
    nested: &mut Vec<Named<'a>>,
) -> Result<Field, String> {
    let at = |reason: String| format!("field {} of {}: {reason}", field.name, record.name.name());
    let ty = rust_type(&field.schema, nested).map_err(at)?;
    let default = field
        .default
        .as_ref()
        .map(|value| default_of(&field.schema, value))
        .transpose()
        .map_err(at)?;
    Ok(Field {
        name: field.name.clone(),
        doc: field.doc.clone(),
        ty,
        default,
    })
}

fn rust_type<'a>(schema: &'a Schema, nested: &mut Vec<Named<'a>>) -> Result<RustType, String> {
    const MILLIS: &str = "Milliseconds since the Unix epoch.";
    const MICROS: &str = "Microseconds since the Unix epoch.";
    const NANOS: &str = "Nanoseconds since the Unix epoch.";
    Ok(match schema {
        Schema::Boolean => RustType::plain("bool"),
        Schema::Int => RustType::plain("i32"),
        Schema::Long => RustType::plain("i64"),
        Schema::Float => RustType::plain("f32"),
        Schema::Double => RustType::plain("f64"),
        Schema::String => RustType::plain("String"),
        Schema::Date => RustType::unit("i32", "Days since the Unix epoch."),
        Schema::TimeMillis => RustType::unit("i32", "Milliseconds since midnight."),
        Schema::TimeMicros => RustType::unit("i64", "Microseconds since midnight."),
        Schema::TimestampMillis => RustType::unit("i64", MILLIS),
        Schema::TimestampMicros => RustType::unit("i64", MICROS),
        Schema::TimestampNanos => RustType::unit("i64", NANOS),
        Schema::LocalTimestampMillis => {
            RustType::unit("i64", "Milliseconds since 1970-01-01T00:00 in local time.")
        }
        Schema::LocalTimestampMicros => {
            RustType::unit("i64", "Microseconds since 1970-01-01T00:00 in local time.")
        }
        Schema::LocalTimestampNanos => {
            RustType::unit("i64", "Nanoseconds since 1970-01-01T00:00 in local time.")
        }
        Schema::Uuid(UuidSchema::String) => RustType::plain("::uuid::Uuid"),
        Schema::Decimal(decimal) if decimal.scale <= 28 => RustType {
            with: Some(format!("::farandole::decimal::Scaled::<{}>", decimal.scale)),
            ..RustType::plain("::rust_decimal::Decimal")
        },
        Schema::Array(array) => collection("Vec<", rust_type(&array.items, nested)?)?,
        Schema::Map(map) => collection(
            "::std::collections::BTreeMap<String, ",
            rust_type(&map.types, nested)?,
        )?,
        Schema::Union(union) => optional(rust_type(nullable(union)?, nested)?),
        Schema::Record(record) => {
            nested.push(Named::Record(record));
            RustType::plain(&pascal(record.name.name()))
        }
        Schema::Enum(symbols) => {
            nested.push(Named::Enum(symbols));
            RustType::plain(&pascal(symbols.name.name()))
        }
        Schema::Ref { name } => RustType::plain(&pascal(name.name())),
        Schema::Bytes | Schema::Fixed(_) | Schema::Uuid(_) => {
            return Err(
                "bytes have no type here; write a string, a decimal or a uuid as string".into(),
            );
        }
        Schema::Null => return Err("null alone says nothing; write [\"null\", …]".into()),
        other => {
            return Err(format!(
                "{:?} has no Rust type here",
                apache_avro::schema::SchemaKind::from(other)
            ));
        }
    })
}

fn collection(open: &str, item: RustType) -> Result<RustType, String> {
    if item.with.is_some() {
        return Err(
            "decimals inside arrays and maps have no type here; put them into a record".into(),
        );
    }
    Ok(RustType {
        text: format!("{open}{}>", item.text),
        ..item
    })
}

fn optional(inner: RustType) -> RustType {
    let with = inner
        .with
        .map(|with| with.replace("::Scaled::<", "::OptionalScaled::<"));
    RustType {
        text: format!("Option<{}>", inner.text),
        with,
        unit: inner.unit,
    }
}

/// The other branch of `["null", …]`.
fn nullable(union: &UnionSchema) -> Result<&Schema, String> {
    match union.variants() {
        [Schema::Null, other] | [other, Schema::Null] => Ok(other),
        _ => Err("a union is [\"null\", type]; more branches have no type here".into()),
    }
}

/// A default as a Rust expression.
fn default_of(schema: &Schema, value: &Value) -> Result<String, String> {
    let fault = || {
        format!(
            "its default {value} can't be written in Rust; leave it out, or make the field nullable"
        )
    };
    Ok(match (schema, value) {
        (Schema::Union(_), Value::Null) => "None".into(),
        (Schema::Union(union), value) => {
            format!("Some({})", default_of(nullable(union)?, value)?)
        }
        (Schema::Boolean, Value::Bool(value)) => value.to_string(),
        (Schema::Float | Schema::Double, Value::Number(number)) => {
            format!("{:?}", number.as_f64().ok_or_else(fault)?)
        }
        (Schema::String, Value::String(text)) => format!("{text:?}.to_owned()"),
        (Schema::Enum(symbols), Value::String(symbol)) => {
            format!("{}::{}", pascal(symbols.name.name()), pascal(symbol))
        }
        // Of named types only an enum takes text as its default.
        (Schema::Ref { name }, Value::String(symbol)) => {
            format!("{}::{}", pascal(name.name()), pascal(symbol))
        }
        (Schema::Array(_), Value::Array(items)) if items.is_empty() => "Vec::new()".into(),
        (Schema::Map(_), Value::Object(entries)) if entries.is_empty() => {
            "::std::collections::BTreeMap::new()".into()
        }
        (schema, Value::Number(number)) if is_whole(schema) => {
            number.as_i64().ok_or_else(fault)?.to_string()
        }
        _ => return Err(fault()),
    })
}

fn is_whole(schema: &Schema) -> bool {
    matches!(
        schema,
        Schema::Int
            | Schema::Long
            | Schema::Date
            | Schema::TimeMillis
            | Schema::TimeMicros
            | Schema::TimestampMillis
            | Schema::TimestampMicros
            | Schema::TimestampNanos
            | Schema::LocalTimestampMillis
            | Schema::LocalTimestampMicros
            | Schema::LocalTimestampNanos
    )
}

/// The name of the function that gives a field's default.
pub(crate) fn default_function(owner: &str, field: &str) -> String {
    format!(
        "default_{}_{}",
        shout(owner).to_ascii_lowercase(),
        shout(field).to_ascii_lowercase()
    )
}
