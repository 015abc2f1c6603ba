//! The end: drain, commit, and say so, each in bounded time.

use std::time::Duration;

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
    /// Whether the client will be closed now; not so while a commit hangs.
    pub(super) closes: bool,
    pub(super) failure: Option<SubscribeError>,
}

impl Left {
    pub(super) fn failed(failure: SubscribeError) -> Self {
        Self {
            abandoned: 0,
            committed: false,
            closes: true,
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
    offsets::commit_all_of(client, &assigned);
    let commits = &client.context().commits;
    let committed = commits.wait(deadline(LAST_COMMIT));
    shared.state().engine.revoke(&assigned);
    Left {
        abandoned,
        committed,
        closes: !commits.is_waiting(),
        failure,
    }
}
