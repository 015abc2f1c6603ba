//! A negative control for fault tests: counts events as done before they are handled, so a crash loses them. A test that
//! claims to prove at-least-once handling has to fail with it.

use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::sync::Arc;
use std::time::Duration;

use farandole_event::{Outgoing, Record};
use farandole_kafka::{Handler, Notice, Outcome, Route};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::sync::mpsc;

use crate::handler::{Inner, KafkaHandler};

/// The environment variable that switches it on, when it is `1`.
pub(crate) const SWITCH: &str = "FARANDOLE_UNSAFE_COMMIT_BEFORE_HANDLING";

/// Commits follow at once, so that hardly a crash finds everything handled.
pub(crate) const COMMIT_INTERVAL: Duration = Duration::from_millis(5);

/// Handling tasks; what stands in one lane goes to one of them, so order is kept and only safety is lost.
const WORKERS: usize = 16;

/// Whether the environment asks for it.
pub(crate) fn is_wanted() -> bool {
    std::env::var(SWITCH).is_ok_and(|value| value == "1")
}

pub(crate) struct Unsafe {
    handler: KafkaHandler,
    workers: Vec<mpsc::UnboundedSender<(Arc<Record>, usize)>>,
}

impl Unsafe {
    pub(crate) fn around(inner: Arc<Inner>) -> Self {
        tracing::error!(
            "{SWITCH}=1: events are committed BEFORE they are handled, and a crash LOSES them. For fault tests only"
        );
        let workers = (0..WORKERS).map(|_| worker(inner.clone())).collect();
        Self {
            handler: KafkaHandler(inner),
            workers,
        }
    }
}

fn worker(inner: Arc<Inner>) -> mpsc::UnboundedSender<(Arc<Record>, usize)> {
    let (sender, mut queue) = mpsc::unbounded_channel::<(Arc<Record>, usize)>();
    tokio::spawn(async move {
        while let Some((record, task)) = queue.recv().await {
            let mut attempt = 1;
            while let Outcome::Retry { .. } = inner.handle(&record, task, attempt).await {
                attempt += 1;
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    });
    sender
}

impl Handler for Unsafe {
    fn route(&self, record: &Record) -> Route {
        self.handler.route(record)
    }

    fn handle(&self, record: Arc<Record>, task: usize, _: u32) -> BoxFuture<'static, Outcome> {
        let hash = BuildHasherDefault::<DefaultHasher>::default()
            .hash_one(&self.handler.route(&record).lane);
        let worker = &self.workers[hash as usize % WORKERS];
        // A worker ends only with the runtime, and then nothing matters any more.
        let _ = worker.send((record, task));
        async { Outcome::Done }.boxed()
    }

    fn dead_letter(
        &self,
        record: Arc<Record>,
        task: Option<usize>,
        class: &str,
        message: &str,
        attempts: u32,
    ) -> Outgoing {
        self.handler
            .dead_letter(record, task, class, message, attempts)
    }

    fn notice(&self, notice: &Notice) {
        self.handler.notice(notice);
    }
}
