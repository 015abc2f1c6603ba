//! The leader's assignment and how members get theirs.

use std::collections::HashMap;
use std::time::Instant;

use bytes::Bytes;
use kafka_protocol::ResponseError;
use tokio::sync::oneshot;

use super::{Group, Identity, Phase};

/// A request for this generation's assignment.
#[derive(Debug)]
pub(crate) struct Sync<'a> {
    pub(crate) who: Identity<'a>,
    pub(crate) generation: i32,
    pub(crate) protocol_type: Option<&'a str>,
    pub(crate) protocol: Option<&'a str>,
    /// The leader's: what each member gets.
    pub(crate) assignments: HashMap<String, Bytes>,
}

/// A member's assignment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Synced {
    pub(crate) protocol_type: String,
    pub(crate) protocol: String,
    pub(crate) assignment: Bytes,
}

/// The answer to a request for an assignment.
#[derive(Debug)]
pub(crate) enum Syncing {
    Done(Result<Synced, ResponseError>),
    /// It comes with the leader's.
    Wait(oneshot::Receiver<Result<Synced, ResponseError>>),
}

impl Group {
    /// A member asks for its assignment; the leader brings everybody's.
    pub(crate) fn sync(&mut self, sync: Sync<'_>, now: Instant) -> Syncing {
        match self.may_sync(&sync) {
            Err(error) => Syncing::Done(Err(error)),
            Ok(member_id) if self.phase == Phase::Stable => Syncing::Done(self.synced(&member_id)),
            Ok(member_id) => {
                let (sender, receiver) = oneshot::channel();
                if let Some(member) = self.members.get_mut(&member_id) {
                    member.lives(now);
                    member.await_sync(sender);
                }
                if self.leader.as_deref() == Some(&member_id) {
                    self.assign(sync.assignments, now);
                }
                Syncing::Wait(receiver)
            }
        }
    }

    fn may_sync(&self, sync: &Sync<'_>) -> Result<String, ResponseError> {
        let member_id = self.identify(sync.who)?;
        if sync.generation != self.generation {
            return Err(ResponseError::IllegalGeneration);
        }
        let other_type = sync.protocol_type.is_some_and(|t| t != self.protocol_type);
        let other = sync
            .protocol
            .is_some_and(|p| Some(p) != self.protocol.as_deref());
        if other_type || other {
            return Err(ResponseError::InconsistentGroupProtocol);
        }
        match self.phase {
            Phase::Completing(_) | Phase::Stable => Ok(member_id),
            Phase::Preparing(_) => Err(ResponseError::RebalanceInProgress),
            Phase::Empty | Phase::Dead => Err(ResponseError::UnknownMemberId),
        }
    }

    /// Takes the leader's assignment and tells those who wait for it.
    fn assign(&mut self, mut assignments: HashMap<String, Bytes>, now: Instant) {
        self.phase = Phase::Stable;
        for member in self.members.values_mut() {
            member.assignment = assignments.remove(&member.id).unwrap_or_default();
        }
        let ids: Vec<String> = self.members.keys().cloned().collect();
        for id in ids {
            let synced = self.synced(&id);
            if let Some(member) = self.members.get_mut(&id) {
                member.answer_sync(synced, now);
            }
        }
    }

    fn synced(&self, member_id: &str) -> Result<Synced, ResponseError> {
        let member = self
            .members
            .get(member_id)
            .ok_or(ResponseError::UnknownMemberId)?;
        Ok(Synced {
            protocol_type: self.protocol_type.clone(),
            protocol: self.protocol.clone().unwrap_or_default(),
            assignment: member.assignment.clone(),
        })
    }
}
