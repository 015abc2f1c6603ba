//! Kafka's own property names, allow-listed: some of librdkafka's properties run programs.

mod environment;
mod error;
mod options;
mod properties;
mod translate;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

pub use error::SettingsError;
pub use options::{KafkaOption, Kind, OPTIONS, Rule, Scope};

const DEFAULT_SERVERS: &str = "127.0.0.1:9092";
const ALLOW_INSECURE: &str = "farandole.allow.insecure";

/// Vetted Kafka client properties. `Debug` hides secrets.
#[derive(Clone, PartialEq, Eq)]
pub struct KafkaSettings {
    values: BTreeMap<&'static str, String>,
}

/// A value that was set, and where.
struct Given {
    from: String,
    name: String,
    value: String,
}

impl KafkaSettings {
    /// Reads a `client.properties` file, then `KAFKA_*` variables out of `env`, then `overrides`; the last one wins.
    /// A secret may also stand in a file that `KAFKA_…_FILE` names.
    ///
    /// # Errors
    /// A file that can't be read; an unknown, refused or malformed property; two that contradict each other.
    pub fn load(
        file: Option<&Path>,
        env: impl Iterator<Item = (String, String)>,
        overrides: &[(String, String)],
    ) -> Result<Self, SettingsError> {
        let mut given = file.map(from_file).transpose()?.unwrap_or_default();
        given.extend(from_environment(env)?);
        given.extend(overrides.iter().map(|(name, value)| Given {
            from: "command line".to_owned(),
            name: name.clone(),
            value: value.clone(),
        }));
        let mut settings = Self::bootstrap(DEFAULT_SERVERS);
        let insecure = given
            .iter()
            .any(|one| one.name == ALLOW_INSECURE && one.value.trim() == "true");
        for one in given {
            settings.take(&one.from, &one.name, &one.value, insecure)?;
        }
        settings.agree()?;
        Ok(settings)
    }

    /// Settings that name the brokers and nothing else.
    pub fn bootstrap(servers: &str) -> Self {
        Self {
            values: BTreeMap::from([("bootstrap.servers", servers.to_owned())]),
        }
    }

    /// The brokers, `host:port` separated by commas.
    pub fn bootstrap_servers(&self) -> &str {
        self.get("bootstrap.servers").unwrap_or(DEFAULT_SERVERS)
    }

    /// The value of a property, if it was set.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.values.get(key).map(String::as_str)
    }

    /// Every property to hand to librdkafka, for all kinds of clients.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &str)> {
        self.values
            .iter()
            .filter(|(key, _)| **key != ALLOW_INSECURE)
            .map(|(key, value)| (*key, value.as_str()))
    }

    /// The properties for one kind of client: those of [`Scope::Client`] and those of `scope`. With [`Scope::Client`]
    /// itself, only what every client takes.
    pub fn entries_for(&self, scope: Scope) -> impl Iterator<Item = (&str, &str)> {
        self.entries().filter(move |(key, _)| {
            options::find(key)
                .is_some_and(|option| option.scope == Scope::Client || option.scope == scope)
        })
    }

    fn take(
        &mut self,
        from: &str,
        name: &str,
        value: &str,
        insecure: bool,
    ) -> Result<(), SettingsError> {
        let unknown = || SettingsError::Unknown {
            from: from.to_owned(),
            name: name.to_owned(),
        };
        let option = options::find(name).ok_or_else(unknown)?;
        let refused = |reason: String| SettingsError::Refused {
            from: from.to_owned(),
            name: name.to_owned(),
            reason,
        };
        let value = value.trim();
        match option.rule {
            Rule::Alias(real) => self.take(from, real, value, insecure),
            Rule::Refuse(reason) => Err(refused(reason.to_owned())),
            Rule::Java => {
                let pairs = translate::java(name, value).map_err(refused)?;
                pairs
                    .iter()
                    .try_for_each(|(real, value)| self.take(from, real, value, insecure))
            }
            Rule::Owned(only, reason) => {
                let same = translate::assignors(value).eq_ignore_ascii_case(only)
                    || (name == "acks" && value == "-1");
                if same {
                    Ok(())
                } else {
                    Err(refused(format!(
                        "only \"{only}\" is right: {reason}. Leave it out"
                    )))
                }
            }
            Rule::InsecureUnless(safe) if !insecure && !value.eq_ignore_ascii_case(safe) => {
                Err(refused(format!(
                    "anything but \"{safe}\" lets others pose as the broker. If this is a test, also set {ALLOW_INSECURE}=true"
                )))
            }
            Rule::Accept | Rule::Secret | Rule::InsecureUnless(_) => self.put(from, option, value),
        }
    }

    fn put(
        &mut self,
        from: &str,
        option: &'static KafkaOption,
        value: &str,
    ) -> Result<(), SettingsError> {
        let value = vetted(option, value).map_err(|wanted| SettingsError::Value {
            from: from.to_owned(),
            name: option.name.to_owned(),
            found: if option.rule == Rule::Secret {
                "(hidden)".to_owned()
            } else {
                format!("{value:?}")
            },
            wanted,
        })?;
        self.values.insert(option.name, value);
        Ok(())
    }

    /// Limits that only make sense together.
    fn agree(&self) -> Result<(), SettingsError> {
        let number = |key: &str, usual: i64| {
            self.get(key)
                .and_then(|text| text.parse().ok())
                .unwrap_or(usual)
        };
        let (session, heartbeat) = (
            number("session.timeout.ms", 6000),
            number("heartbeat.interval.ms", 2000),
        );
        if heartbeat * 3 > session {
            return Err(SettingsError::Contradiction {
                first: "heartbeat.interval.ms",
                second: "session.timeout.ms",
                reason: format!(
                    "a session of {session} ms must have room for three heartbeats of {heartbeat} ms; raise one or lower the other"
                ),
            });
        }
        let poll = number("max.poll.interval.ms", 300_000);
        if poll < session {
            return Err(SettingsError::Contradiction {
                first: "max.poll.interval.ms",
                second: "session.timeout.ms",
                reason: format!(
                    "{poll} ms is shorter than the session's {session} ms; raise max.poll.interval.ms"
                ),
            });
        }
        Ok(())
    }
}

