//! Joining a group, and what a rebalance does once everybody has.

use std::time::{Duration, Instant};

use bytes::Bytes;
use kafka_protocol::ResponseError;
use tokio::sync::oneshot;
use uuid::Uuid;

use super::{Group, Member, Phase};

/// A request to join.
#[derive(Debug, Clone)]
pub(crate) struct Join {
    /// Empty for a new member.
    pub(crate) member_id: String,
    pub(crate) instance_id: Option<String>,
    pub(crate) client_id: String,
    pub(crate) host: String,
    pub(crate) session_timeout: Duration,
    pub(crate) rebalance_timeout: Duration,
    pub(crate) protocol_type: String,
    pub(crate) protocols: Vec<(String, Bytes)>,
    /// Whether a new member must come back with the id it is given (version 4 on).
    pub(crate) id_first: bool,
    /// Whether a leader can be told to keep the assignment there is (version 9 on).
    pub(crate) can_skip: bool,
}

/// What a member is told when it has joined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Joined {
    pub(crate) generation: i32,
    pub(crate) protocol_type: String,
    pub(crate) protocol: String,
    pub(crate) leader: String,
    pub(crate) member_id: String,
    /// For the leader: every member's id, instance id and metadata.
    pub(crate) members: Vec<(String, Option<String>, Bytes)>,
    pub(crate) skip_assignment: bool,
}

/// The answer to a request to join.
#[derive(Debug)]
pub(crate) enum Joining {
    Done(Joined),
    /// It comes when the rebalance is complete.
    Wait(oneshot::Receiver<Result<Joined, ResponseError>>),
    /// Refused; with the member id to come back with, or the one it came with.
    Refused(ResponseError, String),
}

impl Group {
    /// A member joins, for the first time or again.
    pub(crate) fn join(&mut self, join: Join, now: Instant) -> Joining {
        if let Err(error) = self.may_join(&join) {
            return Joining::Refused(error, join.member_id);
        }
        if join.member_id.is_empty() {
            return self.join_new(join, now);
        }
        if self.pending.remove(&join.member_id).is_some() {
            return self.add_member(join.member_id.clone(), join, now);
        }
        let known = match &join.instance_id {
            Some(instance) => match self.static_member(instance) {
                Some(member) if member.id != join.member_id => {
                    return Joining::Refused(ResponseError::FencedInstanceId, join.member_id);
                }
                member => member.is_some(),
            },
            None => self.members.contains_key(&join.member_id),
        };
        if known {
            self.join_again(join, now)
        } else {
            Joining::Refused(ResponseError::UnknownMemberId, join.member_id)
        }
    }

    fn may_join(&self, join: &Join) -> Result<(), ResponseError> {
        if self.phase == Phase::Dead {
            return Err(ResponseError::CoordinatorNotAvailable);
        }
        if join.session_timeout.is_zero() || join.session_timeout > Duration::from_secs(1800) {
            return Err(ResponseError::InvalidSessionTimeout);
        }
        let others = || self.members.values().filter(|m| m.id != join.member_id);
        let same_type = others().next().is_none() || join.protocol_type == self.protocol_type;
        let common = join
            .protocols
            .iter()
            .any(|(name, _)| others().all(|m| m.metadata(name).is_some()));
        if join.protocol_type.is_empty() || !same_type || !common {
            return Err(ResponseError::InconsistentGroupProtocol);
        }
        Ok(())
    }

    fn join_new(&mut self, join: Join, now: Instant) -> Joining {
        let member_id = format!("{}-{}", join.client_id, Uuid::new_v4());
        let instance = join.instance_id.as_deref();
        if let Some(old) = instance
            .and_then(|i| self.static_member(i))
            .map(|m| m.id.clone())
        {
            return self.replace_static(&old, member_id, join, now);
        }
        if join.id_first && join.instance_id.is_none() {
            self.pending
                .insert(member_id.clone(), now + join.session_timeout);
            return Joining::Refused(ResponseError::MemberIdRequired, member_id);
        }
        self.add_member(member_id, join, now)
    }

    fn add_member(&mut self, member_id: String, join: Join, now: Instant) -> Joining {
        if self.members.is_empty() {
            self.protocol_type.clone_from(&join.protocol_type);
        }
        self.members.insert(
            member_id.clone(),
            Member::new(member_id.clone(), &join, now),
        );
        self.await_join(&member_id, now)
    }

    /// A known member joins: because it is asked to, because it changed its mind, or because it
    /// did not get the answer the last time.
    fn join_again(&mut self, join: Join, now: Instant) -> Joining {
        let leads = self.leader.as_deref() == Some(&join.member_id);
        let Some(member) = self.members.get_mut(&join.member_id) else {
            return Joining::Refused(ResponseError::UnknownMemberId, join.member_id);
        };
        let same = member.protocols == join.protocols;
        member.update(&join);
        member.lives(now);
        let repeats = match self.phase {
            Phase::Completing(_) => same,
            Phase::Stable => same && !leads,
            Phase::Empty | Phase::Preparing(_) | Phase::Dead => false,
        };
        if repeats {
            return Joining::Done(self.joined(&join.member_id));
        }
        self.await_join(&join.member_id, now)
    }

