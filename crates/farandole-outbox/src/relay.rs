//! Publishes the rows of the outbox.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use farandole::{Shutdown, now_ms};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::{FuturesUnordered, StreamExt as _};

use crate::backlog::Backlog;
use crate::lock::RelayLock;
use crate::outbox::{Outbox, Shared};
use crate::row::{self, Row};
use crate::watch::Watch;
use crate::{OutboxError, Publish, Refused};

/// Rows in memory at most.
const LOADED: usize = 10_000;
/// Rows loaded at a time.
const LOAD: usize = 1_000;
/// How often a relay that is not the one asks again, and how long it waits after the database has failed.
const ASK_AGAIN: Duration = Duration::from_millis(500);
/// How often old rows are taken out, and how many in one transaction.
const PRUNE: Duration = Duration::from_secs(60);
const PRUNE_ROWS: i64 = 5_000;

pub(crate) struct Relay<P> {
    shared: Arc<Shared>,
    publisher: P,
    shutdown: Shutdown,
}

/// The rows that are being taken out, and how that went.
type Removing = BoxFuture<'static, (Vec<i64>, Result<(), OutboxError>)>;

/// The work of the one relay.
struct Round<P> {
    shared: Arc<Shared>,
    publisher: P,
    backlog: Backlog,
    /// Everything up to this row has been loaded.
    loaded: i64,
    /// Whether there may be rows that are not loaded.
    more: bool,
    watch: Watch,
    /// When to look whether other processes have written, however much is going on here.
    look_at: Instant,
    sending: FuturesUnordered<BoxFuture<'static, (Row, Result<(), Refused>)>>,
    /// Published and not yet taken out of the table.
    published: Vec<i64>,
    removing: Option<Removing>,
    unreadable: HashSet<i64>,
}

impl<P: Publish> Relay<P> {
    pub(crate) fn new(shared: Arc<Shared>, publisher: P, shutdown: Shutdown) -> Self {
        Self {
            shared,
            publisher,
            shutdown,
        }
    }

    pub(crate) async fn run(self) {
        while !self.shutdown.is_requested() {
            match RelayLock::try_take(&self.shared.path) {
                Ok(Some(_lock)) => {
                    tracing::info!(database = %self.shared.path.display(), "relaying the outbox");
                    match self.relay().await {
                        Ok(()) => return,
                        Err(error) => {
                            tracing::error!(%error, "the outbox can't be relayed; trying again")
                        }
                    }
                }
                Ok(None) => tracing::debug!("another process relays the outbox"),
                Err(error) => {
                    tracing::error!(%error, "the lock file of the relay can't be used; trying again")
                }
            }
            let _shutdown = tokio::time::timeout(ASK_AGAIN, self.shutdown.requested()).await;
        }
    }

    /// Goes on until the shutdown, and then until nothing is left or the time is up.
    async fn relay(&self) -> Result<(), OutboxError> {
        let mut round = Round::new(self.shared.clone(), self.publisher.clone())?;
        let mut pruned = None;
        while !self.shutdown.is_requested() {
            if pruned.is_none_or(|at: Instant| at.elapsed() > PRUNE) {
                // Beside: publishing doesn't wait for it, nor fail with it.
                let _detached = tokio::spawn(prune(self.shared.clone()));
                pruned = Some(Instant::now());
            }
            round.fill().await?;
            round.wait(Some(&self.shutdown)).await?;
        }
        let rest = async {
            round.more = true;
            loop {
                round.fill().await?;
                if round.is_idle() {
                    return Ok(());
                }
                round.wait(None).await?;
            }
        };
        match tokio::time::timeout(self.shared.settings.end, rest).await {
            Ok(ended) => ended,
            Err(_) => {
                tracing::warn!(
                    "rows are left in the outbox; they are published after the next start"
                );
                Ok(())
            }
        }
    }
}

impl<P: Publish> Round<P> {
    fn new(shared: Arc<Shared>, publisher: P) -> Result<Self, OutboxError> {
        Ok(Self {
            watch: Watch::open(&shared)?,
            shared,
            publisher,
            backlog: Backlog::default(),
            loaded: 0,
            more: true,
            look_at: Instant::now(),
            sending: FuturesUnordered::new(),
            published: Vec::new(),
            removing: None,
            unreadable: HashSet::new(),
        })
    }

    fn is_idle(&self) -> bool {
        !self.more
            && self.backlog.len() == 0
            && self.published.is_empty()
            && self.removing.is_none()
    }

    /// Loads what was written, sends what may be sent, takes out what is published.
    async fn fill(&mut self) -> Result<(), OutboxError> {
        if self.more && self.backlog.len() < LOADED {
            self.load().await?;
        }
        self.send();
        self.remove();
        Ok(())
    }

    /// Waits for one thing to happen.
    async fn wait(&mut self, shutdown: Option<&Shutdown>) -> Result<(), OutboxError> {
        let wake = self.backlog.wake_at();
        let shared = self.shared.clone();
        tokio::select! {
            Some((row, sent)) = self.sending.next() => self.sent(&row, sent).await?,
            (seqs, removed) = next(&mut self.removing) => {
                self.removing = None;
                self.removed(seqs, removed).await;
            }
            () = shared.written.notified(), if !self.more => self.more = true,
            () = until(Some(self.look_at)), if !self.more => {
                self.look_at = Instant::now() + shared.settings.poll;
                self.more = self.watch.has_changed();
            }
            () = until(wake) => {}
            () = requested(shutdown) => {}
        }
        Ok(())
    }

