use std::{collections::BTreeMap, sync::Arc};

use farandole_event::Position;

use super::Fact;

/// The records of one instance that were seen: a set, keyed by position.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Instance {
    facts: BTreeMap<Position, Arc<Fact>>,
}

impl Instance {
    /// Nothing seen yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a fact; `false` where its position was known already. A position holds the same record for ever,
    /// so the one that is there stays.
    pub fn insert(&mut self, fact: impl Into<Arc<Fact>>) -> bool {
        let fact = fact.into();
        match self.facts.entry(fact.position.clone()) {
            std::collections::btree_map::Entry::Occupied(_) => false,
            std::collections::btree_map::Entry::Vacant(place) => {
                place.insert(fact);
                true
            }
        }
    }

    /// Adds everything that another part of the same instance has seen.
    pub fn merge(&mut self, other: &Self) {
        for fact in other.facts.values() {
            self.insert(fact.clone());
        }
    }

    /// The facts, by topic, partition and offset.
    pub fn facts(&self) -> impl Iterator<Item = &Fact> {
        self.facts.values().map(AsRef::as_ref)
    }

    /// How many facts there are.
    pub fn len(&self) -> usize {
        self.facts.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.facts.is_empty()
    }
}

impl FromIterator<Fact> for Instance {
    fn from_iter<T: IntoIterator<Item = Fact>>(facts: T) -> Self {
        let mut instance = Self::new();
        for fact in facts {
            instance.insert(fact);
        }
        instance
    }
}
