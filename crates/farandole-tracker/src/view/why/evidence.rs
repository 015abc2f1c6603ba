use farandole_event::Position;

use super::{Asked, Reason, Why};
use crate::view::{
    assessment::Assessment,
    deviations::DeviationKind,
    firings::{Firing, FiringState, Said},
    offsets::{Group, Offsets, Partition},
    status::overdue,
};

/// The reasons for one firing; none where it is done or owes nothing.
pub(super) fn of(assessment: &Assessment, firing: &Firing, asked: &Asked<'_>) -> Vec<Why> {
    let Some(case) = Case::of(assessment, firing, asked) else {
        return vec![];
    };
    let owes = firing.state == FiringState::Open;
    if let Some(why) = case.dead_lettered() {
        return vec![why];
    }
    let said = firing.signal.as_ref().and_then(|said| case.said(said));
    let found = match asked.offsets {
        _ if !owes => said
            .into_iter()
            .filter(|why| why.reason == Reason::Retrying)
            .collect(),
        Some(offsets) => case.by_offsets(offsets, said),
        None => said.into_iter().collect::<Vec<_>>(),
    };
    if found.is_empty() && owes && case.overdue {
        let detail = if asked.offsets.is_some() {
            "past its deadline; the tracker has not read every topic to its end yet".to_owned()
        } else {
            "past its deadline; the broker does not answer questions about consumer groups"
                .to_owned()
        };
        return vec![case.why(Reason::DeadlineMissed, detail)];
    }
    found
}

/// The events of versions that nobody declared.
pub(super) fn undeclared(assessment: &Assessment) -> Vec<Why> {
    let unknown = assessment
        .deviations
        .iter()
        .filter(|deviation| deviation.kind == DeviationKind::UnknownVersion);
    let since_ms = assessment.started_ms.unwrap_or(0);
    unknown
        .take(1)
        .map(|deviation| Why {
            event: deviation.event.clone(),
            event_id: deviation.id.clone(),
            command: Some("start a service that declares this version: services publish their workflows when they start".to_owned()),
            ..blank(Reason::UnknownVersion, &deviation.position, since_ms, deviation.explanation.clone())
        })
        .collect()
}

struct Case<'a> {
    assessment: &'a Assessment,
    firing: &'a Firing,
    asked: &'a Asked<'a>,
    /// The record that waits.
    waiting: Position,
    overdue: bool,
}

impl<'a> Case<'a> {
    fn of(assessment: &'a Assessment, firing: &'a Firing, asked: &'a Asked<'a>) -> Option<Self> {
        if !matches!(firing.state, FiringState::Open | FiringState::Silent) {
            return None;
        }
        let waiting = firing
            .redriven
            .clone()
            .unwrap_or_else(|| firing.cause.position.clone());
        let overdue = firing.state == FiringState::Open && overdue(firing, asked.now_ms);
        Some(Self {
            assessment,
            firing,
            asked,
            waiting,
            overdue,
        })
    }

    fn why(&self, reason: Reason, detail: String) -> Why {
        Why {
            step: self.firing.step.clone(),
            participant: self.firing.participant.clone(),
            event: self.firing.cause.event.clone(),
            event_id: self.firing.cause.id.clone(),
            due_ms: self.firing.due_ms,
            overdue: self.overdue,
            ..blank(reason, &self.waiting, self.firing.cause.at_ms, detail)
        }
    }

    fn dead_lettered(&self) -> Option<Why> {
        let letter = self.firing.dead_letter.as_ref()?;
        let detail = format!(
            "{} gave it up after {} attempts ({}): {}; the dead letter stands at {}",
            self.firing.participant, letter.attempts, letter.class, letter.message, letter.position
        );
        Some(Why {
            since_ms: letter.at_ms,
            attempts: Some(i64::from(letter.attempts)),
            class: Some(letter.class.clone()),
            message: Some(letter.message.clone()),
            command: Some(format!(
                "farandole dead-letters retry {} {}@{}",
                self.firing.participant, letter.position.partition, letter.position.offset
            )),
            dead_letter: Some(letter.position.clone()),
            ..self.why(Reason::DeadLettered, detail)
        })
    }

