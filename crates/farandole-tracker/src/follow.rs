//! Following: which topics, from where, and into the store.

mod topics;

use std::{collections::BTreeSet, time::Duration};

use farandole_event::Record;
use farandole_read::{Inspector, Notice, ReadError, Reader, Start, TopicPartitionOffset};
use farandole_runtime::{KafkaSettings, Probes, Shutdown};

use crate::{
    store::{Books, Store},
    view::Positions,
};

/// Records per transaction, at most.
const BATCH: usize = 2_000;
/// How often new topics are looked for.
const DISCOVER: Duration = Duration::from_secs(2);
/// How long a failed write is waited with before it is tried again.
const PAUSE: Duration = Duration::from_secs(1);

/// Reads every topic that matters into the store. It is in no group, and commits nothing.
pub struct Follower {
    kafka: KafkaSettings,
    client_id: String,
    inspector: Inspector,
    reader: Reader,
    store: Option<Store>,
    books: Books,
    /// Topics to follow besides the known ones.
    extra: Vec<String>,
    probes: Probes,
    assigned: BTreeSet<(String, i32)>,
    /// The ends when topics were first found: ready means being past these.
    first_ends: Option<Positions>,
}

impl Follower {
    /// Makes the client; nothing is read yet.
    ///
    /// # Errors
    /// librdkafka refuses the settings.
    pub fn open(
        kafka: KafkaSettings,
        client_id: &str,
        inspector: Inspector,
        store: Store,
        extra: Vec<String>,
        probes: Probes,
    ) -> Result<Self, ReadError> {
        probes.expect("kafka");
        probes.expect("caught-up");
        let reader = Reader::open(&kafka, client_id)?;
        let books = store.books();
        Ok(Self {
            kafka,
            client_id: client_id.to_owned(),
            inspector,
            reader,
            store: Some(store),
            books,
            extra,
            probes,
            assigned: BTreeSet::new(),
            first_ends: None,
        })
    }

    /// Follows until `shutdown`. Trouble with broker or file is logged and shown in `/readyz`, and tried again.
    pub async fn run(mut self, shutdown: Shutdown) {
        let mut discover = tokio::time::interval(DISCOVER);
        loop {
            tokio::select! {
                () = shutdown.requested() => break,
                // A broker that does not answer must not hold up the end.
                _ = discover.tick() => tokio::select! {
                    () = self.discover() => {}
                    () = shutdown.requested() => break,
                },
                batch = self.reader.next_batch(BATCH) => match batch {
                    Ok(batch) => {
                        self.take_in(batch, &shutdown).await;
                        self.note();
                    }
                    Err(error) => self.reopen(&error).await,
                },
            }
            self.caught_up();
        }
        self.reader.close(Duration::from_secs(2)).await;
    }

    async fn discover(&mut self) {
        match self.try_discover().await {
            Ok(()) => self.probes.ok("kafka"),
            Err(error) => {
                tracing::warn!(%error, "topics can't be looked for; trying again");
                self.probes.failing("kafka", error.to_string());
            }
        }
    }

    async fn try_discover(&mut self) -> Result<(), ReadError> {
        let definitions = self.books.definitions();
        let topics = self.inspector.topics().await?;
        let new: Vec<(String, i32)> =
            topics::followed(&topics, &definitions.catalog().topics(), &self.extra)
                .filter(|partition| !self.assigned.contains(partition))
                .collect();
        let first_ends = self.first_ends.get_or_insert_default();
        if new.is_empty() {
            return Ok(());
        }
        let lows = self.inspector.beginnings(&new).await?;
        let ends = self.inspector.ends(&new).await?;
        let firsts: Vec<_> = new
            .iter()
            .map(|of| (of.clone(), lows.get(of).copied().unwrap_or(0)))
            .collect();
        let Some(store) = &mut self.store else {
            return Ok(());
        };
        if let Err(error) = store.begin(&firsts) {
            tracing::error!(%error, "the store can't be written");
            return Ok(());
        }
        let from: Vec<TopicPartitionOffset> = firsts
            .into_iter()
            .map(|(of, low)| start(&of, low, store.next_offsets()))
            .collect();
        self.reader.assign(&from)?;
        tracing::info!(partitions = from.len(), "following more partitions");
        let held = ends
            .into_iter()
            .filter(|(of, end)| lows.get(of).is_none_or(|low| low < end));
        first_ends.extend(held);
        self.assigned.extend(new);
        Ok(())
    }

    /// Writes a batch, however long it takes: what was read is never skipped.
    async fn take_in(&mut self, batch: Vec<Record>, shutdown: &Shutdown) {
        let mut batch = batch;
        while let Some(mut store) = self.store.take() {
            let written = tokio::task::spawn_blocking(move || {
                let applied = store.apply(&batch);
                (store, batch, applied)
            });
            let Ok((store, same, applied)) = written.await else {
                self.probes
                    .dead("the store's thread has failed; its log says more");
                return;
            };
            self.store = Some(store);
            let Err(error) = applied else {
                self.probes.ok("store");
                return;
            };
            tracing::error!(%error, "a batch can't be written; trying again, answers stay as they were");
            self.probes.failing("store", error.to_string());
            batch = same;
            tokio::select! {
                () = tokio::time::sleep(PAUSE) => {}
                // Its offsets are not written either, so it is read again next time.
                () = shutdown.requested() => return,
            }
        }
    }

    fn note(&mut self) {
        for notice in self.reader.notices() {
            match notice {
                Notice::Lost {
                    topic,
                    partition,
                    expected,
                    first,
                } => {
                    tracing::warn!(
                        topic,
                        partition,
                        expected,
                        first,
                        "records were deleted before they were read"
                    );
                }
                Notice::Rewound {
                    topic,
                    partition,
                    expected,
                    found,
                } => {
                    tracing::error!(
                        topic,
                        partition,
                        expected,
                        found,
                        "the topic was made anew or truncated: stop the tracker and delete its file, so that it reads everything again"
                    );
                }
                Notice::Trouble(reason) => tracing::warn!(reason, "the broker is in trouble"),
            }
        }
    }

    async fn reopen(&mut self, error: &ReadError) {
        tracing::error!(%error, "the Kafka client is opened anew");
        tokio::time::sleep(PAUSE).await;
        match Reader::open(&self.kafka, &self.client_id) {
            Ok(reader) => {
                self.reader = reader;
                self.assigned.clear();
            }
            Err(error) => self.probes.dead(error.to_string()),
        }
    }

    fn caught_up(&mut self) {
        let (Some(ends), Some(store)) = (&mut self.first_ends, &self.store) else {
            return;
        };
        ends.retain(|of, end| store.next_offsets().get(of).is_none_or(|next| next < end));
        if ends.is_empty() {
            self.probes.ok("caught-up");
        } else {
            self.probes.failing(
                "caught-up",
                format!(
                    "{} partitions are not read to where they ended at the start",
                    ends.len()
                ),
            );
        }
    }
}

fn start(of: &(String, i32), low: i64, next: &Positions) -> TopicPartitionOffset {
    let start = match next.get(of) {
        Some(next) if *next > low => Start::At(*next),
        _ => Start::Beginning,
    };
    TopicPartitionOffset {
        topic: of.0.clone(),
        partition: of.1,
        start,
    }
}
