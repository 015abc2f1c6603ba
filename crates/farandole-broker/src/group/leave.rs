//! Leaving a group.

use std::time::Instant;

use kafka_protocol::ResponseError;

use super::{Group, Identity, Phase};

impl Group {
    /// A member leaves, or an administrator removes a static member by its instance id alone.
    pub(crate) fn leave(&mut self, who: Identity<'_>, now: Instant) -> Result<(), ResponseError> {
        if self.pending.remove(who.member_id).is_some() {
            if let Phase::Preparing(_) = self.phase {
                self.complete_join(now, false);
            }
            return Ok(());
        }
        let member_id = match (who.instance_id, who.member_id) {
            (Some(instance), "") => self.static_member(instance).map(|m| m.id.clone()),
            _ => Some(self.identify(who)?),
        };
        self.remove(&member_id.ok_or(ResponseError::UnknownMemberId)?, now);
        Ok(())
    }

    /// Takes a member out, and lets the others go on without it.
    pub(super) fn remove(&mut self, member_id: &str, now: Instant) {
        let Some(mut member) = self.members.remove(member_id) else {
            return;
        };
        member.answer_join(Err(ResponseError::UnknownMemberId), now);
        member.answer_sync(Err(ResponseError::UnknownMemberId), now);
        match self.phase {
            Phase::Stable | Phase::Completing(_) => self.prepare_rebalance(now),
            Phase::Preparing(_) => self.complete_join(now, false),
            Phase::Empty | Phase::Dead => {}
        }
    }
}
