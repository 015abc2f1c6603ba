//! All topics, by name and by id.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};

use kafka_protocol::ResponseError;
use uuid::Uuid;

use crate::data::{Folder, TopicEntry};
use crate::lock;
use crate::partition::Partition;
use crate::settings::{self, Overrides};
use crate::topic::Topic;
use crate::{BrokerError, journal::Journal};

/// More partitions than this in one topic are taken for a mistake.
pub(crate) const MAX_PARTITIONS: i32 = 10_000;

/// Why a topic cannot be made or changed: the protocol's error, and words for people.
pub(crate) type Refusal = (ResponseError, String);

/// All topics.
#[derive(Debug)]
pub(crate) struct Topics {
    folder: Option<Arc<Folder>>,
    known: Mutex<Known>,
    /// Held while topics are made, changed or deleted, so that the file agrees with `known`.
    changing: Mutex<()>,
}

#[derive(Debug, Default)]
struct Known {
    by_name: BTreeMap<String, Arc<Topic>>,
    by_id: HashMap<Uuid, Arc<Topic>>,
}

impl Topics {
    /// The topics of a data folder; none without one.
    pub(crate) fn open(
        folder: Option<Arc<Folder>>,
        journal: &Journal,
    ) -> Result<Topics, BrokerError> {
        let mut known = Known::default();
        if let Some(folder) = &folder {
            let entries = folder.read_topics()?;
            folder.remove_logs_except(&entries);
            for entry in entries {
                let partitions = (0..entry.partitions)
                    .map(|n| folder.open_partition(entry.id, n, journal.log_start(entry.id, n)))
                    .collect::<Result<Vec<_>, _>>()?;
                let topic = Topic::new(entry.name, entry.id, partitions, entry.settings);
                known.add(Arc::new(topic));
            }
        }
        Ok(Topics {
            folder,
            known: Mutex::new(known),
            changing: Mutex::new(()),
        })
    }

    pub(crate) fn by_name(&self, name: &str) -> Option<Arc<Topic>> {
        lock(&self.known).by_name.get(name).cloned()
    }

    pub(crate) fn by_id(&self, id: Uuid) -> Option<Arc<Topic>> {
        lock(&self.known).by_id.get(&id).cloned()
    }

    /// All topics by name.
    pub(crate) fn all(&self) -> Vec<Arc<Topic>> {
        lock(&self.known).by_name.values().cloned().collect()
    }

    /// Makes a topic, or only says whether it could be made.
    pub(crate) fn create(
        &self,
        name: &str,
        partitions: i32,
        overrides: Overrides,
        validate_only: bool,
    ) -> Result<Option<Arc<Topic>>, Refusal> {
        check_name(name)?;
        check_count(partitions)?;
        for (setting, value) in &overrides {
            settings::check(setting, value).map_err(|why| (ResponseError::InvalidConfig, why))?;
        }
        let _changing = lock(&self.changing);
        if self.by_name(name).is_some() {
            let why = format!("the topic `{name}` exists already");
            return Err((ResponseError::TopicAlreadyExists, why));
        }
        if validate_only {
            return Ok(None);
        }
        let id = Uuid::new_v4();
        let partitions = self.new_partitions(id, 0..partitions)?;
        let topic = Arc::new(Topic::new(name.to_owned(), id, partitions, overrides));
        lock(&self.known).add(Arc::clone(&topic));
        if let Err(refusal) = self.save() {
            lock(&self.known).remove(&topic);
            return Err(refusal);
        }
        Ok(Some(topic))
    }

    /// Deletes a topic with its records.
    pub(crate) fn delete(&self, topic: &Arc<Topic>) -> Result<(), Refusal> {
        let _changing = lock(&self.changing);
        if !lock(&self.known).remove(topic) {
            let why = format!("the topic `{}` is gone already", topic.name);
            return Err((ResponseError::UnknownTopicOrPartition, why));
        }
        if let Err(refusal) = self.save() {
            lock(&self.known).add(Arc::clone(topic));
            return Err(refusal);
        }
        topic
            .partitions()
            .iter()
            .for_each(|partition| partition.wake());
        if let Some(folder) = &self.folder {
            folder.remove_log(topic.id);
        }
        Ok(())
    }

