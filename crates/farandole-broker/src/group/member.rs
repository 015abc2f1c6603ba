//! A member of a group.

use std::time::{Duration, Instant};

use bytes::Bytes;
use kafka_protocol::ResponseError;
use tokio::sync::oneshot::Sender;

use super::{Join, Joined, Synced};

/// A member of a group.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) id: String,
    pub(crate) instance_id: Option<String>,
    pub(crate) client_id: String,
    /// The client's address.
    pub(crate) host: String,
    pub(crate) assignment: Bytes,
    pub(super) session_timeout: Duration,
    pub(super) rebalance_timeout: Duration,
    /// The protocols it can follow, best first, each with its own metadata.
    pub(super) protocols: Vec<(String, Bytes)>,
    /// When it is taken for dead.
    pub(super) deadline: Instant,
    joining: Option<Sender<Result<Joined, ResponseError>>>,
    syncing: Option<Sender<Result<Synced, ResponseError>>>,
}

impl Member {
    pub(super) fn new(id: String, join: &Join, now: Instant) -> Member {
        Member {
            id,
            instance_id: join.instance_id.clone(),
            client_id: join.client_id.clone(),
            host: join.host.clone(),
            assignment: Bytes::new(),
            session_timeout: join.session_timeout,
            rebalance_timeout: join.rebalance_timeout,
            protocols: join.protocols.clone(),
            deadline: now + join.session_timeout,
            joining: None,
            syncing: None,
        }
    }

    /// Takes over what a member says when it joins again.
    pub(super) fn update(&mut self, join: &Join) {
        self.session_timeout = join.session_timeout;
        self.rebalance_timeout = join.rebalance_timeout;
        self.protocols.clone_from(&join.protocols);
        self.client_id.clone_from(&join.client_id);
        self.host.clone_from(&join.host);
    }

    pub(super) fn lives(&mut self, now: Instant) {
        self.deadline = now + self.session_timeout;
    }

    pub(super) fn metadata(&self, protocol: &str) -> Option<Bytes> {
        self.protocols
            .iter()
            .find(|(name, _)| name == protocol)
            .map(|(_, bytes)| bytes.clone())
    }

    /// Whether its join request waits for an answer that someone will still read.
    pub(super) fn awaits_join(&self) -> bool {
        self.joining
            .as_ref()
            .is_some_and(|sender| !sender.is_closed())
    }

    pub(super) fn awaits_sync(&self) -> bool {
        self.syncing
            .as_ref()
            .is_some_and(|sender| !sender.is_closed())
    }

    pub(super) fn await_join(&mut self, sender: Sender<Result<Joined, ResponseError>>) {
        // An earlier request of the same member will not be answered by this rebalance.
        if let Some(earlier) = self.joining.replace(sender) {
            let _ = earlier.send(Err(ResponseError::RebalanceInProgress));
        }
    }

    pub(super) fn await_sync(&mut self, sender: Sender<Result<Synced, ResponseError>>) {
        if let Some(earlier) = self.syncing.replace(sender) {
            let _ = earlier.send(Err(ResponseError::RebalanceInProgress));
        }
    }

    pub(super) fn answer_join(&mut self, answer: Result<Joined, ResponseError>, now: Instant) {
        if let Some(sender) = self.joining.take() {
            // A client that hung up is noticed by its session.
            let _ = sender.send(answer);
            self.lives(now);
        }
    }

    pub(super) fn answer_sync(&mut self, answer: Result<Synced, ResponseError>, now: Instant) {
        if let Some(sender) = self.syncing.take() {
            let _ = sender.send(answer);
            self.lives(now);
        }
    }
}
