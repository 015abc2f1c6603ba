use rdkafka::error::KafkaError;

/// Why reading failed.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// A client can't be made out of these settings.
    #[error(
        "no Kafka client can be made of these settings: {0}. Check client.properties and the KAFKA_* variables"
    )]
    Settings(#[source] Box<KafkaError>),
    /// A question to the broker was not answered as it should.
    #[error(
        "{doing}: {source}. Check that the brokers at {servers} can be reached and that this user may read there"
    )]
    Broker {
        /// What was asked for.
        doing: String,
        /// The brokers asked.
        servers: String,
        /// librdkafka's answer.
        #[source]
        source: Box<KafkaError>,
    },
    /// A topic that was named does not exist.
    #[error(
        "there is no topic {0:?} on this cluster. Create it with `farandole topics apply`, or check its name"
    )]
    NoTopic(String),
    /// librdkafka can't go on; only a new reader can.
    #[error("the Kafka client has failed for good: {0}. Open a new reader")]
    Fatal(#[source] Box<KafkaError>),
    /// The reader's thread has ended.
    #[error("this reader has been closed")]
    Closed,
    /// The operating system gives no thread.
    #[error("no thread can be started: {0}")]
    Thread(#[source] std::io::Error),
}

impl ReadError {
    /// Whether the same may work a little later.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Broker { .. })
    }
}
