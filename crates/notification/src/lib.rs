//! The notification service: tells rider and driver at each stage, each once.
//!
//! A [`Channel`] sends a [`Message`] once, however often it is asked to. The [`LogChannel`] writes to a [`LogFile`], which
//! remembers what was sent, also when the process is killed at any moment. One process writes one log: several copies of this service
//! each need the log of their own, and a message of a partition that moves between them could then be sent by both.

mod channel;
mod log_channel;
mod log_file;
mod notifier;
mod words;

pub use channel::{Channel, ChannelError, Message, Sent};
pub use log_channel::LogChannel;
pub use log_file::{LogFile, LogFileError};
pub use notifier::Notifier;
