//! What comes and goes with the assignment of partitions.

use super::Engine;
use crate::{JobId, TopicPartition};

impl<R> Engine<R> {
    /// Takes partitions over, each as a new assignment; one that was assigned already is revoked first.
    pub fn assign(&mut self, partitions: &[TopicPartition]) {
        self.revoke(partitions);
        partitions
            .iter()
            .for_each(|partition| self.partitions.assign(partition));
    }

    /// Hands out no more jobs of these partitions and takes no more records of them; running jobs go on. Lasts until they
    /// are assigned or revoked.
    pub fn close(&mut self, partitions: &[TopicPartition]) {
        for name in partitions {
            if let Some(partition) = self.partitions.named_mut(name) {
                partition.closing = true;
            }
        }
        self.place_all();
    }

    /// Gives partitions back: their waiting records are dropped, and the outcomes of their running jobs will change
    /// nothing. A lane waits for its running job all the same, so that no two jobs of it run at once.
    pub fn revoke(&mut self, partitions: &[TopicPartition]) {
        let before = self.assigned().len();
        partitions
            .iter()
            .for_each(|partition| self.partitions.revoke(partition));
        if self.assigned().len() == before {
            return;
        }
        for running in self.running.values_mut() {
            running.stale |= self.partitions.get(running.assignment).is_none();
        }
        for id in self.lanes.ids() {
            let Some(lane) = self.lanes.get_mut(id) else {
                continue;
            };
            lane.queue.retain(|entry| {
                let ours = self.partitions.get(entry.assignment).is_some();
                if !ours {
                    self.held.records -= 1;
                    self.held.bytes -= entry.bytes;
                }
                ours
            });
        }
        self.measure();
        self.place_all();
    }

    /// Gives every lane its place anew; lanes that were ready keep their turn.
    pub(super) fn place_all(&mut self) {
        let turns = self.agenda.take_turns();
        let mut placed = vec![false; self.lanes.ids().len()];
        for id in turns.into_iter().chain(self.lanes.ids()) {
            if !std::mem::replace(&mut placed[id], true) {
                self.place(id);
            }
        }
    }

    /// How many jobs of these partitions' present assignments are running.
    pub fn in_flight_of(&self, partitions: &[TopicPartition]) -> usize {
        partitions
            .iter()
            .filter_map(|name| self.partitions.named(name))
            .map(|partition| partition.running)
            .sum()
    }

    /// The running jobs of these partitions' present assignments.
    pub fn running_of(&self, partitions: &[TopicPartition]) -> Vec<JobId> {
        let of = |running: &super::Running| {
            self.partitions
                .get(running.assignment)
                .is_some_and(|partition| partitions.contains(&partition.name))
        };
        self.running
            .iter()
            .filter(|(_, running)| of(running))
            .map(|(id, _)| *id)
            .collect()
    }

    /// The partitions assigned now, in order.
    pub fn assigned(&self) -> Vec<TopicPartition> {
        self.names(|_| true)
    }

    /// The partitions that a step has stopped, in order.
    pub fn stopped(&self) -> Vec<TopicPartition> {
        self.names(|partition| partition.stopped)
    }

    /// The partitions that should not be read although others are: stopped, or too far ahead of their first unfinished
    /// record. In order.
    pub fn held_back(&self) -> Vec<TopicPartition> {
        self.names(|partition| partition.stopped || partition.far_ahead)
    }

    fn names(&self, wanted: impl Fn(&crate::partition::Partition) -> bool) -> Vec<TopicPartition> {
        let mut names: Vec<_> = self
            .partitions
            .iter()
            .filter(|partition| wanted(partition))
            .map(|partition| partition.name.clone())
            .collect();
        names.sort();
        names
    }

    /// What to commit: for each partition whose watermark has moved since the last call, the offset to read next.
    pub fn commits(&mut self) -> Vec<(TopicPartition, i64)> {
        let moved = self.partitions.iter_mut().filter_map(|partition| {
            let offset = partition.watermark.moved()?;
            Some((partition.name.clone(), offset))
        });
        moved.collect()
    }

    /// The watermark of a partition, committed or not: the offset to read next. `None` before its first record.
    pub fn watermark(&self, partition: &TopicPartition) -> Option<i64> {
        self.partitions.named(partition)?.watermark.position()
    }
}
