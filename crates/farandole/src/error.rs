use std::fmt;

use farandole_event::SchemaError;
use farandole_kafka::{AdminError, PublishError, SubscribeError};
use farandole_read::ReadError;
use farandole_runtime::SettingsError;

use crate::failure::chain;

/// What a service's `main` answers.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Any error that ends a service. Made of every error by `?`; shown as one line with its causes, also by `Debug`, because that
/// is what `main` prints.
pub struct Error(Box<dyn std::error::Error + Send + Sync>);

impl Error {
    /// The error inside, if it is of that type: [`ServiceError`] for what this crate found.
    pub fn downcast_ref<E: std::error::Error + 'static>(&self) -> Option<&E> {
        self.0.downcast_ref()
    }

    /// An error of a few words.
    pub fn message(text: impl Into<String>) -> Self {
        Self(text.into().into())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&chain(&*self.0))
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<E: std::error::Error + Send + Sync + 'static> From<E> for Error {
    fn from(error: E) -> Self {
        Self(Box::new(error))
    }
}

/// Why a service can't start or go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServiceError {
    /// The flags, the environment or the properties file.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// Handlers, steps, events and schemas don't fit together.
    #[error("{service} can't start:\n  - {}", problems.join("\n  - "))]
    Wiring {
        /// The service.
        service: String,
        /// Everything that was found.
        problems: Vec<String>,
    },
    /// The cluster has not the topics that the service needs.
    #[error("{service} can't start:\n  - {}\n`farandole topics plan` shows what is there and what should be.", problems.join("\n  - "))]
    Topics {
        /// The service.
        service: String,
        /// Everything that was found.
        problems: Vec<String>,
    },
    /// What this binary knows contradicts what is published.
    #[error("{service} can't start:\n  - {}", problems.join("\n  - "))]
    Catalog {
        /// The service.
        service: String,
        /// Everything that was found.
        problems: Vec<String>,
    },
    /// An address can't be listened on.
    #[error("cannot listen on {address}: {source}; is another process there?")]
    Listen {
        /// The address.
        address: std::net::SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// Something the service serves or runs beside has failed.
    #[error("{what} has ended by an error: {message}")]
    Beside {
        /// What it was.
        what: &'static str,
        /// The error.
        message: String,
    },
    /// The subscriber could not start or has failed for good.
    #[error(transparent)]
    Subscribe(#[from] SubscribeError),
    /// No producer, or start-up records could not be published.
    #[error(transparent)]
    Publish(#[from] PublishError),
    /// The topics could not be looked at.
    #[error(transparent)]
    Admin(#[from] AdminError),
    /// The catalog could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A schema of the toolkit's own is broken.
    #[error(transparent)]
    Schema(#[from] SchemaError),
}
