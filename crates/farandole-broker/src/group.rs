//! A consumer group: the classic protocol as a state machine. Time is an argument, and a request
//! that has to wait is a sender that is kept until there is an answer.

mod expire;
mod join;
mod leave;
mod member;
mod offsets;
mod sync;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use bytes::Bytes;
use kafka_protocol::ResponseError;

use crate::journal::{Committed, GroupMemory};

pub(crate) use join::{Join, Joined, Joining};
pub(crate) use member::Member;
pub(crate) use sync::{Sync, Synced, Syncing};

/// A consumer group.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) id: String,
    phase: Phase,
    generation: i32,
    protocol_type: String,
    /// The protocol (assignment strategy) of this generation.
    protocol: Option<String>,
    leader: Option<String>,
    members: BTreeMap<String, Member>,
    /// Member ids given out whose owners have not joined yet, and when they are forgotten.
    pending: BTreeMap<String, Instant>,
    offsets: BTreeMap<(String, i32), Committed>,
    /// Generations begun since [`take_news`](Self::take_news).
    news: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Empty,
    /// Members are asked to join again, until this time.
    Preparing(Instant),
    /// All have joined; the leader's assignment is awaited, until this time.
    Completing(Instant),
    Stable,
    Dead,
}

/// Who a member says it is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Identity<'a> {
    pub(crate) member_id: &'a str,
    pub(crate) instance_id: Option<&'a str>,
}

impl Group {
    /// A group without members, with what is remembered of it.
    pub(crate) fn new(id: &str, memory: GroupMemory) -> Group {
        Group {
            id: id.to_owned(),
            phase: Phase::Empty,
            generation: memory.generation,
            protocol_type: memory.protocol_type,
            protocol: None,
            leader: None,
            members: BTreeMap::new(),
            pending: BTreeMap::new(),
            offsets: memory.offsets,
            news: false,
        }
    }

    /// The state's name in the protocol.
    pub(crate) fn state(&self) -> &'static str {
        match self.phase {
            Phase::Empty => "Empty",
            Phase::Preparing(_) => "PreparingRebalance",
            Phase::Completing(_) => "CompletingRebalance",
            Phase::Stable => "Stable",
            Phase::Dead => "Dead",
        }
    }

    pub(crate) fn protocol_type(&self) -> &str {
        &self.protocol_type
    }

    pub(crate) fn protocol(&self) -> Option<&str> {
        self.protocol.as_deref()
    }

    pub(crate) fn members(&self) -> impl Iterator<Item = &Member> {
        self.members.values()
    }

    /// The bytes a member gave for this generation's protocol.
    pub(crate) fn metadata_of(&self, member: &Member) -> Bytes {
        self.protocol
            .as_deref()
            .and_then(|p| member.metadata(p))
            .unwrap_or_default()
    }

    /// Whether nothing would be lost by forgetting the group.
    pub(crate) fn is_forgettable(&self) -> bool {
        self.phase == Phase::Empty
            && self.generation == 0
            && self.offsets.is_empty()
            && self.pending.is_empty()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.phase == Phase::Empty
    }

    /// Ends the group; whoever still holds it must look for another.
    pub(crate) fn die(&mut self) {
        self.phase = Phase::Dead;
    }

    /// The generation to be remembered, if it has changed since the last time.
    pub(crate) fn take_news(&mut self) -> Option<(i32, String)> {
        std::mem::take(&mut self.news).then(|| (self.generation, self.protocol_type.clone()))
    }

    /// A member says that it lives.
    pub(crate) fn heartbeat(
        &mut self,
        who: Identity<'_>,
        generation: i32,
        now: Instant,
    ) -> Result<(), ResponseError> {
        let member_id = self.identify(who)?;
        if generation != self.generation {
            return Err(ResponseError::IllegalGeneration);
        }
        if let Some(member) = self.members.get_mut(&member_id) {
            member.lives(now);
        }
        match self.phase {
            Phase::Preparing(_) => Err(ResponseError::RebalanceInProgress),
            Phase::Completing(_) | Phase::Stable => Ok(()),
            Phase::Empty | Phase::Dead => Err(ResponseError::UnknownMemberId),
        }
    }

    /// The member that someone is, if it is one.
    fn identify(&self, who: Identity<'_>) -> Result<String, ResponseError> {
        if let Some(instance) = who.instance_id {
            let member = self
                .static_member(instance)
                .ok_or(ResponseError::UnknownMemberId)?;
            if member.id != who.member_id {
                return Err(ResponseError::FencedInstanceId);
            }
            return Ok(member.id.clone());
        }
        match self.members.get(who.member_id) {
            Some(member) => Ok(member.id.clone()),
            None => Err(ResponseError::UnknownMemberId),
        }
    }

    fn static_member(&self, instance: &str) -> Option<&Member> {
        self.members
            .values()
            .find(|m| m.instance_id.as_deref() == Some(instance))
    }

    fn longest_rebalance(&self) -> Duration {
        self.members
            .values()
            .map(|m| m.rebalance_timeout)
            .max()
            .unwrap_or_default()
    }

    /// Asks every member to join again.
    fn prepare_rebalance(&mut self, now: Instant) {
        if let Phase::Completing(_) = self.phase {
            for member in self.members.values_mut() {
                member.assignment = Bytes::new();
                member.answer_sync(Err(ResponseError::RebalanceInProgress), now);
            }
        }
        self.phase = Phase::Preparing(now + self.longest_rebalance());
        self.complete_join(now, false);
    }
}

#[cfg(test)]
mod tests;