    /// What the participant says about this firing.
    fn said(&self, said: &Said) -> Option<Why> {
        let reason = match said.kind.as_str() {
            "retrying" => Reason::Retrying,
            "paused" | "stopped" => Reason::Paused,
            "no-handler" => Reason::NoHandler,
            "outbox-pending" => Reason::OutboxPending,
            _ => return None,
        };
        let tried = said
            .attempts
            .map_or_else(String::new, |n| format!(" after {n} attempts"));
        let words = said
            .reason
            .as_ref()
            .map_or_else(String::new, |reason| format!(": {reason}"));
        Some(Why {
            since_ms: said.at_ms,
            attempts: said.attempts.map(i64::from),
            next_try_ms: said.next_try_ms,
            message: said.reason.clone(),
            ..self.why(
                reason,
                format!(
                    "{} says {}{tried}{words}",
                    self.firing.participant, said.kind
                ),
            )
        })
    }

    fn by_offsets(&self, offsets: &Offsets, said: Option<Why>) -> Vec<Why> {
        let group = offsets.groups.get(&self.firing.participant);
        let partition: Partition = (self.waiting.topic.clone(), self.waiting.partition);
        let committed = group
            .and_then(|group| group.committed.get(&partition))
            .copied();
        // Before its first commit a group begins at what is still there.
        let next = committed.unwrap_or_else(|| offsets.low(&partition).unwrap_or(0));
        let mut found: Vec<Why> = group
            .is_none_or(|group| group.members.is_empty())
            .then(|| self.down(group))
            .into_iter()
            .collect();
        found.extend(self.participant_paused());
        if self.waiting.offset < next {
            let saw_everything = offsets.seen_by(self.asked.read_to);
            match said {
                Some(why) => found.push(why),
                None if saw_everything => found.push(self.never_emitted(next)),
                None => found.clear(),
            }
        } else if let Some(why) = said {
            found.push(why);
        } else {
            found.extend(self.waiting(next, found.is_empty()));
        }
        for why in &mut found {
            why.committed = committed;
        }
        found
    }

    fn down(&self, group: Option<&Group>) -> Why {
        let participant = &self.firing.participant;
        let detail = match group {
            Some(group) => format!(
                "the consumer group {participant} has no members (state {})",
                group.state
            ),
            None => format!("there is no consumer group {participant}"),
        };
        Why {
            command: Some(format!("start the service {participant}")),
            ..self.why(Reason::ConsumerDown, detail)
        }
    }

    fn participant_paused(&self) -> Option<Why> {
        let said = self
            .asked
            .participants
            .get(&self.firing.participant)
            .filter(|said| said.kind == "paused")?;
        self.said(said)
    }

    fn never_emitted(&self, next: i64) -> Why {
        let Firing {
            participant,
            step,
            expects,
            ..
        } = self.firing;
        let detail = format!(
            "{participant} has handled {} (its group is at {next}), and step {step} emitted neither {} nor a signal",
            self.waiting,
            expects.join(" nor ")
        );
        let command = format!(
            "look at the logs of {participant} for event {}",
            self.firing.cause.id
        );
        Why {
            command: Some(command),
            ..self.why(Reason::NeverEmitted, detail)
        }
    }

    /// Rule 25: how many records stand before it, and how many of them are this instance's.
    fn waiting(&self, next: i64, consumed: bool) -> Option<Why> {
        let ahead = self.waiting.offset - next;
        if ahead == 0 && consumed {
            let detail = format!(
                "{} is the next record that {} finishes in its partition",
                self.waiting, self.firing.participant
            );
            return Some(Why {
                ahead: Some(0),
                ..self.why(Reason::InHandler, detail)
            });
        }
        let same = self.same_instance(next);
        let detail = format!(
            "{ahead} records before {} ({same} of this instance); the group is at {next}",
            self.waiting
        );
        Some(Why {
            ahead: Some(ahead),
            ahead_same_instance: Some(same),
            ..self.why(Reason::Queued, detail)
        })
    }

    fn same_instance(&self, next: i64) -> usize {
        let before = |position: &Position| {
            position.topic == self.waiting.topic
                && position.partition == self.waiting.partition
                && (next..self.waiting.offset).contains(&position.offset)
        };
        let timeline = self.assessment.timeline.iter();
        timeline
            .flat_map(|entry| std::iter::once(&entry.position).chain(&entry.repeats))
            .filter(|at| before(at))
            .count()
    }
}

fn blank(reason: Reason, waiting: &Position, since_ms: i64, detail: String) -> Why {
    Why {
        reason,
        step: String::new(),
        participant: String::new(),
        event: String::new(),
        event_id: String::new(),
        topic: waiting.topic.clone(),
        partition: waiting.partition,
        offset: waiting.offset,
        since_ms,
        due_ms: None,
        overdue: false,
        detail,
        command: None,
        committed: None,
        ahead: None,
        ahead_same_instance: None,
        attempts: None,
        next_try_ms: None,
        class: None,
        message: None,
        dead_letter: None,
    }
}
