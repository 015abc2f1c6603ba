use rdkafka::error::{KafkaError, RDKafkaErrorCode};

/// Why an administrative request failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AdminError {
    /// The settings make no client.
    #[error("no Kafka client can be made of these settings: {0}")]
    Open(#[source] KafkaError),
    /// The topic's name is not one that Kafka takes.
    #[error(
        "{0:?} is not a topic's name: use 1 to 249 of the characters a-z, A-Z, 0-9, '.', '_' and '-'"
    )]
    TopicName(String),
    /// No broker answered.
    #[error(
        "no broker at {servers} answered: {source}; is it running, and are the security settings right?"
    )]
    Unreachable {
        /// The brokers asked.
        servers: String,
        /// What the client said.
        source: KafkaError,
    },
    /// The cluster refused a request about a topic.
    #[error("{what} topic {topic} was refused: {code}; {help}")]
    Refused {
        /// `creating`, `deleting` or `describing`.
        what: &'static str,
        /// The topic.
        topic: String,
        /// What the cluster said.
        code: RDKafkaErrorCode,
        /// What to do about it.
        help: &'static str,
    },
    /// A change was made and doesn't show.
    #[error("topics {} don't show {} s after the change: ask again, or look at the brokers' logs", topics.join(", "), super::SHOWN.as_secs())]
    NotShown {
        /// The topics.
        topics: Vec<String>,
    },
    /// The work ended early, because the runtime is ending.
    #[error("the request was cut off: the runtime is ending")]
    CutOff,
}

pub(super) fn refused(what: &'static str, topic: String, code: RDKafkaErrorCode) -> AdminError {
    use RDKafkaErrorCode as Code;
    let help = match code {
        Code::TopicAuthorizationFailed | Code::ClusterAuthorizationFailed => {
            "grant Create, Delete, Describe or DescribeConfigs on it to this principal"
        }
        Code::InvalidReplicationFactor => "there are fewer brokers than copies asked for",
        Code::InvalidPartitions => "ask for at least one partition",
        Code::InvalidConfig => {
            "the cluster doesn't know one of the configuration entries, or not that value"
        }
        Code::PolicyViolation => "the cluster has a policy against it",
        _ => "the brokers' logs say more",
    };
    AdminError::Refused {
        what,
        topic,
        code,
        help,
    }
}
