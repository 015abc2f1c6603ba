//! What the passing of time does to a group.

use std::time::Instant;

use super::{Group, Member, Phase};

impl Group {
    /// When [`expire`](Self::expire) has something to do next.
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        let phase = match self.phase {
            Phase::Preparing(deadline) | Phase::Completing(deadline) => Some(deadline),
            Phase::Empty | Phase::Stable | Phase::Dead => None,
        };
        let sessions = self.members.values().map(|m| m.deadline);
        sessions
            .chain(self.pending.values().copied())
            .chain(phase)
            .min()
    }

    /// Removes whoever has not been heard of for too long, and ends what has waited too long.
    pub(crate) fn expire(&mut self, now: Instant) {
        let waiting = self.pending.len();
        self.pending.retain(|_, deadline| *deadline > now);
        if self.pending.len() < waiting
            && let Phase::Preparing(_) = self.phase
        {
            self.complete_join(now, false);
        }
        self.expire_sessions(now);
        match self.phase {
            Phase::Preparing(deadline) if deadline <= now => self.complete_join(now, true),
            Phase::Completing(deadline) if deadline <= now => self.expire_syncs(now),
            _ => {}
        }
    }

    fn expire_sessions(&mut self, now: Instant) {
        for member in self.members.values_mut() {
            // Its request lies here unanswered: it cannot send a heartbeat meanwhile.
            if member.awaits_join() || member.awaits_sync() {
                member.lives(now);
            }
        }
        let gone = |m: &&Member| m.deadline <= now;
        let gone: Vec<String> = self
            .members
            .values()
            .filter(gone)
            .map(|m| m.id.clone())
            .collect();
        for member_id in gone {
            tracing::info!(group = %self.id, member = %member_id, "the member's session has ended");
            self.remove(&member_id, now);
        }
    }

    /// Goes on without those who joined and then did not ask for their assignment.
    fn expire_syncs(&mut self, now: Instant) {
        let late = |m: &&Member| !m.awaits_sync();
        let late: Vec<String> = self
            .members
            .values()
            .filter(late)
            .map(|m| m.id.clone())
            .collect();
        if late.is_empty() {
            self.prepare_rebalance(now);
        }
        for member_id in late {
            self.remove(&member_id, now);
        }
    }
}
