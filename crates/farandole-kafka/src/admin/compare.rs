use crate::{Change, TopicDescription, TopicSpec};

/// How a topic is, against how it should be.
pub(super) fn compare(wanted: &TopicSpec, found: &TopicDescription) -> Change {
    let differences = wanted.differences(found);
    if differences.is_empty() {
        Change::Exists
    } else {
        Change::Differs(differences)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn found(partitions: i32, timestamps: &str) -> TopicDescription {
        let config = BTreeMap::from([("message.timestamp.type".to_owned(), timestamps.to_owned())]);
        TopicDescription {
            name: "trips".into(),
            partitions,
            replication: 1,
            config,
        }
    }

    #[test]
    fn a_topic_that_is_as_it_should_be_exists() {
        assert_eq!(
            compare(&TopicSpec::new("trips", 6), &found(6, "LogAppendTime")),
            Change::Exists
        );
    }

    #[test]
    fn differences_are_named() {
        let Change::Differs(differences) =
            compare(&TopicSpec::new("trips", 6), &found(3, "CreateTime"))
        else {
            panic!("two things differ");
        };
        let said: Vec<String> = differences.iter().map(ToString::to_string).collect();
        assert_eq!(
            said,
            [
                "partitions: 3 instead of 6",
                "message.timestamp.type: CreateTime instead of LogAppendTime"
            ]
        );
    }
}
