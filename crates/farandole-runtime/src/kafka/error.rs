use std::path::PathBuf;

use crate::suggest::did_you_mean;

use super::options::OPTIONS;

/// Why Kafka settings can't be used. `from` says where the value stands: a file and line, a variable or a flag.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The file can't be read.
    #[error("--command-config must name a readable client.properties file; {}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A line or flag without `=`.
    #[error("{text:?} is not KEY=VALUE, for example linger.ms=5")]
    NotAPair {
        /// What was given.
        text: String,
    },
    /// No such property.
    #[error("{from}: unknown Kafka property \"{name}\".{} Correct its name or leave it out", did_you_mean(name, OPTIONS.iter().map(|option| option.name)))]
    Unknown {
        /// Where.
        from: String,
        /// The property.
        name: String,
    },
    /// A property that is never taken from settings.
    #[error("{from}: \"{name}\" is refused: {reason}")]
    Refused {
        /// Where.
        from: String,
        /// The property.
        name: String,
        /// Why, and what to do instead.
        reason: String,
    },
    /// A value of the wrong kind.
    #[error("{from}: \"{name}\" is {found}, but must be {wanted}")]
    Value {
        /// Where.
        from: String,
        /// The property.
        name: String,
        /// What was found; `(hidden)` for secrets.
        found: String,
        /// What would be right.
        wanted: String,
    },
    /// Two settings that contradict each other.
    #[error("\"{first}\" and \"{second}\" contradict each other: {reason}")]
    Contradiction {
        /// One property.
        first: &'static str,
        /// The other.
        second: &'static str,
        /// Why, and what to do.
        reason: String,
    },
}
