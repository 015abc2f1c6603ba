//! What the broker remembers beside records: committed offsets, groups' generations, producer ids
//! and where deleted records end. An append-only file of lines `<crc32c> <json>`; replayed and
//! written anew, compact, at each start, and whenever it has grown enough.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Mutex;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::data::{failed, replace};
use crate::{BrokerError, lock};

/// The file is written anew when it has at least this size and has doubled since the last time.
const COMPACT_FROM: u64 = 8 << 20;

/// A committed offset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Committed {
    pub(crate) topic: String,
    pub(crate) partition: i32,
    pub(crate) offset: i64,
    pub(crate) leader_epoch: i32,
    pub(crate) metadata: String,
}

/// A change of what is remembered.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Entry {
    Commit {
        group: String,
        offsets: Vec<Committed>,
    },
    Forget {
        group: String,
        topic: String,
        partitions: Vec<i32>,
    },
    Generation {
        group: String,
        generation: i32,
        protocol_type: String,
    },
    DeleteGroup {
        group: String,
    },
    DeleteTopic {
        name: String,
        id: Uuid,
    },
    ProducerIds {
        next: i64,
    },
    LogStart {
        topic: Uuid,
        partition: i32,
        offset: i64,
    },
}

/// What is remembered of a group.
#[derive(Debug, Clone, Default)]
pub(crate) struct GroupMemory {
    pub(crate) generation: i32,
    pub(crate) protocol_type: String,
    pub(crate) offsets: BTreeMap<(String, i32), Committed>,
}

#[derive(Debug, Default)]
struct Memory {
    groups: BTreeMap<String, GroupMemory>,
    next_producer_id: i64,
    log_starts: BTreeMap<(Uuid, i32), i64>,
}

/// The journal; without a file it only keeps what it is told.
#[derive(Debug)]
pub(crate) struct Journal {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    memory: Memory,
    file: Option<(PathBuf, File)>,
    size: u64,
    compact_size: u64,
}

impl Journal {
    /// Reads the journal at a path, or begins one.
    pub(crate) fn open(path: Option<PathBuf>) -> Result<Journal, BrokerError> {
        let mut state = State::default();
        if let Some(path) = path {
            let content = match std::fs::read(&path) {
                Ok(content) => content,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
                Err(source) => return Err(failed(&path, source)),
            };
            for line in content.split_inclusive(|byte| *byte == b'\n') {
                let Some(entry) = parse(line) else {
                    tracing::warn!(file = %path.display(), "the journal ends in a torn line");
                    break;
                };
                state.memory.apply(entry);
            }
            state.rewrite(path)?;
        }
        Ok(Journal {
            state: Mutex::new(state),
        })
    }

    /// Remembers a change; on disk before this returns.
    pub(crate) fn add(&self, entry: Entry) -> Result<(), BrokerError> {
        lock(&self.state).add(entry)
    }

    /// Takes the next producer id.
    pub(crate) fn next_producer_id(&self) -> Result<i64, BrokerError> {
        let mut state = lock(&self.state);
        let id = state.memory.next_producer_id;
        state.add(Entry::ProducerIds { next: id + 1 })?;
        Ok(id)
    }

    /// The groups as remembered.
    pub(crate) fn groups(&self) -> BTreeMap<String, GroupMemory> {
        lock(&self.state).memory.groups.clone()
    }

    /// Where a partition's log begins.
    pub(crate) fn log_start(&self, topic: Uuid, partition: i32) -> i64 {
        lock(&self.state)
            .memory
            .log_starts
            .get(&(topic, partition))
            .copied()
            .unwrap_or(0)
    }
}

impl State {
    fn add(&mut self, entry: Entry) -> Result<(), BrokerError> {
        if let Some((path, file)) = &mut self.file {
            let line = format(&entry);
            if let Err(source) = file.write_all(line.as_bytes()) {
                // Half a line may be there: cut it off, or what follows would be lost with it.
                let cut = file.set_len(self.size);
                tracing::error!(file = %path.display(), %source, ?cut, "the journal is not written");
                return Err(failed(path, source));
            }
            self.size += line.len() as u64;
        }
        self.memory.apply(entry);
        if self.size > COMPACT_FROM.max(2 * self.compact_size)
            && let Some((path, _)) = self.file.take()
        {
            self.rewrite(path)?;
        }
        Ok(())
    }

    fn rewrite(&mut self, path: PathBuf) -> Result<(), BrokerError> {
        let content: String = self.memory.entries().iter().map(format).collect();
        replace(&path, content.as_bytes())?;
        let file = File::options().append(true).open(&path);
        let file = file.map_err(|source| failed(&path, source))?;
        self.size = content.len() as u64;
        self.compact_size = self.size;
        self.file = Some((path, file));
        Ok(())
    }
}

