use std::collections::BTreeMap;

use serde::Serialize;

/// A topic's partition.
pub type Partition = (String, i32);

/// Next offsets by partition.
pub type Positions = BTreeMap<Partition, i64>;

/// What was found out about groups and partitions at one moment. Committed offsets were asked for before the watermarks.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Offsets {
    /// When, milliseconds since the Unix epoch.
    pub at_ms: i64,
    /// Consumer groups by name.
    pub groups: BTreeMap<String, Group>,
    /// First offset and next offset to be written, by partition.
    pub watermarks: BTreeMap<Partition, (i64, i64)>,
}

/// A consumer group.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Group {
    /// The coordinator's word: `Stable`, `Empty`, `PreparingRebalance`, …
    pub state: String,
    /// Its members.
    pub members: Vec<Member>,
    /// Committed offsets (the next to be handled).
    #[serde(skip)]
    pub committed: Positions,
}

/// A member of a group.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Member {
    /// Its client id.
    pub client_id: String,
    /// Where it runs.
    pub host: String,
}

impl Offsets {
    /// First offset that is still there.
    pub fn low(&self, partition: &Partition) -> Option<i64> {
        self.watermarks.get(partition).map(|(low, _)| *low)
    }

    /// Next offset to be written.
    pub fn high(&self, partition: &Partition) -> Option<i64> {
        self.watermarks.get(partition).map(|(_, high)| *high)
    }

    /// Whether a reader that has come to `read_to` has seen everything that stood in its topics when the watermarks were asked for.
    /// A partition that holds nothing any more has nothing left to see.
    pub fn seen_by(&self, read_to: &Positions) -> bool {
        read_to.iter().all(|(partition, next)| {
            self.watermarks
                .get(partition)
                .is_none_or(|(low, high)| next >= high || low >= high)
        })
    }
}
