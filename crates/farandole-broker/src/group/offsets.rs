//! The offsets a group has committed.

use std::time::Instant;

use kafka_protocol::ResponseError;

use super::{Group, Identity, Phase};
use crate::journal::Committed;

impl Group {
    /// Whether a commit of this member and generation may be taken. A group without members takes
    /// commits without a generation (-1), of consumers that assign themselves.
    pub(crate) fn may_commit(
        &mut self,
        who: Identity<'_>,
        generation: i32,
        now: Instant,
    ) -> Result<(), ResponseError> {
        if self.phase == Phase::Dead {
            return Err(ResponseError::CoordinatorNotAvailable);
        }
        if generation < 0 && self.members.is_empty() {
            return Ok(());
        }
        let member_id = self.identify(who)?;
        if generation != self.generation {
            return Err(ResponseError::IllegalGeneration);
        }
        if let Phase::Completing(_) = self.phase {
            return Err(ResponseError::RebalanceInProgress);
        }
        if let Some(member) = self.members.get_mut(&member_id) {
            member.lives(now);
        }
        Ok(())
    }

    /// Takes offsets over.
    pub(crate) fn commit(&mut self, offsets: Vec<Committed>) {
        self.offsets.extend(
            offsets
                .into_iter()
                .map(|c| ((c.topic.clone(), c.partition), c)),
        );
    }

    pub(crate) fn committed(&self, topic: &str, partition: i32) -> Option<&Committed> {
        self.offsets.get(&(topic.to_owned(), partition))
    }

    /// Everything committed, by topic and partition.
    pub(crate) fn all_committed(&self) -> impl Iterator<Item = &Committed> {
        self.offsets.values()
    }

    pub(crate) fn forget(&mut self, topic: &str, partitions: Option<&[i32]>) {
        let gone = |p: &i32| partitions.is_none_or(|list| list.contains(p));
        self.offsets.retain(|(t, p), _| t != topic || !gone(p));
    }

    /// Whether a member's subscription names a topic. Read from the metadata of consumers; of
    /// other kinds of groups nothing is known.
    pub(crate) fn subscribes(&self, topic: &str) -> bool {
        let named = |metadata: &[u8]| {
            metadata.len() >= topic.len()
                && metadata
                    .windows(topic.len())
                    .any(|window| window == topic.as_bytes())
        };
        self.members
            .values()
            .any(|member| named(&self.metadata_of(member)))
    }
}
