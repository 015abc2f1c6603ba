//! Why a broker could not start.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Why a broker could not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BrokerError {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}; is another broker running there?")]
    Listen {
        /// The address of the settings.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The address can be reached from other machines and the settings don't allow it.
    #[error(
        "{0} can be reached from other machines and this broker has no authentication; \
         listen on 127.0.0.1, or set `allow_remote` if that is what you want"
    )]
    NotLoopback(SocketAddr),
    /// A setting has a value it cannot have.
    #[error("the setting `{name}` is {value}: {problem}")]
    Setting {
        /// The field of the settings.
        name: &'static str,
        /// Its value.
        value: String,
        /// What it must be instead.
        problem: &'static str,
    },
    /// Another broker works on the same data folder.
    #[error("another broker is using {}; stop it or choose another folder", .0.display())]
    Locked(PathBuf),
    /// A file of the data folder cannot be opened, read or written.
    #[error("{}: {source}", path.display())]
    Data {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file of the data folder holds something this broker did not write.
    #[error("{}: {problem}; move it away to start afresh", path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// The broker's own threads could not be started.
    #[error("cannot start the broker's threads: {0}")]
    Threads(io::Error),
}
