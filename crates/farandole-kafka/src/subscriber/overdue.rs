//! A handler that blocks its thread is never told that its time is up: nothing in its thread runs. This is heard.

use std::time::Duration;

use super::shared::Shared;

/// How long after its deadline a job is complained about.
const LATE: Duration = Duration::from_secs(5);

/// Complains, once each, about jobs that go on after their deadline.
pub(super) fn complain(shared: &Shared) {
    let limit = shared.handler_timeout + LATE;
    let mut state = shared.state();
    for running in state
        .running
        .values_mut()
        .filter(|running| !running.overdue && running.since.elapsed() > limit)
    {
        running.overdue = true;
        let (partition, offset, step) = &running.what;
        tracing::error!(
            %partition, offset, %step,
            "a handler goes on after its deadline: it blocks its thread and holds up others; use async calls or spawn_blocking"
        );
    }
}
