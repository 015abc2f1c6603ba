//! The end: drain, commit, and say so, each in bounded time.

use std::time::{Duration, Instant};

use rdkafka::consumer::Consumer as _;

use super::SubscribeError;
use super::offsets;
use super::poll::deadline;
use super::rebalance::Client;
use super::shared::Shared;

/// How long the last commit may take.
const LAST_COMMIT: Duration = Duration::from_secs(2);

/// How far the end has come before the client is closed.
#[derive(Debug)]
pub(super) struct Left {
    pub(super) abandoned: usize,
    pub(super) committed: bool,
    pub(super) failure: Option<SubscribeError>,
}

impl Left {
    pub(super) fn failed(failure: SubscribeError) -> Self {
        Self {
            abandoned: 0,
            committed: false,
            failure: Some(failure),
        }
    }
}

/// Lets running handlers end, commits what they have done, and forgets the partitions.
pub(super) fn leave(
    client: &Client,
    shared: &Shared,
    drain: Duration,
    failure: Option<SubscribeError>,
) -> Left {
    let assigned = shared.state().engine.assigned();
    let abandoned = shared.drain(&assigned, deadline(drain));
    let end = deadline(LAST_COMMIT);
    // Two at once are never on their way, and the last one must have the last word.
    wait_for_answer(client, end);
    offsets::commit_all_of(client, &assigned);
    let committed = wait_for_answer(client, end);
    shared.state().engine.revoke(&assigned);
    Left {
        abandoned,
        committed,
        failure,
    }
}

/// Polls until the last commit is answered; true when it was, and well. Records that come are not taken in.
fn wait_for_answer(client: &Client, end: Instant) -> bool {
    let context = client.context();
    while context.commits().is_waiting() && Instant::now() < end {
        let _not_taken_in = client.poll(Duration::from_millis(20));
    }
    let commits = context.commits();
    !commits.is_waiting() && !commits.has_failed()
}
