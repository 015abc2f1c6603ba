//! The shapes of request bodies, to look over their bytes before they are decoded.
//!
//! The decoder reserves memory for as many items as an array announces; a few hostile bytes could
//! announce billions and so end the process. This walk follows the announced lengths without
//! reserving anything, and refuses what the bytes cannot hold.

mod table;

use bytes::Buf;
use kafka_protocol::messages::ApiKey;

/// More items than this in one array are refused.
const MOST_ITEMS: usize = 1 << 20;

/// What a field looks like as bytes.
#[derive(Debug, Clone, Copy)]
enum Shape {
    /// A number of bytes.
    Fixed(usize),
    /// A string, or null.
    Text,
    /// Bytes, or null.
    Bytes,
    /// Items of one shape, or null.
    Array(&'static Shape),
    /// Structures with these fields, or null.
    Items(&'static [Field]),
}

/// A field, and the versions that have it.
#[derive(Debug, Clone, Copy)]
struct Field {
    from: i16,
    to: i16,
    shape: Shape,
}

const fn all(shape: Shape) -> Field {
    Field {
        from: 0,
        to: i16::MAX,
        shape,
    }
}

const fn since(from: i16, shape: Shape) -> Field {
    Field {
        from,
        to: i16::MAX,
        shape,
    }
}

const fn until(to: i16, shape: Shape) -> Field {
    Field { from: 0, to, shape }
}

const fn between(from: i16, to: i16, shape: Shape) -> Field {
    Field { from, to, shape }
}

/// The body of a kind of request.
#[derive(Debug, Clone, Copy)]
struct Body {
    key: ApiKey,
    /// The first version with compact lengths and tagged fields.
    flexible: i16,
    fields: &'static [Field],
}

/// The bytes don't have the shape of the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Misshapen {
    #[error("it is cut short")]
    Short,
    #[error("a length is negative or more than there are bytes for")]
    Length,
    #[error("its shape is not known")]
    Unknown,
}

/// Checks that a body has the shape of its kind and version.
pub(crate) fn check(key: ApiKey, version: i16, body: &[u8]) -> Result<(), Misshapen> {
    walk(key, version, body).map(|_| ())
}

/// Walks over a body and gives what is left of the bytes.
fn walk(key: ApiKey, version: i16, mut bytes: &[u8]) -> Result<&[u8], Misshapen> {
    let body = table::BODIES
        .iter()
        .find(|body| body.key == key)
        .ok_or(Misshapen::Unknown)?;
    let walk = Walk {
        version,
        flexible: version >= body.flexible,
    };
    walk.fields(body.fields, &mut bytes)?;
    Ok(bytes)
}

struct Walk {
    version: i16,
    flexible: bool,
}

impl Walk {
    fn fields(&self, fields: &[Field], bytes: &mut &[u8]) -> Result<(), Misshapen> {
        for field in fields {
            if (field.from..=field.to).contains(&self.version) {
                self.field(field.shape, bytes)?;
            }
        }
        if self.flexible {
            for _ in 0..varint(bytes)? {
                varint(bytes)?;
                let size = varint(bytes)? as usize;
                skip(bytes, size)?;
            }
        }
        Ok(())
    }

    fn field(&self, shape: Shape, bytes: &mut &[u8]) -> Result<(), Misshapen> {
        match shape {
            Shape::Fixed(size) => skip(bytes, size),
            Shape::Text if !self.flexible => {
                let length = bytes.try_get_i16().map_err(|_| Misshapen::Short)?;
                skip(bytes, counted(length.into())?)
            }
            Shape::Text | Shape::Bytes => {
                let length = self.length(bytes)?;
                skip(bytes, length)
            }
            Shape::Array(item) => {
                for _ in 0..self.count(bytes)? {
                    self.field(*item, bytes)?;
                }
                Ok(())
            }
            Shape::Items(fields) => {
                for _ in 0..self.count(bytes)? {
                    self.fields(fields, bytes)?;
                }
                Ok(())
            }
        }
    }

    /// A length of bytes or a number of items; 0 for null.
    fn length(&self, bytes: &mut &[u8]) -> Result<usize, Misshapen> {
        if self.flexible {
            return Ok((varint(bytes)? as usize).saturating_sub(1));
        }
        counted(bytes.try_get_i32().map_err(|_| Misshapen::Short)?)
    }

    fn count(&self, bytes: &mut &[u8]) -> Result<usize, Misshapen> {
        let count = self.length(bytes)?;
        // Every item takes a byte at least.
        if count > bytes.len().min(MOST_ITEMS) {
            Err(Misshapen::Length)
        } else {
            Ok(count)
        }
    }
}

fn counted(length: i32) -> Result<usize, Misshapen> {
    match length {
        -1 => Ok(0),
        length => usize::try_from(length).map_err(|_| Misshapen::Length),
    }
}

fn skip(bytes: &mut &[u8], size: usize) -> Result<(), Misshapen> {
    *bytes = bytes.get(size..).ok_or(Misshapen::Length)?;
    Ok(())
}

/// Reads an unsigned varint as the decoder does.
fn varint(bytes: &mut &[u8]) -> Result<u32, Misshapen> {
    let mut value = 0_u32;
    for shift in (0..35).step_by(7) {
        let byte = bytes.try_get_u8().map_err(|_| Misshapen::Short)?;
        value |= u32::from(byte & 0x7F) << shift;
        if byte < 0x80 {
            break;
        }
    }
    Ok(value)
}

#[cfg(test)]
mod tests;
