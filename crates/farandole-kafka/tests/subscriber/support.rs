//! A broker, a scripted handler, and a subscriber around them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use farandole_broker::{Broker, Config};
use farandole_event::{Headers, Outgoing, Record};
use farandole_kafka::{
    Admin, Ended, Handler, Notice, Outcome, Publisher, RetryPolicy, Route, Status, SubscribeError,
    Subscriber, SubscriberSettings, Task, TopicSpec,
};
use farandole_runtime::{KafkaSettings, Shutdown, Trigger};
use futures_util::future::BoxFuture;
use tokio::sync::watch;
use tokio::task::JoinHandle;

pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct Cluster {
    broker: Option<Broker>,
    pub(crate) kafka: KafkaSettings,
    pub(crate) publisher: Publisher,
}

impl Cluster {
    /// A broker with topics of that many partitions, and `dead` for dead letters.
    pub(crate) async fn with(topics: &[(&str, i32)]) -> Self {
        let broker = Broker::start(Config::default()).await.expect("a broker");
        let kafka = KafkaSettings::bootstrap(&broker.bootstrap_servers());
        let specs: Vec<TopicSpec> = topics
            .iter()
            .chain(&[("dead", 1)])
            .map(|(name, partitions)| TopicSpec::new(*name, *partitions))
            .collect();
        Admin::open(&kafka)
            .expect("an admin")
            .ensure_topics(&specs)
            .await
            .expect("topics");
        let publisher = Publisher::open(&kafka, "test").expect("a publisher");
        Self {
            broker: Some(broker),
            kafka,
            publisher,
        }
    }

    /// Publishes values under keys, in this order.
    pub(crate) async fn publish(
        &self,
        topic: &str,
        records: impl IntoIterator<Item = (String, String)>,
    ) {
        let sent: Vec<_> = records
            .into_iter()
            .map(|(key, value)| self.publisher.send(outgoing(topic, &key, value)))
            .collect();
        for sent in sent {
            sent.await.expect("delivered");
        }
    }

    pub(crate) fn subscribe(&self, settings: SubscriberSettings, handler: &Arc<Script>) -> Running {
        let (trigger, shutdown) = Shutdown::manual();
        let (tell, status) = watch::channel(Status::default());
        let (kafka, publisher, handler) =
            (self.kafka.clone(), self.publisher.clone(), handler.clone());
        let task = tokio::spawn(async move {
            Subscriber::run(&kafka, settings, publisher, handler, shutdown, tell).await
        });
        Running {
            trigger,
            status,
            task,
        }
    }

    pub(crate) async fn read(&self, topic: &str) -> Vec<Record> {
        farandole_read::read_to_end(&self.kafka, "test", &[topic])
            .await
            .expect("read")
    }

    /// Where the broker listens, as `host:port`.
    pub(crate) fn servers(&self) -> String {
        self.broker
            .as_ref()
            .expect("a running broker")
            .bootstrap_servers()
    }

    pub(crate) async fn stop_broker(&mut self) {
        if let Some(broker) = self.broker.take() {
            broker.stop().await;
        }
    }
}

pub(crate) fn outgoing(topic: &str, key: &str, value: impl Into<Vec<u8>>) -> Outgoing {
    Outgoing {
        topic: topic.into(),
        key: Some(key.into()),
        value: Some(value.into()),
        headers: Headers::new(),
    }
}

/// A subscriber at work.
pub(crate) struct Running {
    trigger: Trigger,
    pub(crate) status: watch::Receiver<Status>,
    task: JoinHandle<Result<Ended, SubscribeError>>,
}

impl Running {
    pub(crate) async fn until(&mut self, what: &str, holds: impl Fn(&Status) -> bool) {
        let found =
            tokio::time::timeout(PATIENCE, self.status.wait_for(|status| holds(status))).await;
        let last = found.map(|status| status.map(|_| ()).is_ok());
        assert_eq!(last.ok(), Some(true), "{what}: {:?}", self.status.borrow());
    }

    pub(crate) async fn stop(self) -> Ended {
        self.trigger.request();
        self.ended().await.expect("it ends well")
    }

    pub(crate) async fn stop_cleanly(self) {
        let asked = Instant::now();
        let ended = self.stop().await;
        assert!(ended.is_clean(), "{ended:?} after {:?}", asked.elapsed());
    }

    pub(crate) async fn ended(self) -> Result<Ended, SubscribeError> {
        tokio::time::timeout(PATIENCE, self.task)
            .await
            .expect("it ends in time")
            .expect("no panic")
    }
}

/// One call of the handler.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Call {
    pub(crate) key: String,
    pub(crate) value: String,
    pub(crate) attempt: u32,
}

type Answer = dyn Fn(Call) -> BoxFuture<'static, Outcome> + Send + Sync;

/// A handler that answers as told and remembers its calls. The lane is the key.
pub(crate) struct Script {
    answer: Box<Answer>,
    policy: Arc<RetryPolicy>,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Default)]
struct Seen {
    begun: Vec<Call>,
    done: Vec<Call>,
    notices: Vec<String>,
    at_work: BTreeSet<String>,
    most_at_work: usize,
    /// Keys that were at work twice at once.
    overlaps: Vec<String>,
}

