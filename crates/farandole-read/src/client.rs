use std::thread;

use rdkafka::consumer::BaseConsumer;

use farandole_runtime::KafkaSettings;

use crate::config::inspector_config;
use crate::error::ReadError;

/// A consumer that only asks questions. librdkafka's close may hang while a broker does, so it happens on a thread of its own.
pub(crate) struct Client {
    consumer: Option<BaseConsumer>,
}

impl Client {
    pub(crate) fn open(
        kafka: &KafkaSettings,
        client_id: &str,
        group: Option<&str>,
    ) -> Result<Self, ReadError> {
        let consumer = inspector_config(kafka, client_id, group)
            .create()
            .map_err(|error| ReadError::Settings(Box::new(error)))?;
        Ok(Self {
            consumer: Some(consumer),
        })
    }

    /// The consumer; there until the client is dropped.
    pub(crate) fn get(&self) -> Result<&BaseConsumer, ReadError> {
        self.consumer.as_ref().ok_or(ReadError::Closed)
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let consumer = self.consumer.take();
        // Without a thread the close happens here, which is right except while a broker hangs.
        let _ = thread::Builder::new()
            .name("kafka-close".into())
            .spawn(move || drop(consumer));
    }
}