    /// Gives a topic more partitions.
    pub(crate) fn grow(&self, topic: &Topic, count: i32, validate: bool) -> Result<(), Refusal> {
        let _changing = lock(&self.changing);
        let have = topic.partition_count();
        check_count(count)?;
        if count <= have {
            let why = format!("the topic has {have} partitions already and cannot shrink");
            return Err((ResponseError::InvalidPartitions, why));
        }
        if !validate {
            topic.add_partitions(self.new_partitions(topic.id, have..count)?);
            self.save()?;
        }
        Ok(())
    }

    /// Replaces a topic's settings.
    pub(crate) fn configure(&self, topic: &Topic, overrides: Overrides) -> Result<(), Refusal> {
        let _changing = lock(&self.changing);
        let before = topic.overrides();
        topic.set_overrides(overrides);
        self.save().inspect_err(|_| topic.set_overrides(before))
    }

    fn new_partitions(
        &self,
        id: Uuid,
        numbers: std::ops::Range<i32>,
    ) -> Result<Vec<Arc<Partition>>, Refusal> {
        let one = |number| match &self.folder {
            None => Ok(Arc::new(Partition::in_memory())),
            Some(folder) => folder.open_partition(id, number, 0).map_err(storage),
        };
        numbers.map(one).collect()
    }

    fn save(&self) -> Result<(), Refusal> {
        let Some(folder) = &self.folder else {
            return Ok(());
        };
        let entry = |topic: &Arc<Topic>| TopicEntry {
            name: topic.name.clone(),
            id: topic.id,
            partitions: topic.partition_count(),
            settings: topic.overrides(),
        };
        let entries = self.all().iter().map(entry).collect();
        folder.write_topics(entries).map_err(storage)
    }
}

impl Known {
    fn add(&mut self, topic: Arc<Topic>) {
        self.by_id.insert(topic.id, Arc::clone(&topic));
        self.by_name.insert(topic.name.clone(), topic);
    }

    fn remove(&mut self, topic: &Topic) -> bool {
        let there = self.by_id.remove(&topic.id).is_some();
        if there {
            self.by_name.remove(&topic.name);
        }
        there
    }
}

fn storage(error: BrokerError) -> Refusal {
    tracing::error!(%error, "the data folder cannot be written");
    (ResponseError::KafkaStorageError, error.to_string())
}

/// Whether a topic may be called this.
pub(crate) fn check_name(name: &str) -> Result<(), Refusal> {
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if name.is_empty()
        || name.len() > 249
        || name == "."
        || name == ".."
        || !name.chars().all(legal)
    {
        let why = "a topic's name has 1 to 249 letters, digits, '.', '_' or '-'";
        return Err((ResponseError::InvalidTopicException, why.to_owned()));
    }
    Ok(())
}

fn check_count(partitions: i32) -> Result<(), Refusal> {
    if (1..=MAX_PARTITIONS).contains(&partitions) {
        return Ok(());
    }
    let why = format!("{partitions} partitions; a topic has 1 to {MAX_PARTITIONS}");
    Err((ResponseError::InvalidPartitions, why))
}

#[cfg(test)]
mod tests {
    use super::check_name;

    #[test]
    fn names() {
        for good in ["trip.requested", "a", "A_b-9.c", &"x".repeat(249)] {
            assert!(check_name(good).is_ok(), "{good}");
        }
        for bad in ["", ".", "..", "a b", "a/b", "é", &"x".repeat(250)] {
            assert!(check_name(bad).is_err(), "{bad}");
        }
    }
}
