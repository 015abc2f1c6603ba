mod group;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use farandole_runtime::KafkaSettings;
use rdkafka::consumer::Consumer;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::{Offset, TopicPartitionList};
use serde::Serialize;

pub use group::{GroupInfo, Member};

use crate::client::Client;
use crate::error::ReadError;

/// How long one question may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// Groups whose clients are kept open.
const KEPT_GROUPS: usize = 64;

/// A partition by its topic's name and its number.
pub type Partition = (String, i32);

/// A topic of the cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TopicInfo {
    /// Its name.
    pub name: String,
    /// How many partitions it has.
    pub partitions: i32,
}

/// What a partition holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Watermarks {
    /// The first offset still there.
    pub low: i64,
    /// The offset the next record will get.
    pub high: i64,
}

/// Asks about topics, offsets and groups without taking part in anything. Cheap to clone.
#[derive(Clone)]
pub struct Inspector(Arc<Inner>);

struct Inner {
    kafka: KafkaSettings,
    client_id: String,
    client: Arc<Client>,
    groups: Mutex<HashMap<String, Arc<Client>>>,
}

impl Inspector {
    /// Makes a client; no broker is asked yet.
    ///
    /// # Errors
    /// librdkafka refuses the settings.
    pub fn open(kafka: &KafkaSettings, client_id: &str) -> Result<Self, ReadError> {
        let client = Arc::new(Client::open(kafka, client_id, None)?);
        let inner = Inner {
            kafka: kafka.clone(),
            client_id: client_id.to_owned(),
            client,
            groups: Mutex::default(),
        };
        Ok(Self(Arc::new(inner)))
    }

    /// Every topic except Kafka's own (`__…`), by name.
    ///
    /// # Errors
    /// No broker answers.
    pub async fn topics(&self) -> Result<Vec<TopicInfo>, ReadError> {
        self.ask("listing topics", &self.0.client, |client| {
            let metadata = client
                .get()?
                .fetch_metadata(None, PATIENCE)
                .map_err(Failed::kafka)?;
            let known = metadata
                .topics()
                .iter()
                .filter(|topic| topic.error().is_none() && !topic.name().starts_with("__"));
            let mut topics: Vec<_> = known
                .map(|topic| TopicInfo {
                    name: topic.name().to_owned(),
                    partitions: i32::try_from(topic.partitions().len()).unwrap_or(i32::MAX),
                })
                .collect();
            topics.sort_by(|a, b| a.name.cmp(&b.name));
            Ok(topics)
        })
        .await
    }

    /// The first and the next offset of a partition.
    ///
    /// # Errors
    /// No broker answers, or there is no such partition.
    pub async fn watermarks(&self, topic: &str, partition: i32) -> Result<Watermarks, ReadError> {
        let topic = topic.to_owned();
        self.ask(
            &format!("reading the ends of {topic}[{partition}]"),
            &self.0.client,
            move |client| {
                let (low, high) = client
                    .get()?
                    .fetch_watermarks(&topic, partition, PATIENCE)
                    .map_err(Failed::kafka)?;
                Ok(Watermarks { low, high })
            },
        )
        .await
    }

    /// The next offset of many partitions, one request per broker. Partitions that don't exist are missing in the answer.
    ///
    /// # Errors
    /// No broker answers.
    pub async fn ends(
        &self,
        partitions: &[Partition],
    ) -> Result<BTreeMap<Partition, i64>, ReadError> {
        self.at(partitions, Offset::End).await
    }

    /// The first offset still there of many partitions, one request per broker.
    ///
    /// # Errors
    /// No broker answers.
    pub async fn beginnings(
        &self,
        partitions: &[Partition],
    ) -> Result<BTreeMap<Partition, i64>, ReadError> {
        self.at(partitions, Offset::Beginning).await
    }

    async fn at(
        &self,
        partitions: &[Partition],
        which: Offset,
    ) -> Result<BTreeMap<Partition, i64>, ReadError> {
        if partitions.is_empty() {
            return Ok(BTreeMap::new());
        }
        let wanted = list(partitions, which)?;
        self.ask("listing offsets", &self.0.client, move |client| {
            let found = client
                .get()?
                .offsets_for_times(wanted, PATIENCE)
                .map_err(Failed::kafka)?;
            Ok(offsets(&found)
                .filter_map(|(partition, offset)| Some((partition, offset?)))
                .collect())
        })
        .await
    }

