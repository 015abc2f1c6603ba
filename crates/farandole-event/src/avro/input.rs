use crate::Limits;

/// What a pass over hostile bytes found wrong: where in the body, at which field, and what.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// Offset in the body, in bytes.
    pub(crate) at: usize,
    /// Path of the value, built innermost first while the error travels up ([`Fault::within`]).
    segments: Vec<String>,
    pub(crate) reason: String,
}

impl Fault {
    /// Notes that the fault lies in this field or item.
    pub(crate) fn within(mut self, segment: impl FnOnce() -> String) -> Self {
        // Deep nesting needs no more than the outermost and innermost places to be understood.
        if self.segments.len() < 80 {
            self.segments.push(segment());
        }
        self
    }

    /// The path from the value's root, `$.pickup.lat`.
    pub(crate) fn path(&self) -> String {
        self.segments
            .iter()
            .rev()
            .fold(String::from("$"), |path, segment| path + segment)
    }
}

/// A cursor over an Avro body that counts what reading it costs.
pub(crate) struct Input<'a> {
    bytes: &'a [u8],
    at: usize,
    limits: Limits,
    items: usize,
    values: usize,
    depth: usize,
}

impl<'a> Input<'a> {
    pub(crate) fn new(bytes: &'a [u8], limits: Limits) -> Self {
        Self {
            bytes,
            at: 0,
            limits,
            items: 0,
            values: 0,
            depth: 0,
        }
    }

    pub(crate) fn fault<T>(&self, reason: impl Into<String>) -> Result<T, Fault> {
        Err(Fault {
            at: self.at,
            segments: Vec::new(),
            reason: reason.into(),
        })
    }

    /// Counts a value and one more level of nesting; pair with [`Input::leave`].
    pub(crate) fn enter(&mut self) -> Result<(), Fault> {
        self.values += 1;
        self.depth += 1;
        if self.values > self.limits.max_values {
            return self.fault(format!("more than {} values", self.limits.max_values));
        }
        if self.depth > self.limits.max_depth {
            return self.fault(format!("nested deeper than {}", self.limits.max_depth));
        }
        Ok(())
    }

    pub(crate) fn leave(&mut self) {
        self.depth -= 1;
    }

    /// Nothing may follow the last value.
    pub(crate) fn finish(&self) -> Result<(), Fault> {
        match self.bytes.len() - self.at {
            0 => Ok(()),
            left => self.fault(format!("{left} bytes follow the value")),
        }
    }

    pub(crate) fn position(&self) -> usize {
        self.at
    }

    /// The bytes between an earlier [`Input::position`] and here.
    pub(crate) fn since(&self, start: usize) -> &'a [u8] {
        &self.bytes[start..self.at]
    }

    pub(crate) fn take(&mut self, count: usize) -> Result<&'a [u8], Fault> {
        match self
            .at
            .checked_add(count)
            .and_then(|end| self.bytes.get(self.at..end))
        {
            Some(slice) => {
                self.at += count;
                Ok(slice)
            }
            None => self.fault(format!(
                "{count} bytes announced, {} left",
                self.bytes.len() - self.at
            )),
        }
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    /// A zigzag varint of at most 64 bits.
    pub(crate) fn long(&mut self) -> Result<i64, Fault> {
        let mut encoded = 0u64;
        for index in 0..10 {
            let Some(byte) = self.bytes.get(self.at).copied() else {
                return self.fault("the value is cut off");
            };
            self.at += 1;
            if index == 9 && byte > 1 {
                return self.fault("a number of more than 64 bits");
            }
            encoded |= u64::from(byte & 0x7F) << (7 * index);
            if byte & 0x80 == 0 {
                return Ok((encoded >> 1) as i64 ^ -((encoded & 1) as i64));
            }
        }
        self.fault("a number of more than 64 bits")
    }

    pub(crate) fn int(&mut self) -> Result<i32, Fault> {
        let number = self.long()?;
        i32::try_from(number).or_else(|_| self.fault(format!("{number} is no 32-bit int")))
    }

    pub(crate) fn boolean(&mut self) -> Result<bool, Fault> {
        match self.array::<1>()? {
            [0] => Ok(false),
            [1] => Ok(true),
            [other] => self.fault(format!("{other} is no boolean")),
        }
    }

    pub(crate) fn bytes(&mut self) -> Result<&'a [u8], Fault> {
        let length = self.long()?;
        match usize::try_from(length) {
            Ok(length) => self.take(length),
            Err(_) => self.fault(format!("a length of {length}")),
        }
    }

    pub(crate) fn text(&mut self) -> Result<&'a str, Fault> {
        let bytes = self.bytes()?;
        std::str::from_utf8(bytes)
            .or_else(|error| self.fault(format!("text is not UTF-8: {error}")))
    }

    /// An index into `count` symbols or branches.
    pub(crate) fn index(&mut self, count: usize, what: &str) -> Result<usize, Fault> {
        let index = self.long()?;
        match usize::try_from(index) {
            Ok(index) if index < count => Ok(index),
            _ => self.fault(format!("{what} {index} of {count}")),
        }
    }

    /// The next block of an array or map: how many items; 0 is the end. A negative count is followed by the block's
    /// size in bytes, answered as the end the block must have.
    pub(crate) fn block(&mut self) -> Result<(usize, Option<usize>), Fault> {
        let count = self.long()?;
        let end = if count < 0 {
            let size = self.long()?;
            let end = usize::try_from(size)
                .ok()
                .and_then(|size| self.at.checked_add(size));
            match end.filter(|end| *end <= self.bytes.len()) {
                Some(end) => Some(end),
                None => return self.fault(format!("a block of {size} bytes")),
            }
        } else {
            None
        };
        let count = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX);
        self.items = self.items.saturating_add(count);
        if self.items > self.limits.max_items {
            return self.fault(format!("more than {} items", self.limits.max_items));
        }
        Ok((count, end))
    }

    /// The end of a block whose size was announced.
    pub(crate) fn block_end(&self, end: Option<usize>) -> Result<(), Fault> {
        match end {
            Some(end) if end != self.at => self.fault("a block's size is not what it announces"),
            _ => Ok(()),
        }
    }
}
