use std::collections::BTreeSet;

use farandole_engine::TopicPartition;
use rdkafka::TopicPartitionList;
use rdkafka::consumer::Consumer as _;

use super::rebalance::Client;

/// Which partitions the client is told not to fetch. Each is paused once and resumed once; a new assignment starts anew.
#[derive(Debug, Default)]
pub(super) struct Pauses {
    paused: BTreeSet<TopicPartition>,
    assignments: u64,
}

impl Pauses {
    /// Pauses and resumes as the engine wants it.
    pub(super) fn apply(&mut self, client: &Client) {
        let context = client.context();
        let state = context.shared.state();
        let all = state.engine.want_paused();
        let wanted = if all {
            state.engine.assigned()
        } else {
            state.engine.held_back()
        };
        drop(state);
        let assignments = context.assignments();
        if assignments != self.assignments {
            // The client forgets pauses with the assignment.
            self.assignments = assignments;
            self.paused.clear();
        }
        if wanted.is_empty() && self.paused.is_empty() {
            return;
        }
        let wanted: BTreeSet<TopicPartition> = wanted.into_iter().collect();
        self.change(client, &wanted);
    }

    fn change(&mut self, client: &Client, wanted: &BTreeSet<TopicPartition>) {
        let to_pause: Vec<TopicPartition> = wanted.difference(&self.paused).cloned().collect();
        let to_resume: Vec<TopicPartition> = self.paused.difference(wanted).cloned().collect();
        if !to_pause.is_empty() {
            match client.pause(&list(&to_pause)) {
                Ok(()) => self.paused.extend(to_pause),
                Err(error) => tracing::warn!(%error, "partitions can't be paused yet"),
            }
        }
        if !to_resume.is_empty() {
            match client.resume(&list(&to_resume)) {
                Ok(()) => to_resume.iter().for_each(|name| {
                    self.paused.remove(name);
                }),
                Err(error) => tracing::warn!(%error, "partitions can't be resumed yet"),
            }
        }
    }
}

pub(super) fn list(partitions: &[TopicPartition]) -> TopicPartitionList {
    let mut list = TopicPartitionList::with_capacity(partitions.len());
    for name in partitions {
        list.add_partition(&name.topic, name.partition);
    }
    list
}
