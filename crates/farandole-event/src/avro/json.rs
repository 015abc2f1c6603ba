use serde_json::{Map, Number, Value};

use super::{
    guard::blocks,
    input::{Fault, Input},
    shape::{Id, Kind, Logical, Shape},
};
use crate::{Limits, decimal, format_time};

/// Decodes a body to JSON for people and for the tracker: unions as the bare value, enums and timestamps as text,
/// decimals as decimal text, other bytes as hex, numbers that JSON lacks (NaN, infinities) as text.
pub(crate) fn decode(shape: &Shape, body: &[u8], limits: Limits) -> Result<Value, Fault> {
    let mut input = Input::new(body, limits);
    let json = value(shape, 0, &mut input)?;
    input.finish()?;
    Ok(json)
}

fn value(shape: &Shape, id: Id, input: &mut Input<'_>) -> Result<Value, Fault> {
    input.enter()?;
    let node = shape.node(id);
    let json = match &node.kind {
        Kind::Null => Value::Null,
        Kind::Boolean => Value::Bool(input.boolean()?),
        Kind::Int => int(input.int()?, node.logical),
        Kind::Long => long(input.long()?, node.logical),
        Kind::Float => float(f64::from(f32::from_le_bytes(input.array()?))),
        Kind::Double => float(f64::from_le_bytes(input.array()?)),
        Kind::Bytes => binary(input.bytes()?, node.logical),
        Kind::Fixed(_, size) => binary(input.take(*size)?, node.logical),
        Kind::String => Value::String(input.text()?.to_owned()),
        Kind::Enum(_, symbols, _) => {
            Value::String(symbols[input.index(symbols.len(), "enum symbol")?].clone())
        }
        Kind::Union(branches) => {
            let branch = input.index(branches.len(), "union branch")?;
            value(shape, branches[branch], input)?
        }
        Kind::Record(_, fields) => {
            let mut object = Map::new();
            for field in fields {
                let inner = value(shape, field.node, input)
                    .map_err(|fault| fault.within(|| format!(".{}", field.name)))?;
                object.insert(field.name.clone(), inner);
            }
            Value::Object(object)
        }
        Kind::Array(items) => {
            let mut list = Vec::new();
            blocks(input, |input, index| {
                list.push(
                    value(shape, *items, input)
                        .map_err(|fault| fault.within(|| format!("[{index}]")))?,
                );
                Ok(())
            })?;
            Value::Array(list)
        }
        Kind::Map(values) => {
            let mut object = Map::new();
            blocks(input, |input, _| {
                let key = input.text()?;
                object.insert(key.to_owned(), value(shape, *values, input)?);
                Ok(())
            })?;
            Value::Object(object)
        }
    };
    input.leave();
    Ok(json)
}

fn int(number: i32, logical: Logical) -> Value {
    match logical {
        Logical::Date => {
            let day = format_time(i64::from(number) * 86_400_000);
            Value::String(day.split('T').next().unwrap_or(&day).to_owned())
        }
        _ => number.into(),
    }
}

fn long(number: i64, logical: Logical) -> Value {
    match logical {
        Logical::TimestampMillis => Value::String(format_time(number)),
        Logical::TimestampMicros => Value::String(format_time(number.div_euclid(1000))),
        _ => number.into(),
    }
}

fn float(number: f64) -> Value {
    Number::from_f64(number).map_or_else(|| Value::String(number.to_string()), Value::Number)
}

fn binary(bytes: &[u8], logical: Logical) -> Value {
    let text = match logical {
        Logical::Decimal { scale, .. } => u32::try_from(scale)
            .ok()
            .and_then(|scale| decimal::from_bytes(bytes, scale))
            .map_or_else(|| hex(bytes), |decimal| decimal.to_string()),
        Logical::Uuid => {
            uuid::Uuid::from_slice(bytes).map_or_else(|_| hex(bytes), |uuid| uuid.to_string())
        }
        _ => hex(bytes),
    };
    Value::String(text)
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = bytes.iter().flat_map(|byte| {
        [
            DIGITS[usize::from(byte >> 4)],
            DIGITS[usize::from(byte & 15)],
        ]
    });
    digits.map(char::from).collect()
}
