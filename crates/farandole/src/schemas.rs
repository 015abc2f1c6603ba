//! The schemas that this process can read: its own, and those that writers have published.

use std::sync::{Arc, PoisonError, RwLock};

use farandole_event::Catalog;

/// A catalog that grows while events are handled. A reader takes a snapshot and is never kept waiting.
pub(crate) struct Schemas(RwLock<Arc<Catalog>>);

impl Schemas {
    pub(crate) fn new(catalog: Catalog) -> Self {
        Self(RwLock::new(Arc::new(catalog)))
    }

    pub(crate) fn snapshot(&self) -> Arc<Catalog> {
        self.0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Adds the schemas that are new. Answers how many, and the versions that are known with another content.
    pub(crate) fn learn(&self, others: &Catalog) -> (usize, Vec<String>) {
        let mut catalog = (*self.snapshot()).clone();
        let (mut learned, mut conflicts) = (0, Vec::new());
        for schema in others.events().flat_map(|event| others.versions(event)) {
            let known = catalog.version(schema.event(), schema.version()).is_some();
            match catalog.add_shared(schema) {
                Ok(()) if known => {}
                Ok(()) => learned += 1,
                Err(conflict) => conflicts.push(conflict.to_string()),
            }
        }
        if learned > 0 {
            *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(catalog);
        }
        (learned, conflicts)
    }
}
