use std::collections::BTreeMap;
use std::fmt;

/// A topic as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicSpec {
    /// Its name.
    pub name: String,
    /// How many partitions it has.
    pub partitions: i32,
    /// How many copies of each partition are kept; -1 leaves it to the cluster.
    pub replication: i32,
    /// Its configuration by Kafka's names, `message.timestamp.type` for instance. What isn't named is left to the cluster.
    pub config: BTreeMap<String, String>,
}

impl TopicSpec {
    /// A topic of that many partitions whose timestamps are the broker's append times.
    pub fn new(name: impl Into<String>, partitions: i32) -> Self {
        let config = BTreeMap::from([(
            "message.timestamp.type".to_owned(),
            "LogAppendTime".to_owned(),
        )]);
        Self {
            name: name.into(),
            partitions,
            replication: -1,
            config,
        }
    }

    /// The same topic with one more configuration entry.
    #[must_use]
    pub fn with(mut self, key: &str, value: &str) -> Self {
        self.config.insert(key.to_owned(), value.to_owned());
        self
    }

    /// In what an existing topic is not as it should be.
    pub fn differences(&self, found: &TopicDescription) -> Vec<Difference> {
        let mut differences = Vec::new();
        let mut differs = |what: &str, wanted: String, found: String| {
            if wanted != found {
                differences.push(Difference {
                    what: what.to_owned(),
                    wanted,
                    found,
                });
            }
        };
        differs(
            "partitions",
            self.partitions.to_string(),
            found.partitions.to_string(),
        );
        if self.replication > 0 {
            differs(
                "replication",
                self.replication.to_string(),
                found.replication.to_string(),
            );
        }
        for (key, value) in &self.config {
            differs(
                key,
                value.clone(),
                found
                    .config
                    .get(key)
                    .cloned()
                    .unwrap_or_else(|| "not set".to_owned()),
            );
        }
        differences
    }
}

/// What [`Admin::ensure_topics`](crate::Admin::ensure_topics) found and did for one topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicChange {
    /// The topic.
    pub name: String,
    /// What became of it.
    pub change: Change,
}

/// What became of a topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// It was missing and has been created.
    Created,
    /// It was there as it should be.
    Exists,
    /// It was there, but not as it should be. It was left alone: more partitions would move keys to other partitions.
    Differs(Vec<Difference>),
}

/// One way in which a topic is not as it should be. Shown as `partitions: 3 instead of 6`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// `partitions`, `replication`, or the name of a configuration entry.
    pub what: String,
    /// As it should be.
    pub wanted: String,
    /// As it is.
    pub found: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: {} instead of {}",
            self.what, self.found, self.wanted
        )
    }
}

/// A topic as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicDescription {
    /// Its name.
    pub name: String,
    /// How many partitions it has.
    pub partitions: i32,
    /// How many copies of each partition are kept (of the first partition, should they differ).
    pub replication: i32,
    /// Its whole configuration, defaults included; what the cluster keeps secret is left out.
    pub config: BTreeMap<String, String>,
}

/// Whether Kafka takes that name for a topic. Checked before asking, because brokers answer late or not at all.
pub(crate) fn is_valid_name(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    (1..=249).contains(&name.len()) && name != "." && name != ".." && name.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::is_valid_name;

    #[test]
    fn names_are_kafkas() {
        for name in ["trips", "driver-assignment.dead-letters", "A_1"] {
            assert!(is_valid_name(name), "{name}");
        }
        for name in [
            "",
            ".",
            "..",
            "a b",
            "a/b",
            "a\0b",
            "früh",
            &"x".repeat(250),
        ] {
            assert!(!is_valid_name(name), "{name}");
        }
    }
}
