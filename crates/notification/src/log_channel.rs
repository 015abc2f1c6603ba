//! The log channel: a thread of its own appends to the notification log, and syncs once for all the messages that
//! wait at that moment.

use std::io;
use std::thread::JoinHandle;

use tokio::sync::{mpsc, oneshot};

use crate::channel::{Channel, ChannelError, Message, Sent};
use crate::log_file::LogFile;

/// Most messages that share one sync.
const BATCH: usize = 512;

type Answer = Result<Sent, ChannelError>;
type Waiting = (Message, oneshot::Sender<Answer>);

/// Sends messages by writing them to a [`LogFile`].
#[derive(Debug)]
pub struct LogChannel {
    queue: Option<mpsc::Sender<Waiting>>,
    writer: Option<JoinHandle<()>>,
}

impl LogChannel {
    /// Starts to write.
    ///
    /// # Errors
    /// No thread can be started.
    pub fn new(log: LogFile) -> io::Result<Self> {
        let (queue, waiting) = mpsc::channel(2 * BATCH);
        let writer = std::thread::Builder::new()
            .name("notification-log".into())
            .spawn(move || write(log, waiting))?;
        Ok(Self {
            queue: Some(queue),
            writer: Some(writer),
        })
    }
}

impl Channel for LogChannel {
    fn name(&self) -> &'static str {
        "log"
    }

    async fn send(&self, message: Message) -> Answer {
        let (answer, answered) = oneshot::channel();
        let queue = self.queue.as_ref().ok_or(ChannelError::Closed)?;
        queue
            .send((message, answer))
            .await
            .map_err(|_| ChannelError::Closed)?;
        answered.await.map_err(|_| ChannelError::Closed)?
    }
}

impl Drop for LogChannel {
    /// Waits until everything that was accepted is written.
    fn drop(&mut self) {
        self.queue = None;
        if let Some(writer) = self.writer.take() {
            let _ = writer.join();
        }
    }
}

fn write(mut log: LogFile, mut queue: mpsc::Receiver<Waiting>) {
    let mut waiting = Vec::new();
    while queue.blocking_recv_many(&mut waiting, BATCH) > 0 {
        let (messages, answers): (Vec<Message>, Vec<_>) = waiting.drain(..).unzip();
        let outcome = log.append(&messages);
        for (index, answer) in answers.into_iter().enumerate() {
            // Who waited may have given up; the message is out all the same, and its first time is kept.
            let _ = answer.send(match &outcome {
                Ok(sent) => Ok(sent[index]),
                Err(error) => Err(ChannelError::Write {
                    path: log.path().display().to_string(),
                    reason: error.to_string(),
                }),
            });
        }
    }
}
