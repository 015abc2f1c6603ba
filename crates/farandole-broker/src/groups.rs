//! All consumer groups, and the timer that ends their sessions.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use kafka_protocol::ResponseError;
use tokio::sync::Notify;

use crate::group::Group;
use crate::journal::{Entry, Journal};
use crate::lock;
use crate::topic::Topic;

/// All consumer groups.
#[derive(Debug)]
pub(crate) struct Groups {
    journal: Arc<Journal>,
    by_id: Mutex<BTreeMap<String, Arc<Mutex<Group>>>>,
    /// Told when a deadline may have come nearer.
    changed: Notify,
}

impl Groups {
    pub(crate) fn open(journal: Arc<Journal>) -> Groups {
        let group = |(id, memory): (String, _)| {
            let group = Arc::new(Mutex::new(Group::new(&id, memory)));
            (id, group)
        };
        let by_id = Mutex::new(journal.groups().into_iter().map(group).collect());
        Groups {
            journal,
            by_id,
            changed: Notify::new(),
        }
    }

    pub(crate) fn get(&self, id: &str) -> Option<Arc<Mutex<Group>>> {
        lock(&self.by_id).get(id).cloned()
    }

    /// The group of that id, made when there is none.
    pub(crate) fn get_or_make(&self, id: &str) -> Arc<Mutex<Group>> {
        let mut by_id = lock(&self.by_id);
        let new = || Arc::new(Mutex::new(Group::new(id, Default::default())));
        Arc::clone(by_id.entry(id.to_owned()).or_insert_with(new))
    }

    /// All groups by id.
    pub(crate) fn all(&self) -> Vec<Arc<Mutex<Group>>> {
        lock(&self.by_id).values().cloned().collect()
    }

    /// Changes a group, remembers what must be, and looks at the timer again.
    pub(crate) fn change<T>(&self, group: &Mutex<Group>, act: impl FnOnce(&mut Group) -> T) -> T {
        let mut group = lock(group);
        let result = act(&mut group);
        self.remember(&mut group);
        drop(group);
        self.changed.notify_one();
        result
    }

    fn remember(&self, group: &mut Group) {
        let Some((generation, protocol_type)) = group.take_news() else {
            return;
        };
        let group = group.id.clone();
        let entry = Entry::Generation {
            group,
            generation,
            protocol_type,
        };
        if let Err(error) = self.journal.add(entry) {
            // Members are fenced by their ids after a restart; the number is a second fence.
            tracing::error!(%error, "a group's generation is not remembered");
        }
    }

    /// Deletes a group that has no members.
    pub(crate) fn delete(&self, id: &str) -> Result<(), ResponseError> {
        let mut by_id = lock(&self.by_id);
        let found = by_id
            .get(id)
            .cloned()
            .ok_or(ResponseError::GroupIdNotFound)?;
        let mut group = lock(&found);
        if !group.is_empty() {
            return Err(ResponseError::NonEmptyGroup);
        }
        let entry = Entry::DeleteGroup {
            group: id.to_owned(),
        };
        self.journal
            .add(entry)
            .map_err(|_| ResponseError::KafkaStorageError)?;
        group.die();
        by_id.remove(id);
        Ok(())
    }

    /// Forgets what groups have committed for a topic that is gone.
    pub(crate) fn forget_topic(&self, topic: &Topic) {
        for group in self.all() {
            lock(&group).forget(&topic.name, None);
        }
        let entry = Entry::DeleteTopic {
            name: topic.name.clone(),
            id: topic.id,
        };
        if let Err(error) = self.journal.add(entry) {
            tracing::error!(%error, "a deleted topic's committed offsets stay in the journal");
        }
    }

    /// Ends sessions and rebalances in time, for ever.
    pub(crate) async fn keep_time(&self) {
        loop {
            let now = Instant::now();
            let mut next = now + Duration::from_secs(3600);
            for group in self.all() {
                let mut group = lock(&group);
                if group
                    .next_deadline()
                    .is_some_and(|deadline| deadline <= now)
                {
                    group.expire(now);
                    self.remember(&mut group);
                }
                next = group
                    .next_deadline()
                    .map_or(next, |deadline| deadline.min(next));
            }
            self.drop_forgettable();
            tokio::select! {
                () = tokio::time::sleep_until(next.into()) => {}
                () = self.changed.notified() => {}
            }
        }
    }

    /// Drops groups that never came to be: an id was given out and its owner did not come back.
    fn drop_forgettable(&self) {
        lock(&self.by_id).retain(|_, group| {
            // Someone who holds the group may be about to join it.
            let unused = Arc::strong_count(group) == 1;
            !(unused && lock(group).is_forgettable())
        });
    }
}
