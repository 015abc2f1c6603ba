use serde_json::Value;

use super::shape::{Id, Kind, Shape};

pub(crate) fn long(out: &mut Vec<u8>, number: i64) {
    let mut encoded = ((number << 1) ^ (number >> 63)) as u64;
    while encoded >= 0x80 {
        out.push((encoded as u8) | 0x80);
        encoded >>= 7;
    }
    out.push(encoded as u8);
}

pub(crate) fn length(out: &mut Vec<u8>, count: usize) {
    long(out, i64::try_from(count).unwrap_or(i64::MAX));
}

pub(crate) fn bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    length(out, bytes.len());
    out.extend_from_slice(bytes);
}

/// Encodes a field's default as the schema's JSON states it: a union's default is of the first branch that takes it,
/// bytes are text of code points up to 255.
pub(crate) fn default(
    shape: &Shape,
    id: Id,
    json: &Value,
    out: &mut Vec<u8>,
) -> Result<(), String> {
    let wrong = || format!("the default {json} is no {}", shape.kind(id).word());
    match shape.kind(id) {
        Kind::Null => json.as_null().ok_or_else(wrong)?,
        Kind::Boolean => out.push(u8::from(json.as_bool().ok_or_else(wrong)?)),
        Kind::Int | Kind::Long => long(out, json.as_i64().ok_or_else(wrong)?),
        Kind::Float => {
            out.extend_from_slice(&(json.as_f64().ok_or_else(wrong)? as f32).to_le_bytes())
        }
        Kind::Double => out.extend_from_slice(&json.as_f64().ok_or_else(wrong)?.to_le_bytes()),
        Kind::String => bytes(out, json.as_str().ok_or_else(wrong)?.as_bytes()),
        Kind::Bytes => bytes(out, &latin(json).ok_or_else(wrong)?),
        Kind::Fixed(_, size) => out.extend_from_slice(
            &latin(json)
                .filter(|bytes| bytes.len() == *size)
                .ok_or_else(wrong)?,
        ),
        Kind::Enum(_, symbols, _) => {
            let index = json
                .as_str()
                .and_then(|text| symbols.iter().position(|symbol| symbol == text));
            length(out, index.ok_or_else(wrong)?);
        }
        Kind::Union(branches) => union(shape, branches, json, out).ok_or_else(wrong)?,
        Kind::Array(items) => {
            let list = json.as_array().ok_or_else(wrong)?;
            if !list.is_empty() {
                length(out, list.len());
            }
            list.iter()
                .try_for_each(|item| default(shape, *items, item, out))?;
            out.push(0);
        }
        Kind::Map(values) => {
            let object = json.as_object().ok_or_else(wrong)?;
            if !object.is_empty() {
                length(out, object.len());
            }
            for (key, value) in object {
                bytes(out, key.as_bytes());
                default(shape, *values, value, out)?;
            }
            out.push(0);
        }
        Kind::Record(_, fields) => {
            let object = json.as_object().ok_or_else(wrong)?;
            for field in fields {
                let value = object
                    .get(&field.name)
                    .or(field.default.as_ref())
                    .ok_or_else(wrong)?;
                default(shape, field.node, value, out)?;
            }
        }
    }
    Ok(())
}

fn union(shape: &Shape, branches: &[Id], json: &Value, out: &mut Vec<u8>) -> Option<()> {
    branches.iter().enumerate().find_map(|(index, branch)| {
        let mut value = Vec::new();
        default(shape, *branch, json, &mut value).ok()?;
        length(out, index);
        out.extend_from_slice(&value);
        Some(())
    })
}

fn latin(json: &Value) -> Option<Vec<u8>> {
    json.as_str()?
        .chars()
        .map(|point| u8::try_from(u32::from(point)).ok())
        .collect()
}
