use farandole_runtime::{KafkaSettings, Scope};
use rdkafka::ClientConfig;

/// librdkafka's configuration of a client of any kind: the settings for all clients, and its name in logs and at the broker.
/// Properties of consumers and of producers are added by those who open them.
pub fn client_config(kafka: &KafkaSettings, client_id: &str) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("topic.metadata.refresh.interval.ms", "30000");
    for (key, value) in kafka.entries_for(Scope::Client) {
        config.set(key, value);
    }
    config.set("client.id", client_id);
    config
}

/// A consumer that only reads: librdkafka wants a group for its consumer queue, but nothing here ever joins it.
pub(crate) fn reader_config(kafka: &KafkaSettings, client_id: &str) -> ClientConfig {
    let mut config = client_config(kafka, client_id);
    // Bounded queues, and no second of silence after they were full.
    config
        .set("queued.min.messages", "2000")
        .set("queued.max.messages.kbytes", "16384");
    config
        .set("fetch.queue.backoff.ms", "10")
        .set("fetch.wait.max.ms", "100")
        .set("isolation.level", "read_committed");
    for (key, value) in kafka.entries_for(Scope::Consumer) {
        config.set(key, value);
    }
    config.set("group.id", format!("{client_id}-never-joined"));
    read_only(&mut config);
    config
}

/// A client that asks for one group's offsets, and is never a member of it.
pub(crate) fn inspector_config(
    kafka: &KafkaSettings,
    client_id: &str,
    group: Option<&str>,
) -> ClientConfig {
    let mut config = client_config(kafka, client_id);
    if let Some(group) = group {
        config.set("group.id", group);
    }
    read_only(&mut config);
    config
}

fn read_only(config: &mut ClientConfig) {
    config
        .set("enable.auto.commit", "false")
        .set("enable.auto.offset.store", "false");
    config
        .set("allow.auto.create.topics", "false")
        .set("auto.offset.reset", "earliest")
        .set("enable.partition.eof", "false");
}
