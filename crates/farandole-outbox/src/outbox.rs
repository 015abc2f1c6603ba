use std::cell::Cell;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use farandole::{Context, External, Failure, Outputs, Shutdown, now_ms};
use rusqlite::{Connection, Transaction, params};
use tokio::sync::Notify;

use crate::relay::Relay;
use crate::writer::Writer;
use crate::{OutboxError, OutboxSettings, Publish, row, store};

/// A database with an inbox and an outbox beside the service's own tables. Cheap to clone; clones share the connections.
#[derive(Clone)]
pub struct Outbox(Arc<Shared>);

pub(crate) struct Shared {
    pub(crate) path: PathBuf,
    pub(crate) settings: OutboxSettings,
    pub(crate) writer: Writer,
    reader: Mutex<Connection>,
    /// Rows were committed in this process.
    pub(crate) written: Notify,
}

/// A row that can never be published, kept for an operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parked {
    /// The event's id.
    pub id: String,
    /// The event's name.
    pub event: String,
    /// The topic that it was meant for.
    pub topic: String,
    /// Why it can't be published.
    pub reason: String,
}

impl Outbox {
    pub(crate) fn from_shared(shared: Arc<Shared>) -> Self {
        Self(shared)
    }

    /// Opens the file, made if it is not there, and runs `migrations` (the service's own tables, `IF NOT EXISTS`).
    ///
    /// # Errors
    /// The file can't be opened or written, or the service's SQL is refused.
    pub fn open(path: &Path, migrations: &str) -> Result<Self, OutboxError> {
        Self::open_with(path, migrations, OutboxSettings::default())
    }

    /// [`Outbox::open`] with other settings.
    ///
    /// # Errors
    /// As [`Outbox::open`].
    pub fn open_with(
        path: &Path,
        migrations: &str,
        settings: OutboxSettings,
    ) -> Result<Self, OutboxError> {
        let writer = store::prepare(path, migrations, &settings)?;
        let reader = store::connect(path, &settings)?;
        reader.pragma_update(None, "query_only", true)?;
        Ok(Self(Arc::new(Shared {
            path: path.to_owned(),
            writer: Writer::start(writer, settings.busy_timeout)?,
            settings,
            reader: Mutex::new(reader),
            written: Notify::new(),
        })))
    }

