use std::collections::BTreeSet;

use farandole_event::system::{CATALOG, SIGNALS};
use farandole_read::TopicInfo;

/// The partitions to follow: topics of known schemas, the toolkit's own, dead letters and their way back, and those asked for.
pub(super) fn followed<'a>(
    topics: &'a [TopicInfo],
    known: &'a BTreeSet<String>,
    extra: &'a [String],
) -> impl Iterator<Item = (String, i32)> + 'a {
    topics
        .iter()
        .filter(|topic| {
            let name = topic.name.as_str();
            known.contains(name)
                || [SIGNALS, CATALOG].contains(&name)
                || name.ends_with(".dead-letters")
                || name.ends_with(".redrive")
                || extra.iter().any(|asked| asked == name)
        })
        .flat_map(|topic| (0..topic.partitions).map(|partition| (topic.name.clone(), partition)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_of_known_schemas_and_the_toolkit_s_own_are_followed_and_others_are_not() {
        let topic = |name: &str| TopicInfo {
            name: name.to_owned(),
            partitions: 1,
        };
        let topics = [
            "trips",
            "trip.dead-letters",
            "trip.redrive",
            SIGNALS,
            CATALOG,
            "billing",
            "clicks",
        ]
        .map(topic);
        let known = BTreeSet::from(["trips".to_owned()]);
        let found: Vec<String> = followed(&topics, &known, &["billing".to_owned()])
            .map(|(name, _)| name)
            .collect();
        assert_eq!(
            found,
            [
                "trips",
                "trip.dead-letters",
                "trip.redrive",
                SIGNALS,
                CATALOG,
                "billing"
            ]
        );
    }
}
