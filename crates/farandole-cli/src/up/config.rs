//! `farandole.toml`: what `farandole up` starts.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use farandole_runtime::suggest::did_you_mean;
use serde::Deserialize;

/// A whole `farandole.toml`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The embedded broker.
    pub broker: BrokerConfig,
    /// How topics are made.
    pub topics: TopicsConfig,
    /// The tracker.
    pub tracker: TrackerConfig,
    /// Where event schemas stand.
    pub schemas: Folder,
    /// Where workflow files stand.
    pub workflows: Folder,
    /// The services, in the order in which they are started.
    pub process: Vec<Process>,
}

/// The embedded broker.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BrokerConfig {
    /// Where it listens; port 0 takes any free one. Default `127.0.0.1:9092`.
    pub listen: SocketAddr,
    /// The folder that keeps its topics; without one they are gone when it ends.
    pub data: Option<String>,
}

/// How topics are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TopicsConfig {
    /// Partitions of each topic. Default 6.
    pub partitions: i32,
    /// Replicas of each partition; -1 leaves it to the cluster. Default -1.
    pub replication: i32,
}

/// The tracker.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TrackerConfig {
    /// Where its page and API are served; port 0 takes any free one. Default `127.0.0.1:7070`.
    pub listen: SocketAddr,
    /// Whether it is started. Default true.
    pub enabled: bool,
    /// More of its flags.
    pub args: Vec<String>,
    /// Variables of its environment.
    pub env: BTreeMap<String, String>,
}

/// A folder of files.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Folder {
    /// Its path, beside `farandole.toml` when relative.
    pub dir: Option<PathBuf>,
}

/// A service to start.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Process {
    /// What it is called here, in its log's name and on the terminal.
    pub name: String,
    /// The program and its arguments. A bare name is looked for beside `farandole`, then on the PATH.
    pub command: Vec<String>,
    /// Variables of its environment, beside KAFKA_BOOTSTRAP_SERVERS and FARANDOLE_TRACKER.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// Where it serves, for the table; readiness is asked there too, at `/readyz`.
    pub url: Option<String>,
    /// Whether it says over HTTP when it is ready; `false` for programs that don't. Default true.
    #[serde(default = "yes")]
    pub probe: bool,
    /// Whether it makes the load: it starts when all others are ready, its output is shown, and `--exit-when-done` waits for it.
    #[serde(default)]
    pub load: bool,
}

fn yes() -> bool {
    true
}

impl Default for BrokerConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 9092)),
            data: None,
        }
    }
}

impl Default for TopicsConfig {
    fn default() -> Self {
        Self {
            partitions: 6,
            replication: -1,
        }
    }
}

impl Default for TrackerConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 7070)),
            enabled: true,
            args: Vec::new(),
            env: BTreeMap::new(),
        }
    }
}

/// What is wrong with a `farandole.toml`, and where.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// It can't be read.
    #[error("{}: {source}. Run this where farandole.toml stands, or say where with --config", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It says something that makes no sense.
    #[error("{}:{line}:{column}: {message}", path.display())]
    At {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// From 1, in characters.
        column: usize,
        /// What, and what to do.
        message: String,
    },
}

/// Reads and checks a file.
///
/// # Errors
/// It can't be read; it is no TOML; a key is unknown; a value makes no sense.
pub fn load(path: &Path) -> Result<Config, ConfigError> {
    let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Read {
        path: path.to_owned(),
        source,
    })?;
    parse(path, &text)
}

/// Checks the text of a file.
///
/// # Errors
/// As [`load`].
pub fn parse(path: &Path, text: &str) -> Result<Config, ConfigError> {
    let at = |offset: usize, message: String| {
        let (line, column) = place(text, offset);
        ConfigError::At {
            path: path.to_owned(),
            line,
            column,
            message,
        }
    };
    let config: Config = toml::from_str(text).map_err(|error| {
        at(
            error.span().map_or(0, |span| span.start),
            with_suggestion(error.message()),
        )
    })?;
    match nonsense(&config) {
        Some((word, message)) => Err(at(text.find(&word).unwrap_or(0), message)),
        None => Ok(config),
    }
}

