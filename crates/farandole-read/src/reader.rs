mod position;
mod thread;

use std::sync::mpsc as commands;
use std::time::Duration;

use farandole_event::Record;
use farandole_runtime::KafkaSettings;
use tokio::sync::mpsc;

use crate::error::ReadError;
use thread::{Command, Item};

/// Records waiting between the reader's thread and its user.
const WAITING: usize = 1024;

/// Where reading a partition begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// At the first record still there.
    Beginning,
    /// At the next record to come.
    End,
    /// At this offset.
    At(i64),
}

/// A partition and where to begin in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicPartitionOffset {
    /// The topic.
    pub topic: String,
    /// The partition's number.
    pub partition: i32,
    /// Where to begin.
    pub start: Start,
}

/// Something other than a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// Records were deleted before they were read: the next one expected was `expected`, the first still there is `first`.
    Lost {
        /// The topic.
        topic: String,
        /// The partition's number.
        partition: i32,
        /// The offset that should have come.
        expected: i64,
        /// The first offset the partition still has.
        first: i64,
    },
    /// An offset came again or the asked one never existed: the topic was truncated or made anew.
    Rewound {
        /// The topic.
        topic: String,
        /// The partition's number.
        partition: i32,
        /// The offset that should have come.
        expected: i64,
        /// The one that came.
        found: i64,
    },
    /// The broker can't be reached, a partition is gone, …: librdkafka goes on trying.
    Trouble(String),
}

/// Reads given partitions on a thread of its own: no group is joined, nothing is committed, no topic is created.
///
/// Memory is bounded: librdkafka reads at most 16 MiB ahead, and at most 1024 records wait for [`Reader::next_batch`].
/// Dropping it never blocks.
pub struct Reader {
    commands: commands::Sender<Command>,
    items: mpsc::Receiver<Item>,
    ended: tokio::sync::oneshot::Receiver<()>,
    notices: Vec<Notice>,
}

impl Reader {
    /// Starts a thread with nothing to read yet; see [`Reader::assign`].
    ///
    /// # Errors
    /// librdkafka refuses the settings, or there is no thread to be had.
    pub fn open(kafka: &KafkaSettings, client_id: &str) -> Result<Self, ReadError> {
        let (commands, orders) = commands::channel();
        let (sender, items) = mpsc::channel(WAITING);
        let ended = thread::spawn(kafka, client_id, orders, sender)?;
        Ok(Self {
            commands,
            items,
            ended,
            notices: Vec::new(),
        })
    }

    /// Adds partitions to what is read; those that are read already begin anew where `from` says.
    ///
    /// # Errors
    /// The reader's thread has ended.
    pub fn assign(&self, from: &[TopicPartitionOffset]) -> Result<(), ReadError> {
        self.commands
            .send(Command::Assign(from.to_vec()))
            .map_err(|_| ReadError::Closed)
    }

    /// Stops reading partitions, for instance of a deleted topic. Records of theirs may still be on their way.
    ///
    /// # Errors
    /// The reader's thread has ended.
    pub fn unassign(&self, partitions: &[(String, i32)]) -> Result<(), ReadError> {
        self.commands
            .send(Command::Unassign(partitions.to_vec()))
            .map_err(|_| ReadError::Closed)
    }

    /// Waits for at least one record, then takes what is there, up to `max`. Records of one partition come in order.
    /// Safe to cancel. Look at [`Reader::notices`] afterwards.
    ///
    /// # Errors
    /// The client has failed for good, or the reader is closed.
    pub async fn next_batch(&mut self, max: usize) -> Result<Vec<Record>, ReadError> {
        let mut records = Vec::new();
        while records.is_empty() {
            let item = self.items.recv().await.ok_or(ReadError::Closed)?;
            self.sort(item, &mut records)?;
        }
        while records.len() < max {
            let Ok(item) = self.items.try_recv() else {
                break;
            };
            self.sort(item, &mut records)?;
        }
        Ok(records)
    }

    /// What happened beside records since the last call.
    pub fn notices(&mut self) -> Vec<Notice> {
        std::mem::take(&mut self.notices)
    }

    /// Ends the thread and waits for it, at most as long as said. Says whether it ended in time.
    pub async fn close(self, deadline: Duration) -> bool {
        let Self {
            commands,
            items,
            ended,
            ..
        } = self;
        drop((commands, items));
        tokio::time::timeout(deadline, ended).await.is_ok()
    }

    fn sort(&mut self, item: Item, records: &mut Vec<Record>) -> Result<(), ReadError> {
        match item {
            Item::Record(record) => records.push(record),
            Item::Notice(notice) => self.notices.push(notice),
            Item::Fatal(error) => return Err(ReadError::Fatal(error)),
        }
        Ok(())
    }
}