impl Memory {
    fn apply(&mut self, entry: Entry) {
        match entry {
            Entry::Commit { group, offsets } => {
                let known = &mut self.groups.entry(group).or_default().offsets;
                known.extend(
                    offsets
                        .into_iter()
                        .map(|c| ((c.topic.clone(), c.partition), c)),
                );
            }
            Entry::Forget {
                group,
                topic,
                partitions,
            } => {
                if let Some(group) = self.groups.get_mut(&group) {
                    group
                        .offsets
                        .retain(|(t, p), _| *t != topic || !partitions.contains(p));
                }
            }
            Entry::Generation {
                group,
                generation,
                protocol_type,
            } => {
                let group = self.groups.entry(group).or_default();
                (group.generation, group.protocol_type) = (generation, protocol_type);
            }
            Entry::DeleteGroup { group } => {
                self.groups.remove(&group);
            }
            Entry::DeleteTopic { name, id } => {
                for group in self.groups.values_mut() {
                    group.offsets.retain(|(topic, _), _| *topic != name);
                }
                self.log_starts.retain(|(topic, _), _| *topic != id);
            }
            Entry::ProducerIds { next } => self.next_producer_id = next,
            Entry::LogStart {
                topic,
                partition,
                offset,
            } => {
                self.log_starts.insert((topic, partition), offset);
            }
        }
    }

    /// The fewest entries that lead here.
    fn entries(&self) -> Vec<Entry> {
        let mut entries = vec![Entry::ProducerIds {
            next: self.next_producer_id,
        }];
        for (group, memory) in &self.groups {
            let group = || group.clone();
            let (generation, protocol_type) = (memory.generation, memory.protocol_type.clone());
            entries.push(Entry::Generation {
                group: group(),
                generation,
                protocol_type,
            });
            let offsets = memory.offsets.values().cloned().collect();
            entries.push(Entry::Commit {
                group: group(),
                offsets,
            });
        }
        let start = |((topic, partition), offset): (&(Uuid, i32), &i64)| Entry::LogStart {
            topic: *topic,
            partition: *partition,
            offset: *offset,
        };
        entries.extend(self.log_starts.iter().map(start));
        entries
    }
}

fn format(entry: &Entry) -> String {
    // Only maps with keys that are no strings fail to serialize; an entry has none.
    let json = serde_json::to_string(entry).unwrap_or_default();
    format!("{:08x} {json}\n", crc32c::crc32c(json.as_bytes()))
}

fn parse(line: &[u8]) -> Option<Entry> {
    let line = std::str::from_utf8(line).ok()?.strip_suffix('\n')?;
    let (crc, json) = line.split_once(' ')?;
    if u32::from_str_radix(crc, 16).ok()? != crc32c::crc32c(json.as_bytes()) {
        return None;
    }
    serde_json::from_str(json).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commit(journal: &Journal, offset: i64) {
        let offsets = vec![Committed {
            topic: "trips".into(),
            partition: 3,
            offset,
            leader_epoch: 0,
            metadata: "m\n\"".into(),
        }];
        journal
            .add(Entry::Commit {
                group: "g".into(),
                offsets,
            })
            .unwrap();
    }

    fn committed(journal: &Journal) -> Option<i64> {
        Some(
            journal
                .groups()
                .get("g")?
                .offsets
                .get(&("trips".into(), 3))?
                .offset,
        )
    }

    #[test]
    fn everything_is_there_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.log");
        let topic = Uuid::new_v4();
        let journal = Journal::open(Some(path.clone())).unwrap();
        commit(&journal, 7);
        commit(&journal, 9);
        assert_eq!(journal.next_producer_id().unwrap(), 0);
        journal
            .add(Entry::LogStart {
                topic,
                partition: 1,
                offset: 5,
            })
            .unwrap();
        drop(journal);
        for _ in 0..2 {
            let journal = Journal::open(Some(path.clone())).unwrap();
            assert_eq!(committed(&journal), Some(9));
            assert_eq!(journal.log_start(topic, 1), 5);
        }
        assert_eq!(
            Journal::open(Some(path))
                .unwrap()
                .next_producer_id()
                .unwrap(),
            1
        );
    }

    #[test]
    fn a_torn_line_is_dropped_and_the_rest_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.log");
        let journal = Journal::open(Some(path.clone())).unwrap();
        commit(&journal, 7);
        let whole = std::fs::read(&path).unwrap().len();
        commit(&journal, 8);
        drop(journal);
        let content = std::fs::read(&path).unwrap();
        for cut in whole..content.len() {
            std::fs::write(&path, &content[..cut]).unwrap();
            let journal = Journal::open(Some(path.clone())).unwrap();
            assert_eq!(committed(&journal), Some(7), "torn after {cut} bytes");
            commit(&journal, 9);
            drop(journal);
            assert_eq!(
                committed(&Journal::open(Some(path.clone())).unwrap()),
                Some(9)
            );
        }
    }

    #[test]
    fn a_deleted_topic_and_a_deleted_group_are_forgotten() {
        let journal = Journal::open(None).unwrap();
        commit(&journal, 7);
        journal
            .add(Entry::DeleteTopic {
                name: "trips".into(),
                id: Uuid::nil(),
            })
            .unwrap();
        assert_eq!(committed(&journal), None);
        journal
            .add(Entry::DeleteGroup { group: "g".into() })
            .unwrap();
        assert!(journal.groups().is_empty());
    }
}
