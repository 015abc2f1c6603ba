use super::{
    input::{Fault, Input},
    shape::{Id, Kind, Shape},
};
use crate::Limits;

/// Walks a whole body against the writer's shape without allocating: after this, the bytes are exactly one value
/// within the limits, and any decoder may see them.
pub(crate) fn walk(shape: &Shape, body: &[u8], limits: Limits) -> Result<(), Fault> {
    let mut input = Input::new(body, limits);
    value(shape, 0, &mut input)?;
    input.finish()
}

/// Walks one value of the node.
pub(crate) fn value(shape: &Shape, id: Id, input: &mut Input<'_>) -> Result<(), Fault> {
    input.enter()?;
    match shape.kind(id) {
        Kind::Null => {}
        Kind::Boolean => drop(input.boolean()?),
        Kind::Int => drop(input.int()?),
        Kind::Long => drop(input.long()?),
        Kind::Float => drop(input.take(4)?),
        Kind::Double => drop(input.take(8)?),
        Kind::Bytes => drop(input.bytes()?),
        Kind::String => drop(input.text()?),
        Kind::Fixed(_, size) => drop(input.take(*size)?),
        Kind::Enum(_, symbols, _) => drop(input.index(symbols.len(), "enum symbol")?),
        Kind::Union(branches) => {
            let branch = input.index(branches.len(), "union branch")?;
            value(shape, branches[branch], input)?;
        }
        Kind::Record(_, fields) => {
            for field in fields {
                value(shape, field.node, input)
                    .map_err(|fault| fault.within(|| format!(".{}", field.name)))?;
            }
        }
        Kind::Array(items) => blocks(input, |input, index| {
            value(shape, *items, input).map_err(|fault| fault.within(|| format!("[{index}]")))
        })?,
        Kind::Map(values) => blocks(input, |input, _| {
            let key = input.text()?;
            value(shape, *values, input)
                .map_err(|fault| fault.within(|| format!("[{:?}]", shortened(key))))
        })?,
    }
    input.leave();
    Ok(())
}

/// Runs `item` for every item of every block of an array or map.
pub(crate) fn blocks<'a>(
    input: &mut Input<'a>,
    mut item: impl FnMut(&mut Input<'a>, usize) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let mut index = 0;
    loop {
        let (count, end) = input.block()?;
        if count == 0 {
            return Ok(());
        }
        for _ in 0..count {
            item(input, index)?;
            index += 1;
        }
        input.block_end(end)?;
    }
}

pub(crate) fn shortened(key: &str) -> String {
    key.chars().take(40).collect()
}
