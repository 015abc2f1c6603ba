use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use clap::{Args, CommandFactory as _, FromArgMatches as _, Parser};
use farandole_event::{Event, Record};
use farandole_kafka::{Publisher, RetryPolicy, SubscriberSettings};
use farandole_runtime::{CommonArgs, KafkaSettings, Probes, Shutdown, Trigger, telemetry};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::net::TcpListener;

use crate::unit::Act;
use crate::wiring::{EventHandler, Parts, RawHandler};
use crate::{Context, Failure, Outputs, Participant, Result, ServiceError, instance_name};

mod beside;
mod run;

/// A service: what it handles, and what runs beside. Its name is the consumer group, the participant and the source of its
/// events. Build it, then [`Service::run`].
pub struct Service {
    name: String,
    /// Which copy of the service this is.
    instance: String,
    settings: ServiceSettings,
    publisher: Publisher,
    parts: Parts,
    tune: Vec<Tune>,
    listen: Vec<(Router, SocketAddr)>,
    serve: Vec<(Router, TcpListener)>,
    background: Vec<BoxFuture<'static, ()>>,
    probes: Probes,
    ending: Trigger,
    shutdown: Shutdown,
}

/// A change of the subscriber's limits.
type Tune = Box<dyn FnOnce(&mut SubscriberSettings) + Send>;

/// Settings of a service that doesn't come from a command line.
#[derive(Clone, Debug)]
pub struct ServiceSettings {
    /// How Kafka is reached.
    pub kafka: KafkaSettings,
    /// Ends the service.
    pub shutdown: Shutdown,
    /// Where `/livez` and `/readyz` are served; `None` serves them only beside [`Service::http`].
    pub probe_listen: Option<SocketAddr>,
}

impl ServiceSettings {
    /// A service on these brokers, ended by that shutdown.
    pub fn new(kafka: KafkaSettings, shutdown: Shutdown) -> Self {
        Self {
            kafka,
            shutdown,
            probe_listen: None,
        }
    }
}

#[derive(Parser)]
struct Flags<T: Args> {
    #[command(flatten)]
    own: T,
    #[command(flatten, next_help_heading = "Kafka and process")]
    common: CommonArgs,
}

/// A service's own settings when it has none.
#[derive(Args)]
struct NoSettings {}

impl Service {
    /// A service from the command line, the environment and a properties file. Prints help or what is wrong with the flags, and
    /// ends the process then, as commands do. Installs logging and ends on SIGTERM and Ctrl-C. Call it inside a tokio runtime.
    ///
    /// # Errors
    /// When a Kafka setting is unknown, refused or malformed.
    pub fn from_args(name: &str) -> Result<Self> {
        Self::from_args_with::<NoSettings>(name).map(|(service, _)| service)
    }

