//! The one writer.

mod cache;
mod definitions;
mod rows;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{File, TryLockError},
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
};

use farandole_event::Record;
use rusqlite::{Connection, Transaction, params};

use super::{Books, StoreError, encode, offsets, schema, summary::Summary};
use crate::{
    definitions::Definitions,
    fold::{self, Home, Instance, Reading, Seen},
    view::{Context, Partition, Positions, assess},
};
use cache::Cache;

/// What is fixed while a store is open.
#[derive(Clone, Copy, Debug, Default)]
pub struct StoreOptions {
    /// The deadline of mandatory steps that declare none, in milliseconds.
    pub default_within_ms: Option<i64>,
}

/// Takes records in. There is one per file; another is refused.
pub struct Store {
    connection: Connection,
    path: PathBuf,
    options: StoreOptions,
    next: Positions,
    cut_topics: BTreeSet<String>,
    definitions: Arc<RwLock<Arc<Definitions>>>,
    cache: Cache,
    /// Held as long as the store is open.
    _lock: File,
}

impl Store {
    /// Opens a file, or makes it.
    ///
    /// # Errors
    /// Another tracker has it open, it has another format, or it can't be read or written.
    pub fn open(path: &Path, options: StoreOptions) -> Result<Self, StoreError> {
        let lock = lock(path)?;
        let connection = schema::open_writer(path)?;
        let next = offsets::next(&connection)?;
        let cut_topics = offsets::cut_topics(&connection)?;
        let definitions = Arc::new(RwLock::new(Arc::new(definitions::load(&connection)?)));
        Ok(Self {
            connection,
            path: path.to_owned(),
            options,
            next,
            cut_topics,
            definitions,
            cache: Cache::default(),
            _lock: lock,
        })
    }

    /// The reading side of the same file.
    pub fn books(&self) -> Books {
        Books::new(self.path.clone(), self.definitions.clone(), self.options)
    }

    /// Next offsets to read, by partition.
    pub fn next_offsets(&self) -> &Positions {
        &self.next
    }

    /// Notes where partitions begin that are read for the first time; known ones stay as they are.
    ///
    /// # Errors
    /// The file can't be written.
    pub fn begin(&mut self, firsts: &[(Partition, i64)]) -> Result<(), StoreError> {
        let new: Vec<&(Partition, i64)> = firsts
            .iter()
            .filter(|(partition, _)| !self.next.contains_key(partition))
            .collect();
        let transaction = self.connection.transaction()?;
        for ((topic, partition), first) in &new {
            transaction
                .prepare_cached("INSERT OR IGNORE INTO partition (topic, partition, first, next) VALUES (?1, ?2, ?3, ?3)")?
                .execute(params![topic, partition, first])?;
        }
        transaction.commit()?;
        for (partition, first) in new {
            self.next.insert(partition.clone(), *first);
            if *first > 0 && self.cut_topics.insert(partition.0.clone()) {
                self.reassess(definitions::orphans)?;
            }
        }
        Ok(())
    }

    /// Takes a batch in: its records, what follows from them, and the next offsets, all or nothing. Records below a
    /// partition's next offset are known already and skipped.
    ///
    /// # Errors
    /// The file can't be written. Nothing of the batch has happened then.
    pub fn apply(&mut self, batch: &[Record]) -> Result<(), StoreError> {
        let applied = self.try_apply(batch);
        if applied.is_err() {
            // It may hold what was not written.
            self.cache = Cache::default();
        }
        applied
    }

    fn try_apply(&mut self, batch: &[Record]) -> Result<(), StoreError> {
        let mut next = self.next.clone();
        let fresh: Vec<&Record> = batch
            .iter()
            .filter(|record| advance(&mut next, record))
            .collect();
        let readings: Vec<(&Record, Reading)> = fresh
            .into_iter()
            .map(|record| (record, fold::read(record)))
            .collect();
        let known = self.definitions();
        let transaction = self.connection.transaction()?;
        let touched = keep(&transaction, &readings, &mut self.cache)?;
        let changed = rows::entries(&transaction, &readings)?;
        let definitions = if changed {
            Arc::new(definitions::load(&transaction)?)
        } else {
            known
        };
        let mut stale = touched;
        if changed {
            stale.extend(definitions::stale(&transaction, &definitions)?);
        }
        let context = Context {
            definitions: &definitions,
            cut_topics: &self.cut_topics,
            default_within_ms: self.options.default_within_ms,
        };
        summarise(&transaction, &stale, &mut self.cache, &context)?;
        rows::tallies(&transaction, &readings)?;
        rows::offsets(&transaction, &self.next, &next)?;
        transaction.commit()?;
        self.next = next;
        self.cache.trim(&stale);
        if changed {
            *self
                .definitions
                .write()
                .unwrap_or_else(PoisonError::into_inner) = definitions;
        }
        Ok(())
    }

