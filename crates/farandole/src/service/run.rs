//! A service's life: what runs beside, the start, subscribing, the end.

use std::sync::Arc;
use std::time::Duration;

use farandole_kafka::{Handler, Publisher, Status, Subscriber, SubscriberSettings};
use farandole_runtime::{KafkaSettings, Probes, Shutdown, now_ms};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use super::beside::Beside;
use super::{Service, Tune};
use crate::firing::Node;
use crate::handler::{CatalogReader, Inner, KafkaHandler};
use crate::signals::{self, Signals};
use crate::startup::{self, Startup};
use crate::wiring::Wiring;
use crate::{ServiceError, unsafe_commit};

/// How long what was published last may take to be acknowledged.
const FLUSH: Duration = Duration::from_secs(5);
/// How long the last signals may take.
const LAST_SIGNALS: Duration = Duration::from_secs(2);
/// The readiness check of the Kafka side.
const KAFKA: &str = "kafka";

pub(super) async fn run(service: Service) -> Result<(), ServiceError> {
    let Service {
        name,
        instance,
        settings,
        publisher,
        parts,
        tune,
        listen,
        serve,
        background,
        probes,
        ending,
        shutdown,
    } = service;
    let wiring = parts.wire(&name)?;
    probes.expect(KAFKA);
    let mut beside = Beside::start(
        listen,
        serve,
        settings.probe_listen,
        background,
        &probes,
        &shutdown,
    )
    .await?;
    let (signals, outlet) = signals::channel(&name, &instance, publisher.clone());
    let outlet = tokio::spawn(outlet.run());
    let life = Life {
        name,
        instance,
        kafka: settings.kafka,
        publisher: publisher.clone(),
        probes,
        shutdown: shutdown.clone(),
        signals,
    };
    let mut failure = None;
    let ended = {
        let main = life.run(wiring, tune);
        tokio::pin!(main);
        loop {
            tokio::select! {
                ended = &mut main => break ended,
                () = settings.shutdown.requested(), if !shutdown.is_requested() => ending.request(),
                error = beside.failed() => {
                    tracing::error!(%error, "ending");
                    failure.get_or_insert(error);
                    ending.request();
                }
            }
        }
    };
    ending.request();
    beside.end().await;
    finish(publisher, outlet).await;
    failure.map_or(ended, Err)
}

/// Sees the last records off.
async fn finish(publisher: Publisher, outlet: JoinHandle<()>) {
    if tokio::time::timeout(LAST_SIGNALS, outlet).await.is_err() {
        tracing::warn!("the last signals were not published in time");
    }
    if !publisher.flush(FLUSH).await {
        tracing::warn!(
            outstanding = publisher.outstanding(),
            "no broker has acknowledged the last records in time"
        );
    }
    // Dropping a Kafka client can block for long.
    let _detached = std::thread::Builder::new()
        .name("farandole-publisher-end".into())
        .spawn(move || drop(publisher));
}

/// The Kafka side of a running service.
struct Life {
    name: String,
    instance: String,
    kafka: KafkaSettings,
    publisher: Publisher,
    probes: Probes,
    shutdown: Shutdown,
    signals: Signals,
}

impl Life {
    async fn run(self, mut wiring: Wiring, tune: Vec<Tune>) -> Result<(), ServiceError> {
        if !self.start(&mut wiring).await? {
            return Ok(());
        }
        self.signals.say(
            "started",
            Some(format!("version {}", env!("CARGO_PKG_VERSION"))),
        );
        let subscribes = std::mem::take(&mut wiring.subscribes);
        let node = Node::new(
            &self.name,
            wiring.units,
            wiring.routes,
            wiring.catalog,
            Arc::new(now_ms),
        );
        let ended = if subscribes.is_empty() {
            self.probes.ok(KAFKA);
            self.shutdown.requested().await;
            Ok(())
        } else {
            let mut settings = SubscriberSettings::new(&self.name, subscribes);
            settings.client_id = self.instance.clone();
            settings.engine.seed = u64::from(std::process::id());
            tune.into_iter().for_each(|tune| tune(&mut settings));
            self.subscribe(settings, node).await
        };
        self.signals
            .say("stopping", ended.as_ref().err().map(ToString::to_string));
        ended
    }

    /// False when the shutdown came before the start was complete.
    async fn start(&self, wiring: &mut Wiring) -> Result<bool, ServiceError> {
        let startup = Startup {
            service: &self.name,
            kafka: &self.kafka,
            client_id: &self.instance,
            shutdown: &self.shutdown,
        };
        if !startup.topics(wiring).await? {
            return Ok(false);
        }
        let own = startup::entries(&self.name, wiring, now_ms());
        let Some(known) = startup.catalog(wiring).await? else {
            return Ok(false);
        };
        startup
            .publish(wiring, &own, &known, &self.publisher)
            .await?;
        Ok(true)
    }

    async fn subscribe(
        &self,
        mut settings: SubscriberSettings,
        node: Node,
    ) -> Result<(), ServiceError> {
        let inner = Arc::new(Inner {
            node,
            publisher: self.publisher.clone(),
            signals: self.signals.clone(),
            catalog: CatalogReader::new(self.kafka.clone(), self.instance.clone()),
        });
        let handler: Arc<dyn Handler> = if unsafe_commit::is_wanted() {
            settings.commit_interval = unsafe_commit::COMMIT_INTERVAL;
            Arc::new(unsafe_commit::Unsafe::around(inner))
        } else {
            Arc::new(KafkaHandler(inner))
        };
        let (status, watched) = watch::channel(Status::default());
        let mut ready = JoinSet::new();
        ready.spawn(watch_readiness(watched, self.probes.clone()));
        tracing::info!(
            service = self.name,
            topics = settings.topics.join(", "),
            "subscribing"
        );
        let ended = Subscriber::run(
            &self.kafka,
            settings,
            self.publisher.clone(),
            handler,
            self.shutdown.clone(),
            status,
        )
        .await?;
        if !ended.is_clean() {
            tracing::warn!(
                abandoned = ended.abandoned,
                committed = ended.committed,
                "not everything was finished and committed in time: it will be delivered again"
            );
        }
        Ok(())
    }
}

/// Ready means: connected.
async fn watch_readiness(mut status: watch::Receiver<Status>, probes: Probes) {
    loop {
        let (connected, error) = {
            let status = status.borrow_and_update();
            (status.connected, status.last_error.clone())
        };
        if connected {
            probes.ok(KAFKA);
        } else {
            probes.failing(
                KAFKA,
                error.unwrap_or_else(|| "no broker is connected".to_owned()),
            );
        }
        if status.changed().await.is_err() {
            return;
        }
    }
}
