use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use farandole_runtime::KafkaSettings;
use rdkafka::consumer::Consumer;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::{Offset, TopicPartitionList};
use serde::Serialize;

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

/// A consumer group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GroupInfo {
    /// Its name.
    pub name: String,
    /// `Stable`, `Empty`, `PreparingRebalance`, `CompletingRebalance` or `Dead`.
    pub state: String,
    /// Who is in it.
    pub members: Vec<Member>,
}

/// A member of a consumer group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Member {
    /// The id the broker gave it.
    pub id: String,
    /// The name it gave itself.
    pub client_id: String,
    /// Where it runs.
    pub host: String,
    /// The partitions given to it.
    pub assignment: Vec<Partition>,
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
            let mut groups: Vec<_> = list.groups().iter().map(group_info).collect();
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

fn group_info(group: &rdkafka::groups::GroupInfo) -> GroupInfo {
    let members = group.members().iter().map(|member| Member {
        id: member.id().to_owned(),
        client_id: member.client_id().to_owned(),
        host: member.client_host().trim_start_matches('/').to_owned(),
        assignment: member.assignment().map(assignment).unwrap_or_default(),
    });
    GroupInfo {
        name: group.name().to_owned(),
        state: group.state().to_owned(),
        members: members.collect(),
    }
}

/// Kafka's consumer protocol: version i16, then an array of (topic, array of partition i32). What is cut off is left out.
fn assignment(bytes: &[u8]) -> Vec<Partition> {
    let mut rest = bytes.get(2..).unwrap_or_default();
    let mut found = Vec::new();
    let topics = take_i32(&mut rest).unwrap_or(0);
    for _ in 0..topics {
        let Some(topic) = take_text(&mut rest) else {
            break;
        };
        let partitions = take_i32(&mut rest).unwrap_or(0);
        for _ in 0..partitions {
            let Some(partition) = take_i32(&mut rest) else {
                return found;
            };
            found.push((topic.clone(), partition));
        }
    }
    found
}

fn take<'a>(rest: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (head, tail) = rest.split_at_checked(count)?;
    *rest = tail;
    Some(head)
}

fn take_i32(rest: &mut &[u8]) -> Option<i32> {
    Some(i32::from_be_bytes(take(rest, 4)?.try_into().ok()?))
}

fn take_text(rest: &mut &[u8]) -> Option<String> {
    let length = i16::from_be_bytes(take(rest, 2)?.try_into().ok()?);
    let bytes = take(rest, usize::try_from(length).ok()?)?;
    Some(String::from_utf8_lossy(bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_s_assignment_is_read_and_a_torn_one_does_no_harm() {
        let mut bytes = vec![0, 0, 0, 0, 0, 1, 0, 5];
        bytes.extend_from_slice(b"trips\0\0\0\x02\0\0\0\x03\0\0\0\x04");
        let whole = vec![("trips".to_owned(), 3), ("trips".to_owned(), 4)];
        assert_eq!(assignment(&bytes), whole);
        for length in 0..bytes.len() {
            let found = assignment(&bytes[..length]);
            assert!(whole.starts_with(&found), "{length} bytes gave {found:?}");
        }
    }
}