    fn reassess(
        &mut self,
        which: fn(&Connection) -> rusqlite::Result<BTreeSet<String>>,
    ) -> Result<(), StoreError> {
        let definitions = self.definitions();
        let transaction = self.connection.transaction()?;
        let stale = which(&transaction)?;
        let context = Context {
            definitions: &definitions,
            cut_topics: &self.cut_topics,
            default_within_ms: self.options.default_within_ms,
        };
        summarise(&transaction, &stale, &mut self.cache, &context)?;
        transaction.commit()?;
        self.cache.trim(&BTreeSet::new());
        Ok(())
    }

    fn definitions(&self) -> Arc<Definitions> {
        self.definitions
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// Whether a record is new; it then moves its partition on. Records of one partition come in order.
fn advance(next: &mut Positions, record: &Record) -> bool {
    let next = next
        .entry((record.topic.to_string(), record.partition))
        .or_insert(record.offset);
    let new = record.offset >= *next;
    if new {
        *next = record.offset + 1;
    }
    new
}

/// Keeps records that belong somewhere; answers the instances that have changed.
fn keep(
    transaction: &Transaction<'_>,
    readings: &[(&Record, Reading)],
    cache: &mut Cache,
) -> Result<BTreeSet<String>, StoreError> {
    let mut touched = BTreeSet::new();
    for (record, reading) in readings {
        let Some((home, fact)) = &reading.fact else {
            continue;
        };
        let instance = match home {
            Home::Instance(correlation) => {
                touched.insert(correlation.clone());
                Some(cache.get(transaction, correlation)?)
            }
            Home::Participant(_) => None,
        };
        rows::record(transaction, home, record)?;
        if let Some(cached) = instance {
            cached.facts.insert(fact.clone());
        }
    }
    Ok(touched)
}

fn summarise(
    transaction: &Transaction<'_>,
    stale: &BTreeSet<String>,
    cache: &mut Cache,
    context: &Context<'_>,
) -> Result<(), StoreError> {
    for correlation in stale {
        let cached = cache.get(transaction, correlation)?;
        let assessment = assess(correlation, &cached.facts, context);
        let of = assessment.workflow.as_deref().zip(assessment.version);
        let definition = of.and_then(|(name, version)| context.definitions.workflow(name, version));
        let summary = Summary::of(
            &assessment,
            definition.map(|workflow| workflow.hash.clone()),
        );
        rows::summary(transaction, correlation, &summary, cached.written.as_ref())?;
        cached.written = Some(summary);
    }
    Ok(())
}

/// Everything of an instance that the file holds.
pub(super) fn load(connection: &Connection, correlation: &str) -> Result<Instance, StoreError> {
    let mut facts = Instance::new();
    for record in records(connection, &Home::Instance(correlation.to_owned()))? {
        if let Some((_, fact)) = fold::read(&record).fact {
            facts.insert(fact);
        }
    }
    Ok(facts)
}

/// The records of a home, by position.
pub(super) fn records(connection: &Connection, home: &Home) -> Result<Vec<Record>, StoreError> {
    let sql = format!(
        "SELECT {} FROM record WHERE home = ?1 ORDER BY topic, partition, offset",
        encode::COLUMNS
    );
    let mut query = connection.prepare_cached(&sql)?;
    let mut rows = query.query([encode::home(home)])?;
    let mut records = Vec::new();
    while let Some(row) = rows.next()? {
        records.push(encode::record(row)?);
    }
    Ok(records)
}

/// One tracker per file, across processes: the lock goes with the process that holds it.
fn lock(path: &Path) -> Result<File, StoreError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let path_of_lock = PathBuf::from(name);
    let io = |source| StoreError::Io {
        path: path_of_lock.clone(),
        source,
    };
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path_of_lock)
        .map_err(io)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::Locked(path.to_owned())),
        Err(TryLockError::Error(source)) => Err(io(source)),
    }
}

/// What a batch adds to the topology: records and the last append time by topic and event.
fn tally(readings: &[(&Record, Reading)]) -> BTreeMap<(String, Seen), (i64, i64)> {
    let mut tallies: BTreeMap<(String, Seen), (i64, i64)> = BTreeMap::new();
    for (record, reading) in readings {
        let tally = tallies
            .entry((record.topic.to_string(), reading.seen.clone()))
            .or_default();
        tally.0 += 1;
        tally.1 = tally.1.max(record.timestamp_ms.unwrap_or(0));
    }
    tallies
}
