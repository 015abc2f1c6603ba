//! What our clients are configured with. What the user has set wins over a default; what delivery depends on is fixed.

use farandole_runtime::{KafkaSettings, Scope};
use rdkafka::ClientConfig;
use rdkafka::config::RDKafkaLogLevel;

use crate::SubscriberSettings;

/// Defaults of every client.
const CLIENT: &[(&str, &str)] = &[
    // Delivery resumes within seconds of a broker's return; librdkafka would wait up to ten.
    ("reconnect.backoff.max.ms", "1000"),
    // New partitions and topics are found soon; librdkafka's own default is five minutes.
    ("topic.metadata.refresh.interval.ms", "15000"),
];

const PRODUCER: &[(&str, &str)] = &[
    ("linger.ms", "5"),
    ("message.timeout.ms", "30000"),
    ("queue.buffering.max.messages", "100000"),
    ("queue.buffering.max.kbytes", "131072"),
    // The topic decides what is too large: dead letter topics take more than others. Batches keep below `batch.size`.
    ("message.max.bytes", "5000000"),
    // A topic that doesn't exist is an error soon, not after half a minute.
    ("topic.metadata.propagation.max.ms", "5000"),
];

const PRODUCER_FIXED: &[(&str, &str)] = &[
    ("enable.idempotence", "true"),
    ("acks", "all"),
    // The same key goes to the same partition as with Java clients; librdkafka's own default hashes otherwise.
    ("partitioner", "murmur2_random"),
];

const CONSUMER: &[(&str, &str)] = &[
    ("session.timeout.ms", "6000"),
    ("heartbeat.interval.ms", "2000"),
    ("max.poll.interval.ms", "300000"),
    // librdkafka waits a second before it fetches again when its queue was full.
    ("fetch.queue.backoff.ms", "10"),
    ("queued.min.messages", "10000"),
    ("queued.max.messages.kbytes", "16384"),
    ("fetch.max.bytes", "16777216"),
    ("check.crcs", "true"),
    // Tells whether any broker is reachable.
    ("statistics.interval.ms", "2000"),
];

const CONSUMER_FIXED: &[(&str, &str)] = &[
    ("enable.auto.commit", "false"),
    ("enable.auto.offset.store", "false"),
    ("auto.offset.reset", "earliest"),
    ("partition.assignment.strategy", "range"),
    ("group.protocol", "classic"),
    ("allow.auto.create.topics", "false"),
];

/// A client that only asks and administers.
pub(crate) fn admin(kafka: &KafkaSettings, client_id: &str) -> ClientConfig {
    build(kafka, Scope::Client, client_id, &[], &[])
}

pub(crate) fn producer(kafka: &KafkaSettings, client_id: &str) -> ClientConfig {
    build(kafka, Scope::Producer, client_id, PRODUCER, PRODUCER_FIXED)
}

pub(crate) fn consumer(kafka: &KafkaSettings, settings: &SubscriberSettings) -> ClientConfig {
    let mut config = build(
        kafka,
        Scope::Consumer,
        &settings.client_id,
        CONSUMER,
        CONSUMER_FIXED,
    );
    config.set("group.id", &settings.group);
    config
}

fn build(
    kafka: &KafkaSettings,
    scope: Scope,
    client_id: &str,
    defaults: &[(&str, &str)],
    fixed: &[(&str, &str)],
) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set_log_level(RDKafkaLogLevel::Warning);
    config.set("client.id", client_id);
    let given: Vec<(&str, &str)> = kafka.entries_for(scope).collect();
    for (key, value) in CLIENT.iter().chain(defaults).chain(&given).chain(fixed) {
        config.set(*key, *value);
    }
    config
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(overrides: &[(&str, &str)]) -> KafkaSettings {
        let overrides: Vec<_> = overrides
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect();
        KafkaSettings::load(None, std::iter::empty(), &overrides).expect("these settings are fine")
    }

    #[test]
    fn a_consumer_neither_commits_nor_stores_offsets_by_itself() {
        let subscriber = SubscriberSettings::new("notification", ["trips"]);
        let config = consumer(&settings(&[]), &subscriber);
        assert_eq!(config.get("enable.auto.commit"), Some("false"));
        assert_eq!(config.get("enable.auto.offset.store"), Some("false"));
        assert_eq!(config.get("auto.offset.reset"), Some("earliest"));
        assert_eq!(config.get("group.id"), Some("notification"));
        config
            .create_native_config()
            .expect("librdkafka takes every property");
    }

    #[test]
    fn a_producer_is_idempotent_and_hashes_keys_as_java_does() {
        let config = producer(&settings(&[]), "trip");
        assert_eq!(config.get("enable.idempotence"), Some("true"));
        assert_eq!(config.get("acks"), Some("all"));
        assert_eq!(config.get("partitioner"), Some("murmur2_random"));
        config
            .create_native_config()
            .expect("librdkafka takes every property");
    }

    #[test]
    fn what_the_user_sets_wins_over_a_default() {
        let config = producer(&settings(&[("linger.ms", "0")]), "trip");
        assert_eq!(config.get("linger.ms"), Some("0"));
    }
}