    async fn load(&mut self) -> Result<(), OutboxError> {
        let after = self.loaded;
        let rows = Outbox::from_shared(self.shared.clone())
            .read(move |db| Ok::<_, OutboxError>(row::load(db, after, LOAD)?))
            .await?;
        self.more = rows.len() == LOAD;
        for row in rows {
            match row {
                Ok(row) => {
                    self.loaded = row.seq;
                    self.backlog.push(row);
                }
                Err(OutboxError::Row { seq, reason }) => {
                    self.loaded = seq;
                    if self.unreadable.insert(seq) {
                        park(&self.shared, seq, reason).await?;
                    }
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn send(&mut self) {
        let now = Instant::now();
        while self.sending.len() < self.shared.settings.in_flight {
            let Some(row) = self.backlog.next(now) else {
                return;
            };
            let publisher = self.publisher.clone();
            self.sending.push(
                async move {
                    let sent = publisher.publish(row.outgoing.clone()).await;
                    (row, sent)
                }
                .boxed(),
            );
        }
    }

    async fn sent(&mut self, row: &Row, sent: Result<(), Refused>) -> Result<(), OutboxError> {
        match sent {
            Ok(()) => {
                self.published.push(row.seq);
                self.backlog.done(row);
            }
            Err(refused) if refused.for_good => {
                park(&self.shared, row.seq, refused.reason).await?;
                self.backlog.done(row);
            }
            Err(refused) => {
                let wait = self.backlog.failed(row, Instant::now());
                tracing::warn!(
                    topic = row.outgoing.topic,
                    event_id = row.outgoing.headers.text("ce_id"),
                    "an event of the outbox was not published; again in {wait:?}: {refused}"
                );
            }
        }
        Ok(())
    }

    /// Takes published rows out, one transaction at a time, while others are on their way.
    fn remove(&mut self) {
        if self.published.is_empty() || self.removing.is_some() {
            return;
        }
        let seqs = std::mem::take(&mut self.published);
        let (writer, keep) = (
            self.shared.writer.clone(),
            !self.shared.settings.keep_published.is_zero(),
        );
        self.removing = Some(
            async move {
                let done = seqs.clone();
                let removed = writer
                    .transact(move |tx| Ok(row::published(tx, &done, keep.then(now_ms))?))
                    .await;
                (seqs, removed)
            }
            .boxed(),
        );
    }

    async fn removed(&mut self, seqs: Vec<i64>, removed: Result<(), OutboxError>) {
        if let Err(error) = removed {
            // They are not loaded again by this relay, so nothing is repeated.
            tracing::warn!(%error, rows = seqs.len(), "published rows can't be taken out of the outbox yet");
            self.published.extend(seqs);
            tokio::time::sleep(ASK_AGAIN).await;
        }
    }
}

async fn park(shared: &Shared, seq: i64, reason: String) -> Result<(), OutboxError> {
    tracing::error!(
        row = seq,
        "an event of the outbox can never be published and is put aside: {reason}"
    );
    shared
        .writer
        .transact(move |tx| Ok(row::park(tx, seq, &reason)?))
        .await
}

/// Takes out what is older than it needs to be, a part at a time, so that others write in between.
async fn prune(shared: Arc<Shared>) {
    let mut pruned = 0;
    loop {
        match prune_some(&shared).await {
            Ok(0) => break,
            Ok(rows) => pruned += rows,
            Err(error) => {
                tracing::warn!(%error, "old firings can't be taken out of the inbox yet");
                break;
            }
        }
    }
    if pruned > 0 {
        tracing::debug!(rows = pruned, "old rows were taken out");
    }
}

async fn prune_some(shared: &Shared) -> Result<usize, OutboxError> {
    let now_ms = now_ms();
    let inbox = now_ms - millis(shared.settings.inbox_retention);
    let published = now_ms - millis(shared.settings.keep_published);
    let work = move |tx: &rusqlite::Transaction<'_>| {
        let kept = "DELETE FROM outbox WHERE seq IN (SELECT seq FROM outbox WHERE published_at < ?1 LIMIT ?2)";
        let old = "DELETE FROM inbox WHERE firing_id IN (SELECT firing_id FROM inbox WHERE at < ?1 LIMIT ?2)";
        Ok(tx.execute(kept, [published, PRUNE_ROWS])? + tx.execute(old, [inbox, PRUNE_ROWS])?)
    };
    shared.writer.transact(work).await
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

async fn next<T>(future: &mut Option<BoxFuture<'static, T>>) -> T {
    match future {
        Some(future) => future.await,
        None => std::future::pending().await,
    }
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}

async fn requested(shutdown: Option<&Shutdown>) {
    match shutdown {
        Some(shutdown) => shutdown.requested().await,
        None => std::future::pending().await,
    }
}
