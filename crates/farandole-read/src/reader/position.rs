use std::collections::HashMap;

/// The next offset expected of each partition.
#[derive(Debug, Default)]
pub(super) struct Positions(HashMap<(String, i32), i64>);

/// How an offset compares with what was expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arrival {
    /// The one expected, or the first of its partition.
    Next,
    /// A later one: compaction, a transaction's marker, or records that are gone.
    Later { expected: i64 },
    /// An earlier one.
    Earlier { expected: i64 },
}

impl Positions {
    /// Reading begins at this offset, or at one nobody knows yet.
    pub(super) fn begin(&mut self, topic: &str, partition: i32, at: Option<i64>) {
        match at {
            Some(at) => self.0.insert((topic.to_owned(), partition), at),
            None => self.0.remove(&(topic.to_owned(), partition)),
        };
    }

    pub(super) fn arrive(&mut self, topic: &str, partition: i32, offset: i64) -> Arrival {
        let before = self.0.insert((topic.to_owned(), partition), offset + 1);
        match before {
            Some(expected) if offset > expected => Arrival::Later { expected },
            Some(expected) if offset < expected => Arrival::Earlier { expected },
            _ => Arrival::Next,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jumps_ahead_and_back_are_noticed_per_partition() {
        let mut positions = Positions::default();
        positions.begin("trips", 0, Some(3));
        assert_eq!(
            positions.arrive("trips", 0, 10),
            Arrival::Later { expected: 3 }
        );
        assert_eq!(positions.arrive("trips", 0, 11), Arrival::Next);
        assert_eq!(
            positions.arrive("trips", 0, 2),
            Arrival::Earlier { expected: 12 }
        );
        positions.begin("trips", 1, None);
        assert_eq!(positions.arrive("trips", 1, 700), Arrival::Next);
    }
}