impl Seen {
    fn begin(&mut self, call: Call) {
        if !self.at_work.insert(call.key.clone()) {
            self.overlaps.push(call.key.clone());
        }
        self.most_at_work = self.most_at_work.max(self.at_work.len());
        self.begun.push(call);
    }
}

impl Script {
    pub(crate) fn new<F>(answer: impl Fn(Call) -> F + Send + Sync + 'static) -> Arc<Self>
    where
        F: Future<Output = Outcome> + Send + 'static,
    {
        Self::with_policy(
            RetryPolicy {
                attempts: 3,
                initial_ms: 10,
                ..RetryPolicy::default()
            },
            answer,
        )
    }

    pub(crate) fn with_policy<F>(
        policy: RetryPolicy,
        answer: impl Fn(Call) -> F + Send + Sync + 'static,
    ) -> Arc<Self>
    where
        F: Future<Output = Outcome> + Send + 'static,
    {
        let answer =
            Box::new(move |call| -> BoxFuture<'static, Outcome> { Box::pin(answer(call)) });
        Arc::new(Self {
            answer,
            policy: Arc::new(policy),
            seen: Arc::default(),
        })
    }

    pub(crate) fn done(&self) -> Vec<Call> {
        look(&self.seen).done.clone()
    }

    pub(crate) fn begun(&self) -> Vec<Call> {
        look(&self.seen).begun.clone()
    }

    pub(crate) fn notices(&self) -> Vec<String> {
        look(&self.seen).notices.clone()
    }

    pub(crate) fn most_at_work(&self) -> usize {
        look(&self.seen).most_at_work
    }

    pub(crate) fn overlaps(&self) -> Vec<String> {
        look(&self.seen).overlaps.clone()
    }

    pub(crate) async fn until_done(&self, count: usize) {
        self.until(&format!("{count} done"), |script| {
            script.done().len() >= count
        })
        .await;
    }

    pub(crate) async fn until(&self, what: &str, holds: impl Fn(&Self) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !holds(self) {
            assert!(
                Instant::now() < deadline,
                "{what}: {} begun, {} done",
                self.begun().len(),
                self.done().len()
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

/// Takes a key off those at work, also when the call is dropped.
struct AtWork(Arc<Mutex<Seen>>, String);

impl Drop for AtWork {
    fn drop(&mut self) {
        look(&self.0).at_work.remove(&self.1);
    }
}

fn look(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    seen.lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// The handler as the subscriber gets it.
impl Handler for Script {
    fn route(&self, record: &Record) -> Route {
        let key = record.key_text().unwrap_or_default();
        assert!(key != "unroutable", "no way for this record");
        Route {
            lane: key.into(),
            tasks: vec![Task {
                step: "step".into(),
                policy: self.policy.clone(),
            }],
        }
    }

    fn handle(
        &self,
        record: Arc<Record>,
        _task: usize,
        attempt: u32,
    ) -> BoxFuture<'static, Outcome> {
        let key = record.key_text().unwrap_or_default().to_owned();
        let value =
            String::from_utf8_lossy(record.value.as_deref().unwrap_or_default()).into_owned();
        let call = Call {
            key: key.clone(),
            value,
            attempt,
        };
        let answer = (self.answer)(call.clone());
        look(&self.seen).begin(call.clone());
        let at_work = AtWork(self.seen.clone(), key);
        Box::pin(async move {
            let outcome = answer.await;
            if outcome == Outcome::Done {
                look(&at_work.0).done.push(call);
            }
            drop(at_work);
            outcome
        })
    }

    fn dead_letter(
        &self,
        record: Arc<Record>,
        task: Option<usize>,
        class: &str,
        message: &str,
        attempts: u32,
    ) -> Outgoing {
        let mut headers = record.headers.clone();
        headers.push("dl_topic", record.topic.as_bytes());
        headers.push("dl_error_class", class);
        headers.push("dl_error_message", message);
        headers.push("dl_attempts", attempts.to_string());
        headers.push("dl_step", format!("{task:?}"));
        Outgoing {
            topic: "dead".into(),
            key: record.key.clone(),
            value: record.value.clone(),
            headers,
        }
    }

    fn notice(&self, notice: &Notice) {
        let said = match notice {
            Notice::Retrying { about, attempt, .. } => {
                format!("retrying {} after {attempt}", about.offset)
            }
            Notice::DeadLettered { about, class, .. } => {
                format!("dead-lettered {} {class}", about.offset)
            }
            Notice::Stopped { about, .. } => format!("stopped {}", about.partition),
            Notice::Paused { .. } => "paused".into(),
            Notice::Resumed => "resumed".into(),
        };
        look(&self.seen).notices.push(said);
    }
}

/// Values by key, in order.
pub(crate) fn by_key(calls: &[Call]) -> BTreeMap<String, Vec<String>> {
    let mut keys: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for call in calls {
        keys.entry(call.key.clone())
            .or_default()
            .push(call.value.clone());
    }
    keys
}
