use std::collections::{BTreeSet, HashMap};

use rusqlite::Connection;

use super::super::{StoreError, Summary};
use crate::fold::Instance;

/// Instances kept in memory between batches.
const HOT: usize = 20_000;

/// The instances that batches have touched lately.
#[derive(Default)]
pub(super) struct Cache(HashMap<String, Cached>);

/// An instance with the summary that the file has of it.
#[derive(Default)]
pub(super) struct Cached {
    pub(super) facts: Instance,
    /// `None`: not known; the file may have one.
    pub(super) written: Option<Summary>,
}

impl Cache {
    /// The instance, from memory or else from the file.
    pub(super) fn get(
        &mut self,
        connection: &Connection,
        correlation: &str,
    ) -> Result<&mut Cached, StoreError> {
        if !self.0.contains_key(correlation) {
            let facts = super::load(connection, correlation)?;
            self.0.insert(
                correlation.to_owned(),
                Cached {
                    facts,
                    written: None,
                },
            );
        }
        self.0
            .get_mut(correlation)
            .ok_or_else(|| StoreError::Damaged("an instance left the cache".to_owned()))
    }

    /// Lets go of instances that this batch did not touch, when there are many.
    pub(super) fn trim(&mut self, touched: &BTreeSet<String>) {
        if self.0.len() > HOT {
            self.0
                .retain(|correlation, _| touched.contains(correlation));
        }
        if self.0.len() > HOT {
            self.0.clear();
        }
    }
}