    /// A static member comes back under a new id; its place in the group stays as it was.
    fn replace_static(&mut self, old: &str, new: String, join: Join, now: Instant) -> Joining {
        let Some(mut member) = self.members.remove(old) else {
            return Joining::Refused(ResponseError::UnknownMemberId, new);
        };
        member.answer_join(Err(ResponseError::FencedInstanceId), now);
        member.answer_sync(Err(ResponseError::FencedInstanceId), now);
        let protocol = self.protocol.clone().unwrap_or_default();
        let before = member.metadata(&protocol);
        member.update(&join);
        member.id.clone_from(&new);
        member.lives(now);
        let same = member.metadata(&protocol) == before;
        self.members.insert(new.clone(), member);
        let led = self.leader.as_deref() == Some(old);
        if led {
            self.leader = Some(new.clone());
        }
        if self.phase != Phase::Stable || !same {
            return self.await_join(&new, now);
        }
        let mut joined = self.joined(&new);
        if led && join.can_skip {
            joined.skip_assignment = true;
        } else if led {
            // An older client takes itself for a follower and so keeps the assignment there is.
            joined.leader = old.to_owned();
            joined.members.clear();
        }
        Joining::Done(joined)
    }

    fn await_join(&mut self, member_id: &str, now: Instant) -> Joining {
        let (sender, receiver) = oneshot::channel();
        if let Some(member) = self.members.get_mut(member_id) {
            member.await_join(sender);
        }
        match self.phase {
            Phase::Preparing(_) => self.complete_join(now, false),
            _ => self.prepare_rebalance(now),
        }
        Joining::Wait(receiver)
    }

    /// Ends the joining when everybody has joined, or when time is up.
    pub(super) fn complete_join(&mut self, now: Instant, time_is_up: bool) {
        let all = self.pending.is_empty() && self.members.values().all(Member::awaits_join);
        if !all && !time_is_up {
            return;
        }
        self.members
            .retain(|_, m| m.awaits_join() || m.instance_id.is_some());
        if !self.members.is_empty() && !self.members.values().any(Member::awaits_join) {
            // Only static members that are away: wait on, until they come or their sessions end.
            self.phase = Phase::Preparing(now + self.longest_rebalance());
            return;
        }
        self.generation = self.generation.checked_add(1).unwrap_or(1);
        self.news = true;
        if self.members.is_empty() {
            self.phase = Phase::Empty;
            (self.protocol, self.leader) = (None, None);
            return;
        }
        self.protocol = self.choose_protocol();
        self.leader = self.choose_leader();
        self.phase = Phase::Completing(now + self.longest_rebalance());
        let ids: Vec<String> = self.members.keys().cloned().collect();
        for id in ids {
            let joined = self.joined(&id);
            if let Some(member) = self.members.get_mut(&id) {
                member.answer_join(Ok(joined), now);
            }
        }
    }

    /// The protocol all members know that most of them prefer.
    fn choose_protocol(&self) -> Option<String> {
        let common = |name: &str| self.members.values().all(|m| m.metadata(name).is_some());
        let favourite = |m: &Member| m.protocols.iter().find(|(name, _)| common(name)).cloned();
        let votes: Vec<String> = self
            .members
            .values()
            .filter_map(favourite)
            .map(|(name, _)| name)
            .collect();
        let count = |name: &String| votes.iter().filter(|vote| *vote == name).count();
        votes
            .iter()
            .max_by(|a, b| count(a).cmp(&count(b)).then(b.cmp(a)))
            .cloned()
    }

    fn choose_leader(&self) -> Option<String> {
        let here = |id: &&String| self.members.get(*id).is_some_and(Member::awaits_join);
        let first = || {
            self.members
                .values()
                .find(|m| m.awaits_join())
                .map(|m| m.id.clone())
        };
        self.leader.as_ref().filter(here).cloned().or_else(first)
    }

    /// What a member is told of this generation.
    fn joined(&self, member_id: &str) -> Joined {
        let leader = self.leader.clone().unwrap_or_default();
        let member = |m: &Member| (m.id.clone(), m.instance_id.clone(), self.metadata_of(m));
        let members = if leader == member_id {
            self.members.values().map(member).collect()
        } else {
            Vec::new()
        };
        Joined {
            generation: self.generation,
            protocol_type: self.protocol_type.clone(),
            protocol: self.protocol.clone().unwrap_or_default(),
            leader,
            member_id: member_id.to_owned(),
            members,
            skip_assignment: false,
        }
    }
}