    /// A firing's transaction: the inbox row, what `work` writes and the events that it answers, all or nothing. A firing that was
    /// handled before is not handled again and counts as done. Answer its result from the handler as it is.
    ///
    /// # Errors
    /// What `work` answers; a retry when the database fails; a reject when the step may not emit these events.
    pub async fn handle<O, W>(&self, cx: &Context, work: W) -> Result<O, Failure>
    where
        O: Outputs,
        W: FnOnce(&Transaction<'_>) -> Result<O, Failure> + Send + 'static,
    {
        let firing = cx.clone();
        let handled = self.0.writer.transact(move |tx| {
            let mut inbox = tx.prepare_cached(
                "INSERT OR IGNORE INTO inbox (firing_id, step, at) VALUES (?1, ?2, ?3)",
            )?;
            if inbox.execute(params![firing.firing_id(), firing.step(), now_ms()])? == 0 {
                return Err(Handled::Before);
            }
            let outputs = work(tx)?;
            let outgoing = firing.stamp(&outputs)?;
            row::insert(tx, &outgoing, now_ms())?;
            Ok((outputs, !outgoing.is_empty()))
        });
        match handled.await {
            Ok((outputs, has_rows)) => {
                cx.settle();
                if has_rows {
                    self.0.written.notify_one();
                }
                Ok(outputs)
            }
            Err(Handled::Before) => Err(Failure::AlreadyHandled),
            Err(Handled::Failed(failure)) => Err(failure),
        }
    }

    /// A transaction of the service's own, for what comes from outside (an HTTP request, a timer): what `work` writes and the steps
    /// that it enqueues, all or nothing.
    ///
    /// # Errors
    /// What `work` answers, or that the database failed.
    pub async fn transact<T, E, W>(&self, work: W) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<OutboxError> + Send + 'static,
        W: FnOnce(&Tx<'_>) -> Result<T, E> + Send + 'static,
    {
        let transacted = self.0.writer.transact(move |transaction| {
            let tx = Tx {
                transaction,
                enqueued: Cell::new(false),
            };
            let value = work(&tx)?;
            Ok::<_, E>((value, tx.enqueued.get()))
        });
        let (value, has_rows) = transacted.await?;
        if has_rows {
            self.0.written.notify_one();
        }
        Ok(value)
    }

    /// Reads what is committed, without waiting for writers.
    ///
    /// # Errors
    /// What `work` answers, or that the outbox has ended.
    pub async fn read<T, E, W>(&self, work: W) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<OutboxError> + Send + 'static,
        W: FnOnce(&Connection) -> Result<T, E> + Send + 'static,
    {
        let shared = self.0.clone();
        let read = tokio::task::spawn_blocking(move || {
            work(&shared.reader.lock().unwrap_or_else(PoisonError::into_inner))
        });
        match read.await {
            Ok(result) => result,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(_) => Err(OutboxError::Ended.into()),
            },
        }
    }

    /// Publishes what is committed, in order of commit per key, until the shutdown and a little longer while rows are left. Run one in
    /// each process (see `Service::background`): those that share a file take turns, and one takes over when another dies.
    pub fn relay<P: Publish>(
        &self,
        publisher: P,
        shutdown: Shutdown,
    ) -> impl Future<Output = ()> + Send + use<P> {
        Relay::new(self.0.clone(), publisher, shutdown).run()
    }

    /// Rows that can never be published (too large for the topic), oldest first.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn parked(&self) -> Result<Vec<Parked>, OutboxError> {
        self.read(|db| {
            let mut statement = db.prepare(
                "SELECT id, type, topic, parked FROM outbox WHERE parked IS NOT NULL ORDER BY seq",
            )?;
            let rows = statement.query_map([], |row| {
                Ok(Parked {
                    id: row.get(0)?,
                    event: row.get(1)?,
                    topic: row.get(2)?,
                    reason: row.get(3)?,
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// How many rows wait to be published.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn pending(&self) -> Result<u64, OutboxError> {
        const COUNT: &str =
            "SELECT count(*) FROM outbox WHERE published_at IS NULL AND parked IS NULL";
        self.read(|db| {
            Ok(
                u64::try_from(db.query_row(COUNT, [], |row| row.get::<_, i64>(0))?)
                    .unwrap_or_default(),
            )
        })
        .await
    }
}

impl std::fmt::Debug for Outbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Outbox")
            .field("path", &self.0.path)
            .finish_non_exhaustive()
    }
}

/// A transaction of the service's own; see [`Outbox::transact`]. Derefs to rusqlite's.
pub struct Tx<'a> {
    transaction: &'a Transaction<'a>,
    enqueued: Cell<bool>,
}

impl Tx<'_> {
    /// Has the events of a step published once this transaction is committed. A step that was enqueued before (the same firing) is
    /// left out; answers whether it was new.
    ///
    /// # Errors
    /// The database refuses.
    pub fn enqueue(&self, step: &External) -> Result<bool, OutboxError> {
        let mut inbox = self.transaction.prepare_cached(
            "INSERT OR IGNORE INTO inbox (firing_id, step, at) VALUES (?1, ?2, ?3)",
        )?;
        let name = step
            .outgoing
            .first()
            .and_then(|record| record.headers.text("ce_step"))
            .unwrap_or_default();
        if inbox.execute(params![step.firing, name, now_ms()])? == 0 {
            return Ok(false);
        }
        row::insert(self.transaction, &step.outgoing, now_ms())?;
        self.enqueued.set(true);
        Ok(true)
    }
}

impl<'a> Deref for Tx<'a> {
    type Target = Transaction<'a>;

    fn deref(&self) -> &Self::Target {
        self.transaction
    }
}

/// How a firing's transaction ended without effect.
enum Handled {
    Before,
    Failed(Failure),
}

impl From<OutboxError> for Handled {
    fn from(error: OutboxError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<rusqlite::Error> for Handled {
    fn from(error: rusqlite::Error) -> Self {
        Self::Failed(error.into())
    }
}

impl From<Failure> for Handled {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}
