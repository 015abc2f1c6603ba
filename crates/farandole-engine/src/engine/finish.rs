//! What follows from a job's end.

use super::{Engine, Running};
use crate::lane::{LaneId, Letter};
use crate::retry::spread;
use crate::{About, Exhausted, JobId, Notice, Outcome};

/// A try that did not succeed.
struct Failed {
    class: String,
    message: String,
    /// No further try could succeed.
    finally: bool,
}

impl<R> Engine<R> {
    /// A job has ended. The end of a job that is not running, or whose partition was revoked meanwhile, changes nothing
    /// but the lane's and the slot's being free.
    pub fn finish(&mut self, id: JobId, outcome: Outcome, now_ms: i64) {
        let Some(running) = self.running.remove(&id) else {
            return;
        };
        let lane_id = running.lane;
        if let Some(lane) = self.lanes.get_mut(lane_id) {
            lane.busy = false;
        }
        self.tell_breaker(&running, &outcome, now_ms);
        if !running.stale {
            if let Some(partition) = self.partitions.get_mut(running.assignment) {
                partition.running -= 1;
            }
            self.conclude(lane_id, outcome, now_ms);
        }
        self.place(lane_id);
    }

    fn tell_breaker(&mut self, running: &Running, outcome: &Outcome, now_ms: i64) {
        let entry = self
            .lanes
            .get(running.lane)
            .and_then(|lane| lane.queue.front());
        let is_first_try =
            !running.stale && entry.is_some_and(|entry| entry.tries == 0 && entry.letter.is_none());
        let Some(breaker) = &mut self.breaker else {
            return;
        };
        let failed = matches!(outcome, Outcome::Retry { .. });
        if *outcome == Outcome::Abandoned {
            if running.probe {
                breaker.set_probing(false);
            }
        } else if running.probe {
            if breaker.probed(failed, now_ms) {
                self.notices.push(Notice::Resumed);
            }
        } else if is_first_try && let Some((failures, tries)) = breaker.record(failed, now_ms) {
            let last = if let Outcome::Retry { message } = outcome {
                message.as_str()
            } else {
                ""
            };
            let reason = format!(
                "{failures} of the last {tries} first tries failed, the last one with: {last}"
            );
            self.notices.push(Notice::Paused { reason });
        }
    }

    fn conclude(&mut self, lane: LaneId, outcome: Outcome, now_ms: i64) {
        let failed = match outcome {
            Outcome::Abandoned => return,
            Outcome::Done => return self.succeeded(lane),
            Outcome::Retry { message } => Failed {
                class: "exhausted".into(),
                message,
                finally: false,
            },
            Outcome::Panicked { message } => Failed {
                class: "panicked".into(),
                message,
                finally: false,
            },
            Outcome::Reject { class, message } => Failed {
                class,
                message,
                finally: true,
            },
        };
        let Some(entry) = self
            .lanes
            .get_mut(lane)
            .and_then(|lane| lane.queue.front_mut())
        else {
            return;
        };
        entry.tries += 1;
        if entry.letter.is_some() {
            let message = format!("the dead letter could not be published: {}", failed.message);
            return self.again(lane, message, now_ms);
        }
        let (attempts, policy) = (entry.tries, entry.current().policy.clone());
        if !failed.finally && !policy.is_exhausted(attempts) {
            return self.again(lane, failed.message, now_ms);
        }
        match policy.then {
            Exhausted::Skip => {
                entry.letter = Some(Letter {
                    class: failed.class,
                    message: failed.message,
                    attempts,
                });
                entry.tries = 0;
                entry.due_ms = None;
            }
            Exhausted::Stop => self.stop(lane, attempts, failed.message),
        }
    }

    fn succeeded(&mut self, lane: LaneId) {
        let about = self.about(lane);
        let Some(queue) = self.lanes.get_mut(lane).map(|lane| &mut lane.queue) else {
            return;
        };
        let Some(entry) = queue.front_mut() else {
            return;
        };
        if let (Some(letter), Some(about)) = (entry.letter.take(), about) {
            let Letter {
                class,
                message,
                attempts,
            } = letter;
            self.notices.push(Notice::DeadLettered {
                about,
                attempts,
                class,
                message,
            });
        }
        if entry.advance() {
            return;
        }
        if let Some(entry) = queue.pop_front() {
            self.held.records -= 1;
            self.held.bytes -= entry.bytes;
            self.measure();
            if let Some(partition) = self.partitions.get_mut(entry.assignment) {
                partition.watermark.finish(entry.offset);
                partition.measure(self.settings.max_ahead);
            }
        }
    }

    /// Lets the first record of a lane wait for its next try.
    fn again(&mut self, lane: LaneId, message: String, now_ms: i64) {
        let Some(about) = self.about(lane) else {
            return;
        };
        let Some(entry) = self
            .lanes
            .get_mut(lane)
            .and_then(|lane| lane.queue.front_mut())
        else {
            return;
        };
        let random = spread(
            self.settings.seed,
            &about.partition,
            entry.offset,
            entry.task,
            entry.tries,
        );
        let wait_ms = match entry.letter {
            Some(_) => self.settings.dead_letter.jittered_ms(entry.tries, random),
            None => entry.current().policy.jittered_ms(entry.tries, random),
        };
        let next_try_ms = now_ms.saturating_add(wait_ms);
        entry.due_ms = Some(next_try_ms);
        let attempt = entry.tries;
        self.notices.push(Notice::Retrying {
            about,
            attempt,
            next_try_ms,
            message,
        });
    }

    fn stop(&mut self, lane: LaneId, attempts: u32, message: String) {
        let Some(about) = self.about(lane) else {
            return;
        };
        if let Some(partition) = self.partitions.named_mut(&about.partition) {
            partition.stopped = true;
        }
        self.notices.push(Notice::Stopped {
            about,
            attempts,
            message,
        });
        self.place_all();
    }

    /// What a notice about the first record of a lane says.
    fn about(&self, lane: LaneId) -> Option<About<R>> {
        let lane = self.lanes.get(lane)?;
        let entry = lane.queue.front()?;
        Some(About {
            partition: self.partitions.get(entry.assignment)?.name.clone(),
            offset: entry.offset,
            lane: lane.name.clone(),
            step: entry.current().step.clone(),
            record: entry.record.clone(),
        })
    }
}
