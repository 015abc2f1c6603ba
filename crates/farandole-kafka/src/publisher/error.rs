use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};

/// Why a record was not published.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PublishError {
    /// The settings make no client.
    #[error("no Kafka producer can be made of these settings: {0}")]
    Open(#[source] KafkaError),
    /// The topic's name is not one that Kafka takes.
    #[error(
        "{topic:?} is not a topic's name: use 1 to 249 of the characters a-z, A-Z, 0-9, '.', '_' and '-'"
    )]
    TopicName {
        /// The name.
        topic: String,
    },
    /// The record is larger than the client, the topic or the broker allows.
    #[error(
        "a record of {size} bytes is too large for topic {topic}: publish less, or raise message.max.bytes in the client's \
         settings and max.message.bytes of the topic"
    )]
    TooLarge {
        /// The topic.
        topic: String,
        /// Bytes of key, value and headers, before compression.
        size: usize,
    },
    /// The topic does not exist.
    #[error("topic {topic} does not exist: create it with `farandole topics apply`")]
    UnknownTopic {
        /// The topic.
        topic: String,
    },
    /// The principal may not write to the topic.
    #[error(
        "writing to topic {topic} is not allowed ({code}): grant Write and Describe on it to this principal"
    )]
    NotAllowed {
        /// The topic.
        topic: String,
        /// What the broker said.
        code: Code,
    },
    /// No acknowledgement came in time; the record may have arrived all the same.
    #[error(
        "no broker acknowledged a record for topic {topic} within message.timeout.ms: are the brokers reachable?"
    )]
    TimedOut {
        /// The topic.
        topic: String,
    },
    /// The publisher was closed before the record was delivered.
    #[error(
        "the publisher was closed before a record for topic {topic} was delivered: flush it before it goes"
    )]
    Closed {
        /// The topic.
        topic: String,
    },
    /// The system gives no more threads.
    #[error("no thread for publishing: {0}")]
    Thread(#[source] std::io::Error),
    /// The client or the broker refused it otherwise.
    #[error("a record for topic {topic} was not published: {source}")]
    Refused {
        /// The topic.
        topic: String,
        /// What they said.
        source: KafkaError,
    },
}

impl PublishError {
    /// Whether the same record could never be published to that topic as it is.
    pub fn is_too_large(&self) -> bool {
        matches!(self, Self::TooLarge { .. })
    }

    pub(super) fn from_kafka(topic: &str, size: usize, source: KafkaError) -> Self {
        let topic = topic.to_owned();
        match source.rdkafka_error_code() {
            Some(
                Code::MessageSizeTooLarge | Code::InvalidMessageSize | Code::MessageBatchTooLarge,
            ) => Self::TooLarge { topic, size },
            Some(Code::UnknownTopic | Code::UnknownTopicOrPartition | Code::UnknownPartition) => {
                Self::UnknownTopic { topic }
            }
            Some(code @ (Code::TopicAuthorizationFailed | Code::ClusterAuthorizationFailed)) => {
                Self::NotAllowed { topic, code }
            }
            Some(Code::MessageTimedOut) => Self::TimedOut { topic },
            Some(Code::PurgeQueue | Code::PurgeInflight) => Self::Closed { topic },
            _ => Self::Refused { topic, source },
        }
    }
}