/// The first thing that TOML allows and we don't, with a word to find it by.
fn nonsense(config: &Config) -> Option<(String, String)> {
    let mut names = std::collections::BTreeSet::new();
    for process in &config.process {
        let word = format!("\"{}\"", process.name);
        let fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if process.name.is_empty()
            || process.name.starts_with('.')
            || !process.name.chars().all(fine)
        {
            return Some((
                word,
                format!(
                    "the name {:?} becomes a file's name: use letters, digits, - and _",
                    process.name
                ),
            ));
        }
        if !names.insert(process.name.clone())
            || process.name == "tracker"
            || process.name == "broker"
        {
            return Some((
                word,
                format!(
                    "there is more than one process {:?}; give each its own name",
                    process.name
                ),
            ));
        }
        if process.command.first().is_none_or(String::is_empty) {
            return Some((
                word,
                format!(
                    "process {:?} has no command; write command = [\"program\", \"--flag\"]",
                    process.name
                ),
            ));
        }
    }
    if config.topics.partitions < 1 {
        return Some((
            "partitions".into(),
            "a topic has at least one partition".into(),
        ));
    }
    if config.topics.replication == 0 || config.topics.replication < -1 {
        return Some((
            "replication".into(),
            "write how many replicas, or -1 for the cluster's default".into(),
        ));
    }
    None
}

/// The parser names the fields it knows: the nearest one helps.
fn with_suggestion(message: &str) -> String {
    let words: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    match words.split_first() {
        Some((wrong, known)) if message.starts_with("unknown field") => {
            format!("{message}.{}", did_you_mean(wrong, known.iter().copied()))
        }
        _ if message.contains("socket address") => format!(
            "{message}: write an IP address and a port, for example 127.0.0.1:9092, or port 0 for any free one"
        ),
        _ => message.replace("expected i32", "expected a whole number"),
    }
}

/// Line and column of the character that holds or follows this byte, both from 1.
fn place(text: &str, offset: usize) -> (usize, usize) {
    let before = text
        .char_indices()
        .take_while(|(at, _)| *at < offset)
        .map(|(_, c)| c);
    before.fold((1, 1), |(line, column), c| {
        if c == '\n' {
            (line + 1, 1)
        } else {
            (line, column + 1)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn complaint(text: &str) -> String {
        parse(Path::new("farandole.toml"), text)
            .expect_err("must be refused")
            .to_string()
    }

    #[test]
    fn an_empty_file_means_the_defaults() {
        let config = parse(Path::new("x"), "").expect("defaults");
        assert_eq!(config, Config::default());
        assert_eq!(
            (config.topics.partitions, config.tracker.enabled),
            (6, true)
        );
    }

    #[test]
    fn a_consumer_needs_one_entry() {
        let config = parse(
            Path::new("x"),
            "[[process]]\nname = \"map\"\ncommand = [\"rider-map\"]\n",
        )
        .expect("a process");
        assert_eq!(config.process[0].command, ["rider-map"]);
        assert!(config.process[0].probe && !config.process[0].load);
    }

    #[test]
    fn an_unknown_key_is_refused_with_its_place_and_a_suggestion() {
        let message = complaint(
            "[broker]\nlisten = \"127.0.0.1:0\"\n\n[[process]]\nname = \"a\"\ncomand = [\"b\"]\n",
        );
        assert!(message.starts_with("farandole.toml:6:1: "), "{message}");
        assert!(message.contains("Did you mean \"command\"?"), "{message}");
        let message = complaint("[trakcer]\n");
        assert!(
            message.starts_with("farandole.toml:1:2: ")
                && message.contains("Did you mean \"tracker\"?"),
            "{message}"
        );
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_its_place() {
        for (text, place, words) in [
            (
                "[[process]]\nname = \"a\"\ncommand = []\n",
                "2:8",
                "has no command",
            ),
            (
                "[[process]]\nname = \"../a\"\ncommand = [\"x\"]\n",
                "2:8",
                "letters, digits",
            ),
            (
                "[topics]\npartitions = 0\n",
                "2:1",
                "at least one partition",
            ),
            ("[topics]\nreplication = 0\n", "2:1", "replicas"),
            ("[broker]\nlisten = \"here\"\n", "2:10", "socket address"),
            ("[broker\n", "1:8", ""),
        ] {
            let message = complaint(text);
            assert!(
                message.starts_with(&format!("farandole.toml:{place}: ")),
                "expected {place}: {message}"
            );
            assert!(message.contains(words), "expected {words:?}: {message}");
        }
        let twice =
            "[[process]]\nname=\"a\"\ncommand=[\"x\"]\n[[process]]\nname=\"a\"\ncommand=[\"x\"]\n";
        assert!(complaint(twice).contains("more than one process"));
    }

    #[test]
    fn the_example_s_file_is_fine() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../farandole.toml");
        let config = load(&path).expect("the repository's own");
        assert_eq!(
            config.process.iter().filter(|process| process.load).count(),
            1
        );
    }

    #[test]
    fn a_missing_file_says_what_to_do() {
        let message = load(Path::new("/nowhere/farandole.toml"))
            .expect_err("missing")
            .to_string();
        assert!(message.contains("--config"), "{message}");
    }
}
