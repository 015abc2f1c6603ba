//! How somebody is told: a channel takes a message and answers when it was sent.

/// Something to tell somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Id of the event that is told of. With the recipient it names the message: a channel sends each name once.
    pub event_id: String,
    /// Who is told: a rider or a driver.
    pub recipient: String,
    /// The trip.
    pub trip_id: String,
    /// What is said.
    pub text: String,
    /// When it is handed to the channel, in milliseconds since the epoch.
    pub at_ms: i64,
}

/// A message that is out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    /// When it was handed to the channel, in milliseconds since the epoch: the first time, where it comes again.
    pub at_ms: i64,
}

/// A way to tell somebody something. A message that was sent before, also by a process killed since, is not sent again; its first time is
/// answered.
pub trait Channel: Send + Sync + 'static {
    /// The channel's name, as events show it.
    fn name(&self) -> &'static str;

    /// Sends a message, and answers when it is safely out.
    ///
    /// # Errors
    /// The channel does not work at the moment; nothing was sent, or it is not known. Send the same message again.
    fn send(&self, message: Message) -> impl Future<Output = Result<Sent, ChannelError>> + Send;
}

/// A channel that does not work at the moment.
#[derive(Debug, thiserror::Error)]
pub enum ChannelError {
    /// The log can't be written.
    #[error(
        "a notification can't be written to {path}: {reason}; make room or mend the disk, it is tried again"
    )]
    Write {
        /// The log file.
        path: String,
        /// What the system says.
        reason: String,
    },
    /// The process is ending.
    #[error("the notification log is closed, because this process is ending")]
    Closed,
}
