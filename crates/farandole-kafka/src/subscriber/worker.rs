//! Runs jobs: a few long-lived tasks that each drive many futures, because a tokio task per record costs several times
//! more than the record.

use std::any::Any;
use std::future::{Future, pending};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

use farandole_engine::{Duty, Job, JobId, Outcome};
use farandole_event::Record;
use futures_util::future::{AbortRegistration, Abortable, FutureExt as _};
use futures_util::stream::{FuturesUnordered, StreamExt as _};

use super::dead_letter;
use super::poll::UNROUTABLE;
use super::shared::Shared;

/// How many workers to run.
pub(super) fn count(max_in_flight: usize) -> usize {
    std::thread::available_parallelism()
        .map_or(2, usize::from)
        .clamp(1, 8)
        .min(max_in_flight.max(1))
}

/// Runs jobs, up to `capacity` at once, until it is aborted.
pub(super) async fn work(shared: Arc<Shared>, index: usize, capacity: usize) {
    let mut running = FuturesUnordered::new();
    let mut ended = Vec::new();
    loop {
        let taken = shared.turn(&mut ended, capacity - running.len());
        for (job, registration) in taken.jobs {
            running.push(run(shared.clone(), job, registration));
        }
        let has_room = running.len() < capacity;
        tokio::select! {
            Some(end) = running.next(), if !running.is_empty() => {
                ended.push(end);
                while let Some(Some(end)) = running.next().now_or_never() {
                    ended.push(end);
                }
            }
            () = shared.woken(index) => {}
            () = sleep_until(taken.wake_at), if has_room => {}
        }
    }
}

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => pending().await,
    }
}

/// Runs one job to its end, its deadline, or its abortion.
async fn run(
    shared: Arc<Shared>,
    job: Job<Record>,
    registration: AbortRegistration,
) -> (JobId, Outcome) {
    let id = job.id;
    let guarded = AssertUnwindSafe(attempt(&shared, job)).catch_unwind();
    let outcome = match Abortable::new(guarded, registration).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(panic)) => Outcome::Panicked {
            message: panic_message(panic.as_ref()),
        },
        Err(_aborted) => Outcome::Abandoned,
    };
    (id, outcome)
}

async fn attempt(shared: &Shared, job: Job<Record>) -> Outcome {
    match job.duty {
        Duty::Handle if *job.step == *UNROUTABLE => Outcome::Reject {
            class: "panicked".into(),
            message: "the handler panicked when it was to route the record".into(),
        },
        Duty::Handle => {
            let handled = shared.handler.handle(job.record, job.task, job.attempt);
            within(shared, handled, "the handler did not answer").await
        }
        Duty::DeadLetter {
            class,
            message,
            attempts,
        } => {
            let task = (*job.step != *UNROUTABLE).then_some(job.task);
            let letter = shared
                .handler
                .dead_letter(job.record, task, &class, &message, attempts);
            dead_letter::publish(&shared.publisher, letter, job.offset, &job.partition).await
        }
    }
}

async fn within(shared: &Shared, work: impl Future<Output = Outcome>, complaint: &str) -> Outcome {
    let limit = shared.handler_timeout;
    match tokio::time::timeout(limit, work).await {
        Ok(outcome) => outcome,
        Err(_) => Outcome::Retry {
            message: format!("{complaint} within {} ms", limit.as_millis()),
        },
    }
}

/// What a panic said.
fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("a panic without a message").to_owned()
}
