//! The data folder: what lies where.
//!
//! `lock` · `cluster.json` · `topics.json` · `state.log` (see the journal) ·
//! `logs/<topic id>/<partition>.log`

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::BrokerError;
use crate::partition::Partition;
use crate::settings::Overrides;

/// A data folder that no other broker is using.
#[derive(Debug)]
pub(crate) struct Folder {
    root: PathBuf,
    /// Locked as long as it is open.
    _lock: File,
}

/// A topic in `topics.json`.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct TopicEntry {
    pub(crate) name: String,
    pub(crate) id: Uuid,
    pub(crate) partitions: i32,
    pub(crate) settings: Overrides,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct TopicsFile {
    topics: Vec<TopicEntry>,
}

#[derive(Debug, Serialize, Deserialize)]
struct ClusterFile {
    cluster_id: String,
}

impl Folder {
    /// Takes a data folder, making it when it is missing.
    pub(crate) fn open(root: &Path) -> Result<Folder, BrokerError> {
        fs::create_dir_all(root).map_err(|source| failed(root, source))?;
        let path = root.join("lock");
        let lock = File::options()
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(|source| failed(&path, source))?;
        match lock.try_lock() {
            Ok(()) => Ok(Folder {
                root: root.to_owned(),
                _lock: lock,
            }),
            Err(TryLockError::WouldBlock) => Err(BrokerError::Locked(root.to_owned())),
            Err(TryLockError::Error(source)) => Err(failed(&path, source)),
        }
    }

    /// The cluster's id: the one asked for, the one of before, or a new one.
    pub(crate) fn cluster_id(&self, wanted: Option<&str>) -> Result<String, BrokerError> {
        let path = self.root.join("cluster.json");
        let known = read_json::<ClusterFile>(&path)?.map(|file| file.cluster_id);
        if let (Some(known), None) = (&known, wanted) {
            return Ok(known.clone());
        }
        let cluster_id = wanted.map_or_else(new_cluster_id, str::to_owned);
        if known.as_ref() != Some(&cluster_id) {
            write_json(
                &path,
                &ClusterFile {
                    cluster_id: cluster_id.clone(),
                },
            )?;
        }
        Ok(cluster_id)
    }

    pub(crate) fn journal_path(&self) -> PathBuf {
        self.root.join("state.log")
    }

    pub(crate) fn read_topics(&self) -> Result<Vec<TopicEntry>, BrokerError> {
        let file: Option<TopicsFile> = read_json(&self.root.join("topics.json"))?;
        Ok(file.unwrap_or_default().topics)
    }

    pub(crate) fn write_topics(&self, topics: Vec<TopicEntry>) -> Result<(), BrokerError> {
        write_json(&self.root.join("topics.json"), &TopicsFile { topics })
    }

    /// Opens a partition's log, making it when it is missing.
    pub(crate) fn open_partition(
        &self,
        topic: Uuid,
        number: i32,
        start: i64,
    ) -> Result<Arc<Partition>, BrokerError> {
        let folder = self.log_folder(topic);
        fs::create_dir_all(&folder).map_err(|source| failed(&folder, source))?;
        let path = folder.join(format!("{number}.log"));
        let partition = Partition::open(&path, start).map_err(|source| failed(&path, source))?;
        Ok(Arc::new(partition))
    }

    /// Removes the logs of a topic that was deleted.
    pub(crate) fn remove_log(&self, topic: Uuid) {
        let folder = self.log_folder(topic);
        if let Err(error) = fs::remove_dir_all(&folder) {
            // The next start tries again.
            tracing::warn!(folder = %folder.display(), %error, "a deleted topic's log stays");
        }
    }

    /// Removes the logs that belong to no topic: of topics deleted, or never made whole.
    pub(crate) fn remove_logs_except(&self, topics: &[TopicEntry]) {
        let Ok(folders) = fs::read_dir(self.root.join("logs")) else {
            return;
        };
        for folder in folders.flatten() {
            let name = folder.file_name();
            let Some(id) = name.to_str().and_then(|name| Uuid::parse_str(name).ok()) else {
                continue;
            };
            if topics.iter().all(|topic| topic.id != id) {
                self.remove_log(id);
            }
        }
    }

    fn log_folder(&self, topic: Uuid) -> PathBuf {
        self.root.join("logs").join(topic.to_string())
    }
}

/// A cluster id in Kafka's own form: 16 random bytes in URL-safe base 64.
pub(crate) fn new_cluster_id() -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let random = Uuid::new_v4().as_u128();
    let digit = |n: u32| char::from(DIGITS[(random >> (6 * n)) as usize & 63]);
    (0..22).map(digit).collect()
}

pub(crate) fn failed(path: &Path, source: io::Error) -> BrokerError {
    BrokerError::Data {
        path: path.to_owned(),
        source,
    }
}

fn read_json<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, BrokerError> {
    let text = match fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(failed(path, source)),
    };
    serde_json::from_slice(&text)
        .map(Some)
        .map_err(|error| BrokerError::Corrupt {
            path: path.to_owned(),
            problem: format!("not the JSON this broker writes: {error}"),
        })
}

/// Replaces a file as a whole: a reader, and the next start, see the old one or the new one.
fn write_json(path: &Path, value: &impl Serialize) -> Result<(), BrokerError> {
    let text =
        serde_json::to_vec_pretty(value).map_err(|error| failed(path, io::Error::other(error)))?;
    replace(path, &text)
}

/// Replaces a file as a whole.
pub(crate) fn replace(path: &Path, content: &[u8]) -> Result<(), BrokerError> {
    let new = path.with_extension("new");
    fs::write(&new, content).map_err(|source| failed(&new, source))?;
    fs::rename(&new, path).map_err(|source| failed(path, source))
}
