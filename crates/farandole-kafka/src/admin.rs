use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use farandole_runtime::KafkaSettings;
use rdkafka::admin::{
    AdminClient, AdminOptions, NewTopic, ResourceSpecifier, TopicReplication, TopicResult,
};
use rdkafka::client::DefaultClientContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};

use crate::topic::is_valid_name;
use crate::{Change, TopicChange, TopicDescription, TopicSpec};

mod compare;
mod error;

use compare::compare;
pub use error::AdminError;
use error::refused;

/// How long one request may take.
const REQUEST: Duration = Duration::from_secs(10);
/// How long a list of all topics may take; short, because it blocks a thread and so the end of the process.
const METADATA: Duration = Duration::from_secs(4);
/// How long a change may take to show everywhere.
const SHOWN: Duration = Duration::from_secs(10);

/// Creates, deletes and describes topics.
#[derive(Clone)]
pub struct Admin {
    client: Arc<AdminClient<DefaultClientContext>>,
    servers: String,
}

/// Partitions and copies of a topic.
#[derive(Clone, Copy)]
struct Shape {
    partitions: i32,
    replication: i32,
}

impl Admin {
    /// A client for administration; connects in the background.
    ///
    /// # Errors
    /// When the settings make no client.
    pub fn open(kafka: &KafkaSettings) -> Result<Self, AdminError> {
        let client = crate::config::admin(kafka, "farandole-admin")
            .create()
            .map_err(AdminError::Open)?;
        Ok(Self {
            client: Arc::new(client),
            servers: kafka.bootstrap_servers().to_owned(),
        })
    }

    /// Creates the topics that are missing, looks at those that exist, and waits until all show. Existing topics are never
    /// changed.
    ///
    /// # Errors
    /// When the cluster can't be reached or refuses one of them; others may have been created by then.
    pub async fn ensure_topics(
        &self,
        topics: &[TopicSpec],
    ) -> Result<Vec<TopicChange>, AdminError> {
        if let Some(topic) = topics.iter().find(|topic| !is_valid_name(&topic.name)) {
            return Err(AdminError::TopicName(topic.name.clone()));
        }
        let before = self.shapes().await?;
        let missing: Vec<&TopicSpec> = topics
            .iter()
            .filter(|topic| !before.contains_key(&topic.name))
            .collect();
        let created = self.create(&missing).await?;
        let existing: Vec<&str> = topics
            .iter()
            .map(|topic| topic.name.as_str())
            .filter(|name| !created.iter().any(|created| created == name))
            .collect();
        let found = self.describe_topics(&existing).await?;
        self.wait_until_shown(&created, true).await?;
        let changes = topics.iter().map(|topic| TopicChange {
            name: topic.name.clone(),
            change: found
                .iter()
                .find(|found| found.name == topic.name)
                .map_or(Change::Created, |found| compare(topic, found)),
        });
        Ok(changes.collect())
    }

    /// Creates topics and answers the names of those that were not there.
    async fn create(&self, topics: &[&TopicSpec]) -> Result<Vec<String>, AdminError> {
        if topics.is_empty() {
            return Ok(Vec::new());
        }
        let new: Vec<NewTopic<'_>> = topics.iter().map(|topic| new_topic(topic)).collect();
        let results = self
            .client
            .create_topics(&new, &options())
            .await
            .map_err(|source| self.unreachable(source))?;
        let mut created = Vec::new();
        for result in results {
            match result {
                Ok(name) => created.push(name),
                // Somebody else was faster.
                Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
                Err((topic, code)) => return Err(refused("creating", topic, code)),
            }
        }
        Ok(created)
    }

    /// Deletes topics with everything in them and waits until they are gone; those that don't exist are no error.
    ///
    /// # Errors
    /// When the cluster can't be reached or refuses one of them.
    pub async fn delete_topics(&self, names: &[&str]) -> Result<(), AdminError> {
        if names.is_empty() {
            return Ok(());
        }
        let results: Vec<TopicResult> = self
            .client
            .delete_topics(names, &options())
            .await
            .map_err(|source| self.unreachable(source))?;
        for result in results {
            match result {
                Ok(_)
                | Err((
                    _,
                    RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::UnknownTopic,
                )) => {}
                Err((topic, code)) => return Err(refused("deleting", topic, code)),
            }
        }
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        self.wait_until_shown(&names, false).await
    }

