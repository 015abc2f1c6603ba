//! Why a command could not do its work.

/// Why a command could not do its work. Shown as it is, with exit code 2.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// Kafka settings.
    #[error(transparent)]
    Settings(#[from] farandole_runtime::SettingsError),
    /// `farandole.toml`.
    #[error(transparent)]
    Config(#[from] crate::up::config::ConfigError),
    /// Schema or workflow files.
    #[error(transparent)]
    Project(#[from] crate::project::ProjectError),
    /// The embedded broker.
    #[error("the embedded broker: {0}")]
    Broker(#[from] farandole_broker::BrokerError),
    /// Reading from Kafka.
    #[error(transparent)]
    Read(#[from] farandole_read::ReadError),
    /// Creating or describing topics.
    #[error(transparent)]
    Admin(#[from] farandole_kafka::AdminError),
    /// Publishing.
    #[error(transparent)]
    Publish(#[from] farandole_kafka::PublishError),
    /// The tracker's API.
    #[error(transparent)]
    Tracker(#[from] crate::tracker::TrackerError),
    /// A file.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// Anything else, with what to do.
    #[error("{0}")]
    Other(String),
}

impl CliError {
    pub(crate) fn file(path: &std::path::Path) -> impl FnOnce(std::io::Error) -> Self + '_ {
        move |source| Self::File {
            path: path.display().to_string(),
            source,
        }
    }
}
