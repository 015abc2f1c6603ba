//! The settings a topic may have, and those the broker shows of itself.

use std::collections::BTreeMap;

/// What values a setting takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Boolean,
    /// 32 bits.
    Int,
    /// 64 bits.
    Long,
    Double,
    List,
    /// One of these words.
    Choice(&'static [&'static str]),
}

impl Kind {
    /// The number for it in a DescribeConfigs response.
    pub(crate) fn code(self) -> i8 {
        match self {
            Kind::Boolean => 1,
            Kind::Choice(_) => 2,
            Kind::Int => 3,
            Kind::Long => 5,
            Kind::Double => 6,
            Kind::List => 7,
        }
    }
}

/// A setting: its name, what values it takes, and its default.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Setting {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) default: &'static str,
}

const fn setting(name: &'static str, kind: Kind, default: &'static str) -> Setting {
    Setting {
        name,
        kind,
        default,
    }
}

/// The default of `max.message.bytes`.
pub(crate) const MAX_MESSAGE_BYTES: usize = 1_048_588;

/// What a topic may be created with. All are kept and shown; the broker itself acts on
/// `max.message.bytes` and `message.timestamp.type`.
pub(crate) const TOPIC: &[Setting] = &[
    setting("cleanup.policy", Kind::List, "delete"),
    setting(
        "compression.type",
        Kind::Choice(&["producer", "uncompressed", "gzip", "snappy", "lz4", "zstd"]),
        "producer",
    ),
    setting("delete.retention.ms", Kind::Long, "86400000"),
    setting("file.delete.delay.ms", Kind::Long, "60000"),
    setting("flush.messages", Kind::Long, "9223372036854775807"),
    setting("flush.ms", Kind::Long, "9223372036854775807"),
    setting("follower.replication.throttled.replicas", Kind::List, ""),
    setting("index.interval.bytes", Kind::Int, "4096"),
    setting("leader.replication.throttled.replicas", Kind::List, ""),
    setting("max.compaction.lag.ms", Kind::Long, "9223372036854775807"),
    setting("max.message.bytes", Kind::Int, "1048588"),
    setting("message.timestamp.after.max.ms", Kind::Long, "3600000"),
    setting(
        "message.timestamp.before.max.ms",
        Kind::Long,
        "9223372036854775807",
    ),
    setting(
        "message.timestamp.type",
        Kind::Choice(&["CreateTime", "LogAppendTime"]),
        "CreateTime",
    ),
    setting("min.cleanable.dirty.ratio", Kind::Double, "0.5"),
    setting("min.compaction.lag.ms", Kind::Long, "0"),
    setting("min.insync.replicas", Kind::Int, "1"),
    setting("preallocate", Kind::Boolean, "false"),
    setting("retention.bytes", Kind::Long, "-1"),
    setting("retention.ms", Kind::Long, "604800000"),
    setting("segment.bytes", Kind::Int, "1073741824"),
    setting("segment.index.bytes", Kind::Int, "10485760"),
    setting("segment.jitter.ms", Kind::Long, "0"),
    setting("segment.ms", Kind::Long, "604800000"),
    setting("unclean.leader.election.enable", Kind::Boolean, "false"),
];

/// The settings of one topic that differ from the defaults.
pub(crate) type Overrides = BTreeMap<String, String>;

/// Looks a topic's setting up by its name.
pub(crate) fn topic_setting(name: &str) -> Option<&'static Setting> {
    TOPIC.iter().find(|setting| setting.name == name)
}

/// Checks that a topic may have a setting with this value; the error is for people.
pub(crate) fn check(name: &str, value: &str) -> Result<(), String> {
    let Some(setting) = topic_setting(name) else {
        return Err(format!("there is no topic setting `{name}`"));
    };
    let bad = |expected: &str| Err(format!("`{name}` is `{value}`, but takes {expected}"));
    match setting.kind {
        Kind::Boolean if value.parse::<bool>().is_err() => bad("true or false"),
        Kind::Int if value.parse::<i32>().is_err() => bad("a whole number of 32 bits"),
        Kind::Long if value.parse::<i64>().is_err() => bad("a whole number"),
        Kind::Double if value.parse::<f64>().is_err() => bad("a number"),
        Kind::Choice(words) if !words.contains(&value) => bad(&words.join(", ")),
        Kind::List if name == "cleanup.policy" && !is_cleanup_policy(value) => {
            bad("compact, delete or both")
        }
        _ if name == "max.message.bytes" && value.parse().unwrap_or(-1) < 0 => {
            bad("a number of bytes")
        }
        _ => Ok(()),
    }
}

fn is_cleanup_policy(value: &str) -> bool {
    value
        .split(',')
        .all(|word| matches!(word.trim(), "compact" | "delete"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_passes_its_own_check() {
        for setting in TOPIC {
            assert_eq!(
                check(setting.name, setting.default),
                Ok(()),
                "{}",
                setting.name
            );
        }
        assert_eq!(
            check("max.message.bytes", &MAX_MESSAGE_BYTES.to_string()),
            Ok(())
        );
        assert_eq!(
            topic_setting("max.message.bytes").unwrap().default,
            MAX_MESSAGE_BYTES.to_string()
        );
    }

    #[test]
    fn values_of_the_wrong_kind_are_refused() {
        for (name, value) in [
            ("cleanup.policy", "shred"),
            ("message.timestamp.type", "logappendtime"),
            ("retention.ms", "a week"),
            ("max.message.bytes", "-1"),
            ("preallocate", "yes"),
            ("no.such.setting", "1"),
        ] {
            assert!(check(name, value).is_err(), "{name}={value}");
        }
        assert_eq!(check("cleanup.policy", "compact,delete"), Ok(()));
    }
}
