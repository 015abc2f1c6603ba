//! A database in a folder of its own, and a publisher that a test commands.
#![allow(dead_code, unreachable_pub)]

use std::collections::BTreeMap;
use std::future::Future;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use farandole::{Headers, Outgoing};
use farandole_outbox::{Outbox, OutboxError, OutboxSettings, Publish, Refused};

pub struct Folder(tempfile::TempDir);

impl Folder {
    pub fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    pub fn database(&self) -> PathBuf {
        self.0.path().join("outbox.sqlite3")
    }

    pub fn open(&self, tables: &str) -> Outbox {
        let settings = OutboxSettings {
            poll: Duration::from_millis(20),
            ..OutboxSettings::default()
        };
        Outbox::open_with(&self.database(), tables, settings).expect("an outbox")
    }
}

pub async fn count(outbox: &Outbox, table: &str) -> i64 {
    let sql = format!("SELECT count(*) FROM {table}");
    outbox
        .read(move |db| Ok::<_, OutboxError>(db.query_row(&sql, [], |row| row.get(0))?))
        .await
        .expect("a count")
}

/// Records what is published; refuses what it is told to.
#[derive(Clone, Default)]
pub struct Recorder {
    published: Arc<Mutex<Vec<Outgoing>>>,
    /// By key: how often to refuse, and whether for good.
    refusals: Arc<Mutex<BTreeMap<String, (usize, bool)>>>,
    silent: Arc<AtomicBool>,
}

impl Recorder {
    pub fn refuse(&self, key: &str, times: usize, for_good: bool) {
        self.refusals
            .lock()
            .expect("no panic")
            .insert(key.to_owned(), (times, for_good));
    }

    /// Takes records and never says so.
    pub fn keep_acknowledgements(&self) {
        self.silent.store(true, Ordering::SeqCst);
    }

    pub fn published(&self) -> Vec<Outgoing> {
        self.published.lock().expect("no panic").clone()
    }

    /// The values published, as text.
    pub fn values(&self) -> Vec<String> {
        let text = |record: &Outgoing| {
            String::from_utf8_lossy(record.value.as_deref().unwrap_or_default()).into_owned()
        };
        self.published().iter().map(text).collect()
    }
}

impl Publish for Recorder {
    async fn publish(&self, record: Outgoing) -> Result<(), Refused> {
        let key = String::from_utf8_lossy(record.key.as_deref().unwrap_or_default()).into_owned();
        tokio::task::yield_now().await;
        if let Some((times, for_good)) = self
            .refusals
            .lock()
            .expect("no panic")
            .get_mut(&key)
            .filter(|(times, _)| *times > 0)
        {
            *times -= 1;
            return Err(Refused {
                reason: "not now".into(),
                for_good: *for_good,
            });
        }
        self.published.lock().expect("no panic").push(record);
        if self.silent.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
        Ok(())
    }
}

/// A record with a key and a value.
pub fn record(key: &str, value: &str) -> Outgoing {
    let mut headers = Headers::new();
    headers.push("ce_id", format!("{key}-{value}"));
    headers.push("ce_type", "test.happened");
    Outgoing {
        topic: "trips".into(),
        key: Some(key.into()),
        value: Some(value.into()),
        headers,
    }
}

/// Waits for a condition.
pub async fn eventually<F: Future<Output = bool>>(what: &str, ask: impl Fn() -> F) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !ask().await {
        assert!(Instant::now() < deadline, "{what} did not happen in time");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