impl fmt::Debug for KafkaSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |key: &str, value: &String| match options::find(key).map(|option| option.rule) {
            Some(Rule::Secret) => "(hidden)".to_owned(),
            _ => value.clone(),
        };
        f.debug_map()
            .entries(
                self.values
                    .iter()
                    .map(|(key, value)| (key, shown(key, value))),
            )
            .finish()
    }
}

fn vetted(option: &KafkaOption, value: &str) -> Result<String, String> {
    if value.contains('\0') {
        return Err("text without a NUL byte".to_owned());
    }
    match option.kind {
        Kind::Text | Kind::Path if value.is_empty() && option.name == "bootstrap.servers" => {
            Err("host:port, separated by commas".to_owned())
        }
        Kind::Text | Kind::Path => Ok(value.to_owned()),
        Kind::Bool => match value.to_ascii_lowercase().as_str() {
            word @ ("true" | "false") => Ok(word.to_owned()),
            _ => Err("true or false".to_owned()),
        },
        Kind::Int(least, most) => match value.parse::<i64>() {
            Ok(number) if (least..=most).contains(&number) => Ok(number.to_string()),
            _ => Err(format!("a whole number from {least} to {most}")),
        },
        Kind::OneOf(words) => words
            .iter()
            .find(|word| word.eq_ignore_ascii_case(value))
            .map(|word| (*word).to_owned())
            .ok_or_else(|| format!("one of {}", words.join(", "))),
    }
}

fn from_file(path: &Path) -> Result<Vec<Given>, SettingsError> {
    let text = read(path)?;
    let pairs = properties::parse(&text).map_err(|(line, text)| SettingsError::NotAPair {
        // The line may be a secret that lost its name: quote only a short beginning.
        text: format!(
            "{} line {line}: {}…",
            path.display(),
            text.chars().take(12).collect::<String>()
        ),
    })?;
    let given = pairs.into_iter().map(|(line, name, value)| Given {
        from: format!("{} line {line}", path.display()),
        name,
        value,
    });
    Ok(given.collect())
}

fn from_environment(
    env: impl Iterator<Item = (String, String)>,
) -> Result<Vec<Given>, SettingsError> {
    let mut given = Vec::new();
    for (variable, value) in env {
        let Some(name) = environment::property(&variable) else {
            continue;
        };
        let in_file = name
            .strip_suffix(".file")
            .filter(|name| options::find(name).is_some());
        let (name, value) = match in_file {
            Some(name) => (
                name.to_owned(),
                read(Path::new(&value))?
                    .trim_end_matches(['\r', '\n'])
                    .to_owned(),
            ),
            None => (name, value),
        };
        given.push(Given {
            from: variable,
            name,
            value,
        });
    }
    Ok(given)
}

fn read(path: &Path) -> Result<String, SettingsError> {
    std::fs::read_to_string(path).map_err(|source| SettingsError::File {
        path: path.to_owned(),
        source,
    })
}
