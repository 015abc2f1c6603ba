//! Which topics schemas and workflows need.

use std::collections::BTreeMap;

use farandole_event::{dead_letter, system};
use farandole_kafka::TopicSpec;

use crate::project::Project;

/// `max.message.bytes` of topics that keep whole records of others: Kafka's usual limit of 1 MiB counts compressed bytes, and what
/// was read is published again uncompressed and with more headers.
const DEAD_LETTER_BYTES: &str = "4194304";

/// The shape of new topics.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// Partitions of each.
    pub partitions: i32,
    /// Replicas of each; -1 for the cluster's default.
    pub replication: i32,
}

/// Topics of every event, of every participant (`others` are services that take part in no workflow), and the system's own.
pub fn wanted(project: &Project, others: &[String], shape: Shape) -> Vec<TopicSpec> {
    let mut topics = BTreeMap::new();
    let mut add = |spec: TopicSpec| {
        topics.insert(
            spec.name.clone(),
            TopicSpec {
                replication: shape.replication,
                ..spec
            },
        );
    };
    for (_, schema) in &project.schemas {
        add(TopicSpec::new(schema.topic(), shape.partitions));
    }
    let participants = project
        .workflows
        .iter()
        .flat_map(|(_, workflow)| workflow.participants());
    for participant in participants.chain(others.iter().map(String::as_str)) {
        for name in [
            dead_letter::topic(participant),
            dead_letter::redrive_topic(participant),
        ] {
            add(TopicSpec::new(name, shape.partitions).with("max.message.bytes", DEAD_LETTER_BYTES));
        }
    }
    add(TopicSpec::new(system::SIGNALS, shape.partitions));
    // One partition: whoever reads the catalog reads all of it, in order.
    add(TopicSpec::new(system::CATALOG, 1).with("cleanup.policy", "compact"));
    topics.into_values().collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn events_participants_and_the_system_get_their_topics() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let project = Project::load(
            &root.join("schemas/events"),
            &root.join("schemas/workflows"),
        )
        .expect("a project");
        let topics = wanted(
            &project,
            &["rider-map".to_owned()],
            Shape {
                partitions: 6,
                replication: 1,
            },
        );
        let find = |name: &str| {
            topics
                .iter()
                .find(|topic| topic.name == name)
                .unwrap_or_else(|| panic!("{name} is missing"))
        };
        for name in [
            "trips",
            "assignments",
            "drivers",
            "trip.dead-letters",
            "notification.redrive",
            "rider-map.dead-letters",
            system::SIGNALS,
        ] {
            assert_eq!(
                (find(name).partitions, find(name).replication),
                (6, 1),
                "{name}"
            );
            assert_eq!(
                find(name).config["message.timestamp.type"],
                "LogAppendTime",
                "{name}"
            );
        }
        let catalog = find(system::CATALOG);
        assert_eq!(
            (
                catalog.partitions,
                catalog.config["cleanup.policy"].as_str()
            ),
            (1, "compact")
        );
    }
}