    /// Like [`Service::from_args`], for a service with flags of its own beside ours.
    ///
    /// # Errors
    /// As [`Service::from_args`].
    pub fn from_args_with<T: Args>(name: &str) -> Result<(Self, T)> {
        let command = Flags::<T>::command()
            // Once per process; clap wants a name that lives as long.
            .name(name.to_owned().leak() as &'static str)
            .about(format!(
                "The service {name}: a participant of choreographies on Kafka"
            ))
            .after_help(after_help(name));
        let matches = command.get_matches();
        let flags = Flags::<T>::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
        telemetry::init(flags.common.log_format, "info");
        let settings = ServiceSettings {
            kafka: flags.common.kafka().map_err(ServiceError::Settings)?,
            shutdown: Shutdown::on_signals(),
            probe_listen: flags.common.probe_listen,
        };
        Ok((Self::new(name, settings)?, flags.own))
    }

    /// A service with these settings: for tests, and for several services in one process.
    ///
    /// # Errors
    /// When the settings make no Kafka client.
    pub fn new(name: &str, settings: ServiceSettings) -> Result<Self> {
        let instance = instance_name::of(name);
        let publisher =
            Publisher::open(&settings.kafka, &instance).map_err(ServiceError::Publish)?;
        let (ending, shutdown) = Shutdown::manual();
        Ok(Self {
            name: name.to_owned(),
            instance,
            settings,
            publisher,
            parts: Parts::default(),
            tune: Vec::new(),
            listen: Vec::new(),
            serve: Vec::new(),
            background: Vec::new(),
            probes: Probes::new(),
            ending,
            shutdown,
        })
    }

    /// Takes part in a workflow. Generated code makes the participant of your handlers.
    #[must_use]
    pub fn participant(mut self, participant: Participant) -> Self {
        self.parts.participants.push(participant);
        self
    }

    /// Handles every event of a type, whichever workflow it belongs to. What the handler answers is published outside any
    /// workflow, caused by the event.
    #[must_use]
    pub fn on<E, O, F, Fut>(mut self, handler: F) -> Self
    where
        E: Event,
        O: Outputs,
        F: Fn(E, Context) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<O, Failure>> + Send + 'static,
    {
        self.parts
            .events
            .push(EventHandler::of::<E>(Act::on_event(handler)));
        self
    }

    /// Handles every record of a topic as it is: for streams that are not ours. Records of one key stay in order.
    #[must_use]
    pub fn on_raw<O, F, Fut>(mut self, topic: impl Into<String>, handler: F) -> Self
    where
        O: Outputs,
        F: Fn(Arc<Record>, Context) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<O, Failure>> + Send + 'static,
    {
        self.parts.raw.push(RawHandler {
            topic: topic.into(),
            act: Act::on_record(handler),
        });
        self
    }

    /// Says how often a step is tried and what happens then. The step of an [`Service::on`] handler is `on:<event>`, of an
    /// [`Service::on_raw`] handler `raw:<topic>`.
    #[must_use]
    pub fn policy(mut self, step: &str, policy: RetryPolicy) -> Self {
        self.parts.policies.insert(step.to_owned(), policy);
        self
    }

    /// Changes limits of the subscriber: jobs in flight, memory, deadlines.
    #[must_use]
    pub fn tune(mut self, tune: impl FnOnce(&mut SubscriberSettings) + Send + 'static) -> Self {
        self.tune.push(Box::new(tune));
        self
    }

    /// Serves HTTP beside, with `/livez` and `/readyz` added. Already while no broker is reachable.
    #[must_use]
    pub fn http(mut self, app: Router, listen: SocketAddr) -> Self {
        self.listen.push((app, listen));
        self
    }

    /// Like [`Service::http`], on a listener that is there already.
    #[must_use]
    pub fn http_on(mut self, app: Router, listener: TcpListener) -> Self {
        self.serve.push((app, listener));
        self
    }

    /// Runs beside until it ends by itself. After a shutdown it has five seconds for that; see [`Service::shutdown`].
    #[must_use]
    pub fn background(mut self, work: impl Future<Output = ()> + Send + 'static) -> Self {
        self.background.push(work.boxed());
        self
    }

    /// Publishes outside of handlers.
    pub fn publisher(&self) -> Publisher {
        self.publisher.clone()
    }

    /// Requested when this service is to end.
    pub fn shutdown(&self) -> Shutdown {
        self.shutdown.clone()
    }

    /// Whether the service lives and is ready; add checks of your own.
    pub fn probes(&self) -> Probes {
        self.probes.clone()
    }

    /// The service's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Runs until the shutdown, or until something it needs has failed for good.
    ///
    /// # Errors
    /// At start: steps without handlers (and the other way round), workflows that can't run yet, missing topics, a catalog that
    /// contradicts this binary. Later: the Kafka client, an HTTP server or background work has failed for good.
    pub async fn run(self) -> Result<()> {
        Ok(run::run(self).await?)
    }
}

fn after_help(name: &str) -> String {
    format!(
        "The consumer group, the participant and the source of events are named `{name}`; start as many copies as the topics have \
         partitions. Kafka settings are Kafka's own: a property file (--command-config), KAFKA_* variables (KAFKA_LINGER_MS is \
         linger.ms) or -X linger.ms=5, the last one wins.\n\n\
         Events that can't be handled go to the topic `{name}.dead-letters`; `farandole dead-letters ls|show|retry` works on them. \
         RUST_LOG=debug shows more. The first Ctrl-C or SIGTERM finishes what was begun, a second one ends at once."
    )
}

impl std::fmt::Debug for Service {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Service")
            .field("name", &self.name)
            .field("instance", &self.instance)
            .finish_non_exhaustive()
    }
}