    /// The topics of these names as they are; those that don't exist are left out.
    ///
    /// # Errors
    /// When the cluster can't be reached or refuses one of them.
    pub async fn describe_topics(
        &self,
        names: &[&str],
    ) -> Result<Vec<TopicDescription>, AdminError> {
        let shapes = self.shapes().await?;
        let known: Vec<&str> = names
            .iter()
            .copied()
            .filter(|name| shapes.contains_key(*name))
            .collect();
        if known.is_empty() {
            return Ok(Vec::new());
        }
        let resources: Vec<ResourceSpecifier<'_>> = known
            .iter()
            .map(|name| ResourceSpecifier::Topic(name))
            .collect();
        let results = self
            .client
            .describe_configs(&resources, &options())
            .await
            .map_err(|source| self.unreachable(source))?;
        let mut topics = Vec::new();
        for (name, result) in known.iter().zip(results) {
            let entries = result
                .map_err(|code| refused("describing", (*name).to_owned(), code))?
                .entries;
            let config = entries
                .into_iter()
                .filter_map(|entry| Some((entry.name, entry.value?)))
                .collect();
            let Shape {
                partitions,
                replication,
            } = shapes[*name];
            topics.push(TopicDescription {
                name: (*name).to_owned(),
                partitions,
                replication,
                config,
            });
        }
        Ok(topics)
    }

    /// The names of all topics, internal ones included, in order.
    ///
    /// # Errors
    /// When the cluster can't be reached.
    pub async fn topic_names(&self) -> Result<Vec<String>, AdminError> {
        let mut names: Vec<String> = self.shapes().await?.into_keys().collect();
        names.sort();
        Ok(names)
    }

    async fn shapes(&self) -> Result<HashMap<String, Shape>, AdminError> {
        let client = self.client.clone();
        let metadata =
            tokio::task::spawn_blocking(move || client.inner().fetch_metadata(None, METADATA))
                .await
                .map_err(|_| AdminError::CutOff)?
                .map_err(|source| self.unreachable(source))?;
        let shape = |topic: &rdkafka::metadata::MetadataTopic| Shape {
            partitions: i32::try_from(topic.partitions().len()).unwrap_or(i32::MAX),
            replication: topic.partitions().first().map_or(0, |first| {
                i32::try_from(first.replicas().len()).unwrap_or(i32::MAX)
            }),
        };
        let existing = metadata
            .topics()
            .iter()
            .filter(|topic| topic.error().is_none());
        Ok(existing
            .map(|topic| (topic.name().to_owned(), shape(topic)))
            .collect())
    }

    async fn wait_until_shown(&self, names: &[String], there: bool) -> Result<(), AdminError> {
        if names.is_empty() {
            return Ok(());
        }
        let deadline = Instant::now() + SHOWN;
        loop {
            let shapes = self.shapes().await?;
            let late: Vec<String> = names
                .iter()
                .filter(|name| shapes.contains_key(*name) != there)
                .cloned()
                .collect();
            if late.is_empty() {
                return Ok(());
            }
            if Instant::now() >= deadline {
                return Err(AdminError::NotShown { topics: late });
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    fn unreachable(&self, source: KafkaError) -> AdminError {
        AdminError::Unreachable {
            servers: self.servers.clone(),
            source,
        }
    }
}

impl std::fmt::Debug for Admin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Admin")
            .field("servers", &self.servers)
            .finish_non_exhaustive()
    }
}

fn new_topic(topic: &TopicSpec) -> NewTopic<'_> {
    let new = NewTopic::new(
        &topic.name,
        topic.partitions,
        TopicReplication::Fixed(topic.replication),
    );
    topic
        .config
        .iter()
        .fold(new, |new, (key, value)| new.set(key, value))
}

fn options() -> AdminOptions {
    AdminOptions::new()
        .request_timeout(Some(REQUEST))
        .operation_timeout(Some(REQUEST))
}
