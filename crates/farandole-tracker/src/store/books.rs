use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError, RwLock},
};

use farandole_event::Record;
use rusqlite::{Connection, params};

use super::{Filter, Page, StoreError, StoreOptions, instances, offsets, overview, schema, write};
use crate::{
    definitions::Definitions,
    fold::{Content, Home, read},
    view::{Assessment, Context, Positions, Said, assess},
};

/// Connections that wait for the next question.
const IDLE: usize = 8;

/// The reading side of a store. Cheap to clone; blocks, so async callers use a thread for such.
#[derive(Clone)]
pub struct Books(Arc<Shelf>);

struct Shelf {
    path: PathBuf,
    definitions: Arc<RwLock<Arc<Definitions>>>,
    options: StoreOptions,
    idle: Mutex<Vec<Connection>>,
}

/// What an id names.
#[derive(Clone, Debug, PartialEq)]
pub enum Found {
    /// This instance; of several runs of one key the latest, with the others' correlation ids.
    One {
        /// The correlation id.
        correlation: String,
        /// Other runs of the same workflow and key, latest first.
        other_runs: Vec<String>,
    },
    /// Instances of several workflows or tenants: workflow, tenant and correlation id of each.
    Several(Vec<(String, Option<String>, String)>),
    /// Nothing.
    None,
}

/// One consistent look into the books.
pub(crate) struct Look<'a> {
    connection: &'a Connection,
    /// The definitions at that moment.
    pub(crate) definitions: Arc<Definitions>,
    options: StoreOptions,
}

impl Books {
    pub(super) fn new(
        path: PathBuf,
        definitions: Arc<RwLock<Arc<Definitions>>>,
        options: StoreOptions,
    ) -> Self {
        Self(Arc::new(Shelf {
            path,
            definitions,
            options,
            idle: Mutex::default(),
        }))
    }

    /// Schemas and workflows as they are known now.
    pub fn definitions(&self) -> Arc<Definitions> {
        self.0
            .definitions
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Next offsets to read, by partition.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn next_offsets(&self) -> Result<Positions, StoreError> {
        self.look(|look| look.positions())
    }

    /// Answers a question from one state of the file, whatever is written meanwhile.
    pub(crate) fn look<T>(
        &self,
        question: impl FnOnce(&Look<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let kept = self
            .0
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        let mut connection = match kept {
            Some(connection) => connection,
            None => schema::open_reader(&self.0.path)?,
        };
        let transaction = connection.transaction()?;
        let look = Look {
            connection: &transaction,
            definitions: self.definitions(),
            options: self.0.options,
        };
        let answer = question(&look);
        drop(transaction);
        let mut idle = self.0.idle.lock().unwrap_or_else(PoisonError::into_inner);
        // A connection that has failed is not used again.
        if answer.is_ok() && idle.len() < IDLE {
            idle.push(connection);
        }
        answer
    }
}

impl Look<'_> {
    pub(crate) fn positions(&self) -> Result<Positions, StoreError> {
        Ok(offsets::next(self.connection)?)
    }

    /// What an id names: a correlation id, `workflow:key`, or a key.
    pub(crate) fn find(&self, id: &str) -> Result<Found, StoreError> {
        let exists = self
            .connection
            .prepare_cached("SELECT 1 FROM instance WHERE correlation = ?1")?
            .exists([id])?;
        if exists {
            return Ok(Found::One {
                correlation: id.to_owned(),
                other_runs: vec![],
            });
        }
        if let Some((workflow, key)) = id.split_once(':') {
            let found = self.by_key(Some(workflow), key)?;
            if found != Found::None {
                return Ok(found);
            }
        }
        self.by_key(None, id)
    }

    fn by_key(&self, workflow: Option<&str>, key: &str) -> Result<Found, StoreError> {
        let sql = "SELECT workflow, tenant, correlation FROM instance WHERE key = ?1 AND (?2 IS NULL OR workflow = ?2)
            ORDER BY started_ms DESC, correlation LIMIT 100";
        let mut query = self.connection.prepare_cached(sql)?;
        let rows = query.query_map(params![key, workflow], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })?;
        let rows = rows.collect::<rusqlite::Result<Vec<(String, Option<String>, String)>>>()?;
        let named: BTreeSet<_> = rows
            .iter()
            .map(|(workflow, tenant, _)| (workflow, tenant))
            .collect();
        if named.len() > 1 {
            return Ok(Found::Several(rows));
        }
        let mut runs = rows.into_iter().map(|(_, _, correlation)| correlation);
        Ok(match runs.next() {
            Some(correlation) => Found::One {
                correlation,
                other_runs: runs.collect(),
            },
            None => Found::None,
        })
    }

    /// An instance from its records.
    pub(crate) fn assess(&self, correlation: &str) -> Result<Assessment, StoreError> {
        let cut_topics = offsets::cut_topics(self.connection)?;
        let context = Context {
            definitions: &self.definitions,
            cut_topics: &cut_topics,
            default_within_ms: self.options.default_within_ms,
        };
        Ok(assess(
            correlation,
            &write::load(self.connection, correlation)?,
            &context,
        ))
    }

    /// The records of an instance, by position.
    pub(crate) fn records(&self, correlation: &str) -> Result<Vec<Record>, StoreError> {
        write::records(self.connection, &Home::Instance(correlation.to_owned()))
    }

    /// The last word of each participant about itself.
    pub(crate) fn said<'a>(
        &self,
        participants: impl IntoIterator<Item = &'a str>,
    ) -> Result<BTreeMap<String, Said>, StoreError> {
        let mut found = BTreeMap::new();
        for name in participants {
            let records = write::records(self.connection, &Home::Participant(name.to_owned()))?;
            let facts = records.iter().filter_map(|record| read(record).fact);
            let signals = facts.filter_map(|(_, fact)| match fact.content {
                Content::Signal(signal) => Some((signal.at_ms, fact.position, signal)),
                _ => None,
            });
            if let Some((_, _, signal)) = signals.max_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1))) {
                found.insert(name.to_owned(), Said::from(&signal));
            }
        }
        Ok(found)
    }

    pub(crate) fn page(&self, filter: &Filter, now_ms: i64) -> Result<Page, StoreError> {
        Ok(instances::page(self.connection, filter, now_ms)?)
    }

    pub(crate) fn workflow_counts(
        &self,
        now_ms: i64,
    ) -> Result<Vec<overview::WorkflowCount>, StoreError> {
        Ok(overview::workflows(self.connection, now_ms)?)
    }

    pub(crate) fn step_counts(
        &self,
        workflow: &str,
        now_ms: i64,
    ) -> Result<Vec<overview::StepCount>, StoreError> {
        Ok(overview::steps(self.connection, workflow, now_ms)?)
    }

    pub(crate) fn durations(
        &self,
        workflow: &str,
        version: u32,
        step: &str,
    ) -> Result<Option<overview::Durations>, StoreError> {
        Ok(overview::durations(
            self.connection,
            workflow,
            version,
            step,
        )?)
    }

    pub(crate) fn seen(&self) -> Result<Vec<overview::SeenCount>, StoreError> {
        Ok(overview::seen(self.connection)?)
    }

    pub(crate) fn troubles(&self) -> Result<Vec<overview::Trouble>, StoreError> {
        Ok(overview::troubles(self.connection)?)
    }
}
