use rdkafka::error::KafkaError;

/// Why a subscriber could not start or go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SubscribeError {
    /// There is nothing to read.
    #[error("group {group} subscribes to no topic: it needs at least one event to react to")]
    NoTopics {
        /// The consumer group.
        group: String,
    },
    /// Topics to read don't exist.
    #[error("group {group} subscribes to topics that do not exist: {}; create them with `farandole topics apply`", topics.join(", "))]
    MissingTopics {
        /// The consumer group.
        group: String,
        /// The missing topics, in order.
        topics: Vec<String>,
    },
    /// The settings make no client.
    #[error("no Kafka consumer can be made of these settings for group {group}: {source}")]
    Client {
        /// The consumer group.
        group: String,
        /// What the client said.
        source: KafkaError,
    },
    /// The client has failed for good.
    #[error("the consumer of group {group} has failed for good: {source}; restart the process")]
    Fatal {
        /// The consumer group.
        group: String,
        /// What the client said.
        source: KafkaError,
    },
    /// The thread that polls has panicked.
    #[error(
        "the thread that polls Kafka has panicked (see the standard error); restart the process"
    )]
    Died,
    /// The system gives no more threads.
    #[error("no thread for polling Kafka: {0}")]
    Thread(#[source] std::io::Error),
}
