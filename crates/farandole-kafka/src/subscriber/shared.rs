//! What the polling thread and the workers share: the engine behind a lock, so that a job that ends can start the next
//! one at once without waiting for the poll.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use farandole_engine::{Engine, Job, JobId, Outcome, TopicPartition};
use farandole_event::Record;
use futures_util::future::{AbortHandle, AbortRegistration};
use tokio::sync::Notify;

use super::SubscriberSettings;
use super::clock::Clock;
use crate::{Handler, Notice, Publisher, lock};

pub(super) struct Shared {
    state: Mutex<State>,
    /// A job has ended.
    ended: Condvar,
    /// One per worker: there may be something to do.
    wake: Vec<Notify>,
    stopping: AtomicBool,
    pub(super) clock: Clock,
    pub(super) handler: Arc<dyn Handler>,
    pub(super) publisher: Publisher,
    pub(super) handler_timeout: Duration,
}

pub(super) struct State {
    pub(super) engine: Engine<Record>,
    pub(super) running: HashMap<JobId, Running>,
}

/// A job at work.
pub(super) struct Running {
    abort: AbortHandle,
    pub(super) since: Instant,
    pub(super) what: (TopicPartition, i64, Arc<str>),
    /// It has been complained about.
    pub(super) overdue: bool,
}

/// Stops the polling thread when dropped.
pub(super) struct StopOnDrop(Arc<Shared>);

/// What a worker asks for: jobs, and when to ask again.
pub(super) struct Taken {
    pub(super) jobs: Vec<(Job<Record>, AbortRegistration)>,
    pub(super) wake_at: Option<Instant>,
}

impl Shared {
    pub(super) fn new(
        settings: &SubscriberSettings,
        handler: Arc<dyn Handler>,
        publisher: Publisher,
        workers: usize,
    ) -> Self {
        let state = State {
            engine: Engine::new(settings.engine.clone()),
            running: HashMap::new(),
        };
        Self {
            state: Mutex::new(state),
            ended: Condvar::new(),
            wake: (0..workers).map(|_| Notify::new()).collect(),
            stopping: AtomicBool::new(false),
            clock: Clock::new(),
            handler,
            publisher,
            handler_timeout: settings.handler_timeout,
        }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// Asks the polling thread to drain and end.
    pub(super) fn stop(&self) {
        self.stopping.store(true, Ordering::Release);
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }

    pub(super) fn stop_on_drop(self: &Arc<Self>) -> StopOnDrop {
        StopOnDrop(self.clone())
    }

    /// Wakes all workers.
    pub(super) fn wake(&self) {
        self.wake.iter().for_each(Notify::notify_one);
    }

    pub(super) async fn woken(&self, worker: usize) {
        self.wake[worker].notified().await;
    }

    /// Gives ended jobs to the engine and takes up to `room` new ones.
    pub(super) fn turn(&self, ended: &mut Vec<(JobId, Outcome)>, room: usize) -> Taken {
        let now_ms = self.clock.now_ms();
        let any_ended = !ended.is_empty();
        let mut state = self.state();
        let mut others_too = false;
        for (id, outcome) in ended.drain(..) {
            // Another worker may be the one that is free when the next try is due.
            others_too |= outcome != Outcome::Done;
            state.running.remove(&id);
            state.engine.finish(id, outcome, now_ms);
        }
        let mut jobs = Vec::new();
        while jobs.len() < room
            && let Some(job) = state.engine.next(now_ms)
        {
            jobs.push(state.begin(job));
        }
        // Slots are left that this worker has no room for.
        others_too |= jobs.len() == room && state.engine.has_next(now_ms);
        let wake_at = state
            .engine
            .wake_at()
            .map(|at_ms| self.clock.instant(at_ms));
        let notices = state.engine.notices();
        drop(state);
        if any_ended {
            self.ended.notify_all();
        }
        if others_too {
            self.wake();
        }
        self.tell(&notices);
        Taken { jobs, wake_at }
    }

    /// Tells the handler what happened.
    fn tell(&self, notices: &[Notice]) {
        for notice in notices {
            if catch_unwind(AssertUnwindSafe(|| self.handler.notice(notice))).is_err() {
                tracing::error!("the handler panicked when it was told of something");
            }
        }
    }

    /// Hands out no more jobs of these partitions and waits until their running ones have ended; takes back those that
    /// have not at `deadline` and answers how many.
    pub(super) fn drain(&self, partitions: &[TopicPartition], deadline: Instant) -> usize {
        self.state().engine.close(partitions);
        if self.wait_for_none(partitions, deadline) {
            return 0;
        }
        let state = self.state();
        let late = state.engine.running_of(partitions);
        late.iter()
            .filter_map(|id| state.running.get(id))
            .for_each(|running| running.abort.abort());
        drop(state);
        // What blocks its thread can't be taken back; its end will count for nothing.
        self.wait_for_none(partitions, Instant::now() + Duration::from_millis(500));
        late.len()
    }

    fn wait_for_none(&self, partitions: &[TopicPartition], deadline: Instant) -> bool {
        let mut state = self.state();
        while state.engine.in_flight_of(partitions) > 0 {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            state = self
                .ended
                .wait_timeout(state, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        true
    }
}

impl State {
    fn begin(&mut self, job: Job<Record>) -> (Job<Record>, AbortRegistration) {
        let (abort, registration) = AbortHandle::new_pair();
        let what = (job.partition.clone(), job.offset, job.step.clone());
        self.running.insert(
            job.id,
            Running {
                abort,
                since: Instant::now(),
                what,
                overdue: false,
            },
        );
        (job, registration)
    }
}

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.stop();
    }
}
