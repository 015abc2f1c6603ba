use std::sync::Arc;
use std::time::Duration;

use farandole_runtime::{KafkaSettings, Shutdown};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;

use crate::{Handler, Publisher};

mod clock;
mod dead_letter;
mod error;
mod leave;
mod offsets;
mod overdue;
mod pauses;
mod poll;
mod rebalance;
mod settings;
mod shared;
mod status;
mod topics;
mod worker;

pub use error::SubscribeError;
pub use settings::SubscriberSettings;
pub use status::{Ended, Status};

use leave::Left;
use shared::Shared;

/// How much longer than the drain the thread that polls may take before it is left behind.
const GRACE: Duration = Duration::from_secs(5);
/// How long closing the client may take before it is left behind.
const CLOSE: Duration = Duration::from_secs(3);

/// Reads topics as a member of a consumer group and has a [`Handler`] handle the records: in order per lane, at least
/// once, with retries and dead letters as the handler's tasks say.
#[derive(Debug)]
pub struct Subscriber;

impl Subscriber {
    /// Reads and handles until `shutdown`, or until the client fails for good. Ends within the settings' `drain` and a few
    /// seconds, even when no broker answers.
    ///
    /// The client polls on a thread of its own that never waits for handlers; these run on the current tokio runtime.
    /// Dropping the future stops the client without a drain.
    ///
    /// # Errors
    /// When a topic is missing, the settings make no client, or the client fails for good.
    pub async fn run(
        kafka: &KafkaSettings,
        settings: SubscriberSettings,
        publisher: Publisher,
        handler: Arc<dyn Handler>,
        shutdown: Shutdown,
        status: watch::Sender<Status>,
    ) -> Result<Ended, SubscribeError> {
        if !topics::wait_for_all(kafka, &settings, &shutdown, &status).await? {
            return Ok(Ended {
                abandoned: 0,
                committed: true,
                left_behind: false,
            });
        }
        let workers = worker::count(settings.engine.max_in_flight);
        let shared = Arc::new(Shared::new(&settings, handler, publisher, workers));
        let config = crate::config::consumer(kafka, &settings);
        let (drain, capacity) = (
            settings.drain,
            settings.engine.max_in_flight.div_ceil(workers),
        );
        let (left, mut leaving) = oneshot::channel();
        let (closed, gone) = oneshot::channel();
        let thread = poll::Thread {
            config,
            settings,
            shared: shared.clone(),
            status,
            left,
            closed,
        };
        thread.spawn()?;
        // From here on the thread ends with this future, however that ends.
        let _stop = shared.stop_on_drop();
        let mut tasks = JoinSet::new();
        (0..workers).for_each(|index| {
            tasks.spawn(worker::work(shared.clone(), index, capacity));
        });
        let left = tokio::select! {
            left = &mut leaving => Some(left.map_err(|_| SubscribeError::Died)?),
            () = shutdown.requested() => {
                shared.stop();
                tokio::time::timeout(drain + GRACE, leaving).await.ok().and_then(Result::ok)
            }
        };
        end(left, gone).await
    }
}

/// Waits a little for the client's end and says how it went.
async fn end(left: Option<Left>, gone: oneshot::Receiver<()>) -> Result<Ended, SubscribeError> {
    let Some(left) = left else {
        tracing::error!("the thread that polls Kafka did not end in time and is left behind");
        return Ok(Ended {
            abandoned: 0,
            committed: false,
            left_behind: true,
        });
    };
    // An error means that the thread has ended, too.
    let left_behind = !left.closes || tokio::time::timeout(CLOSE, gone).await.is_err();
    if left_behind {
        tracing::warn!(
            "the Kafka client did not close in time (no broker answers?) and is left behind"
        );
    }
    match left.failure {
        Some(failure) => Err(failure),
        None => Ok(Ended {
            abandoned: left.abandoned,
            committed: left.committed,
            left_behind,
        }),
    }
}
