//! The thread that owns the consumer. Everything librdkafka might block in happens here, closing included.

use std::sync::mpsc as commands;
use std::time::Duration;

use farandole_event::Record;
use farandole_runtime::KafkaSettings;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::message::BorrowedMessage;
use rdkafka::{Message, Offset, TopicPartitionList};
use tokio::sync::{mpsc, oneshot};

use super::position::{Arrival, Positions};
use super::{Notice, Start, TopicPartitionOffset};
use crate::config::reader_config;
use crate::convert::to_record;
use crate::error::ReadError;

/// How soon a command is seen.
const POLL: Duration = Duration::from_millis(25);
const WATERMARK_PATIENCE: Duration = Duration::from_secs(5);

pub(super) enum Command {
    Assign(Vec<TopicPartitionOffset>),
    Unassign(Vec<(String, i32)>),
}

pub(super) enum Item {
    Record(Record),
    Notice(Notice),
    Fatal(Box<KafkaError>),
}

/// Nobody listens any more.
struct Gone;

/// Starts the thread; the receiver resolves when it has ended and the consumer is closed.
pub(super) fn spawn(
    kafka: &KafkaSettings,
    client_id: &str,
    orders: commands::Receiver<Command>,
    items: mpsc::Sender<Item>,
) -> Result<oneshot::Receiver<()>, ReadError> {
    let consumer: BaseConsumer = reader_config(kafka, client_id)
        .create()
        .map_err(|error| ReadError::Settings(Box::new(error)))?;
    let (ending, ended) = oneshot::channel();
    let run = move || {
        let mut reading = Reading {
            consumer,
            items,
            assigned: TopicPartitionList::new(),
            positions: Positions::default(),
        };
        let _ = reading.run(&orders);
        drop(reading);
        let _ = ending.send(());
    };
    std::thread::Builder::new()
        .name(format!("read-{client_id}"))
        .spawn(run)
        .map_err(ReadError::Thread)?;
    Ok(ended)
}

struct Reading {
    consumer: BaseConsumer,
    items: mpsc::Sender<Item>,
    assigned: TopicPartitionList,
    positions: Positions,
}

impl Reading {
    fn run(&mut self, orders: &commands::Receiver<Command>) -> Result<(), Gone> {
        loop {
            loop {
                match orders.try_recv() {
                    Ok(command) => self.obey(command)?,
                    Err(commands::TryRecvError::Empty) => break,
                    Err(commands::TryRecvError::Disconnected) => return Err(Gone),
                }
            }
            match self.consumer.poll(POLL) {
                None => {}
                Some(Ok(message)) => {
                    let seen = (
                        message.topic().to_owned(),
                        message.partition(),
                        message.offset(),
                    );
                    let record = to_record(&message);
                    drop::<BorrowedMessage<'_>>(message);
                    self.compare(&seen.0, seen.1, seen.2)?;
                    self.tell(Item::Record(record))?;
                }
                Some(Err(error @ KafkaError::MessageConsumptionFatal(_))) => {
                    self.tell(Item::Fatal(Box::new(error)))?;
                    return Err(Gone);
                }
                Some(Err(error)) => {
                    tracing::debug!(%error, "reading goes on in spite of");
                    self.tell(Item::Notice(Notice::Trouble(error.to_string())))?;
                }
            }
        }
    }

    fn tell(&self, item: Item) -> Result<(), Gone> {
        self.items.blocking_send(item).map_err(|_| Gone)
    }

    fn obey(&mut self, command: Command) -> Result<(), Gone> {
        let outcome = match command {
            Command::Assign(from) => self.assign(&from),
            Command::Unassign(partitions) => self.unassign(&partitions),
        };
        match outcome {
            Ok(()) => Ok(()),
            Err(error) => self.tell(Item::Notice(Notice::Trouble(format!(
                "changing what is read: {error}"
            )))),
        }
    }

    fn assign(&mut self, from: &[TopicPartitionOffset]) -> KafkaResult<()> {
        let again: Vec<_> = from
            .iter()
            .map(|one| (one.topic.clone(), one.partition))
            .collect();
        self.unassign(&again)?;
        let mut list = TopicPartitionList::with_capacity(from.len());
        for one in from {
            let (offset, known) = match one.start {
                Start::Beginning => (Offset::Beginning, None),
                Start::End => (Offset::End, None),
                Start::At(offset) => (Offset::Offset(offset), Some(offset)),
            };
            list.add_partition_offset(&one.topic, one.partition, offset)?;
            self.assigned.add_partition(&one.topic, one.partition);
            self.positions.begin(&one.topic, one.partition, known);
        }
        self.consumer.incremental_assign(&list)
    }

    fn unassign(&mut self, partitions: &[(String, i32)]) -> KafkaResult<()> {
        let mut leaving = TopicPartitionList::new();
        for (topic, partition) in partitions {
            if self.assigned.find_partition(topic, *partition).is_some() {
                leaving.add_partition(topic, *partition);
                self.positions.begin(topic, *partition, None);
            }
        }
        if leaving.count() == 0 {
            return Ok(());
        }
        let mut staying = TopicPartitionList::new();
        for one in self.assigned.elements() {
            if leaving
                .find_partition(one.topic(), one.partition())
                .is_none()
            {
                staying.add_partition(one.topic(), one.partition());
            }
        }
        self.assigned = staying;
        self.consumer.incremental_unassign(&leaving)
    }

    /// A jump ahead is harmless on a compacted topic; only when the partition now begins later have records been lost.
    fn compare(&mut self, topic: &str, partition: i32, offset: i64) -> Result<(), Gone> {
        let notice = match self.positions.arrive(topic, partition, offset) {
            Arrival::Next => return Ok(()),
            Arrival::Earlier { expected } => Notice::Rewound {
                topic: topic.to_owned(),
                partition,
                expected,
                found: offset,
            },
            Arrival::Later { expected } => {
                match self
                    .consumer
                    .fetch_watermarks(topic, partition, WATERMARK_PATIENCE)
                {
                    Ok((first, _)) if first > expected => Notice::Lost {
                        topic: topic.to_owned(),
                        partition,
                        expected,
                        first,
                    },
                    Ok(_) => return Ok(()),
                    Err(error) => Notice::Trouble(format!(
                        "{topic}[{partition}] went from offset {expected} to {offset}, and its beginning can't be read: {error}"
                    )),
                }
            }
        };
        self.tell(Item::Notice(notice))
    }
}
