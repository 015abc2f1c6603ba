/// What a value may cost at most before it counts as hostile.
///
/// The defaults keep one decoding below 64 MiB and within a stack of 2 MiB, whatever the bytes say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The longest record value that is looked at, in bytes (1 MiB).
    pub max_value_bytes: usize,
    /// The deepest nesting of records, arrays, maps and unions (64).
    pub max_depth: usize,
    /// Items of all arrays and maps of one value together (65 536). Items can take no bytes at all, so the value's length is no bound.
    pub max_items: usize,
    /// Avro values of every kind in one value together (131 072).
    pub max_values: usize,
}

impl Limits {
    /// The default limits, as a constant.
    pub const DEFAULT: Self = Self {
        max_value_bytes: 1024 * 1024,
        max_depth: 64,
        max_items: 65_536,
        max_values: 131_072,
    };
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}