    /// The offsets a group has committed, `None` where it has none; the group is not joined.
    ///
    /// # Errors
    /// No broker answers, or librdkafka refuses the group's name.
    pub async fn committed(
        &self,
        group: &str,
        partitions: &[Partition],
    ) -> Result<BTreeMap<Partition, Option<i64>>, ReadError> {
        if partitions.is_empty() {
            return Ok(BTreeMap::new());
        }
        let (client, wanted) = (self.of_group(group)?, list(partitions, Offset::Invalid)?);
        self.ask(
            &format!("reading the offsets of group {group}"),
            &client,
            move |client| {
                let found = client
                    .get()?
                    .committed_offsets(wanted, PATIENCE)
                    .map_err(Failed::kafka)?;
                Ok(offsets(&found).collect())
            },
        )
        .await
    }

    /// Every consumer group with its members.
    ///
    /// # Errors
    /// No broker answers.
    pub async fn groups(&self) -> Result<Vec<GroupInfo>, ReadError> {
        self.list_groups(None).await
    }

    /// One group with its members; `None` when the cluster does not know it.
    ///
    /// # Errors
    /// No broker answers.
    pub async fn group(&self, name: &str) -> Result<Option<GroupInfo>, ReadError> {
        let found = self.list_groups(Some(name.to_owned())).await?;
        Ok(found
            .into_iter()
            .find(|group| group.name == name && group.state != "Dead"))
    }

    async fn list_groups(&self, name: Option<String>) -> Result<Vec<GroupInfo>, ReadError> {
        self.ask("listing consumer groups", &self.0.client, move |client| {
            let list = client
                .get()?
                .fetch_group_list(name.as_deref(), PATIENCE)
                .map_err(Failed::kafka)?;
            let mut groups: Vec<_> = list.groups().iter().map(group::info).collect();
            groups.sort_by(|a, b| a.name.cmp(&b.name));
            Ok(groups)
        })
        .await
    }

    fn of_group(&self, group: &str) -> Result<Arc<Client>, ReadError> {
        let mut groups = self.0.groups.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = groups.get(group) {
            return Ok(client.clone());
        }
        if groups.len() >= KEPT_GROUPS {
            groups.clear();
        }
        let client = Arc::new(Client::open(&self.0.kafka, &self.0.client_id, Some(group))?);
        groups.insert(group.to_owned(), client.clone());
        Ok(client)
    }

    /// Runs a blocking question on a thread for such.
    async fn ask<T: Send + 'static>(
        &self,
        doing: &str,
        client: &Arc<Client>,
        question: impl FnOnce(&Client) -> Result<T, Failed> + Send + 'static,
    ) -> Result<T, ReadError> {
        let client = client.clone();
        let answer = tokio::task::spawn_blocking(move || question(&client)).await;
        match answer {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(Failed::Read(error))) => Err(error),
            Ok(Err(Failed::Kafka(source))) => Err(ReadError::Broker {
                doing: doing.to_owned(),
                servers: self.0.kafka.bootstrap_servers().to_owned(),
                source,
            }),
            // The runtime is ending.
            Err(_) => Err(ReadError::Closed),
        }
    }
}

enum Failed {
    Kafka(Box<KafkaError>),
    Read(ReadError),
}

impl Failed {
    fn kafka(error: KafkaError) -> Self {
        Self::Kafka(Box::new(error))
    }
}

impl From<ReadError> for Failed {
    fn from(error: ReadError) -> Self {
        Self::Read(error)
    }
}

fn list(partitions: &[Partition], offset: Offset) -> Result<TopicPartitionList, ReadError> {
    let mut list = TopicPartitionList::with_capacity(partitions.len());
    for (topic, partition) in partitions {
        list.add_partition_offset(topic, *partition, offset)
            .map_err(|_| ReadError::NoTopic(topic.clone()))?;
    }
    Ok(list)
}

fn offsets(list: &TopicPartitionList) -> impl Iterator<Item = (Partition, Option<i64>)> {
    list.elements()
        .into_iter()
        .filter(|one| !unknown(one.error()))
        .map(|one| {
            let offset = match one.offset() {
                Offset::Offset(offset) if one.error().is_ok() => Some(offset),
                _ => None,
            };
            ((one.topic().to_owned(), one.partition()), offset)
        })
}

fn unknown(error: Result<(), KafkaError>) -> bool {
    let code = error.err().and_then(|error| error.rdkafka_error_code());
    matches!(
        code,
        Some(
            RDKafkaErrorCode::UnknownTopicOrPartition
                | RDKafkaErrorCode::UnknownTopic
                | RDKafkaErrorCode::UnknownPartition
        )
    )
}
