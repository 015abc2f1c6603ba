//! What the catalog topic says: schemas, workflow definitions, contracts of participants.

use std::{collections::BTreeMap, sync::Arc};

use farandole_event::{Catalog, EventSchema, system::CatalogEntry};
use farandole_workflow::Workflow;

/// Everything that is known of schemas and workflows. Used when a question is asked, never when a record is kept.
#[derive(Clone, Default)]
pub struct Definitions {
    catalog: Catalog,
    workflows: BTreeMap<String, BTreeMap<u32, Arc<Workflow>>>,
    participants: BTreeMap<String, serde_json::Value>,
    problems: BTreeMap<String, String>,
}

impl Definitions {
    /// The system schemas and nothing else.
    pub fn new() -> Self {
        Self {
            catalog: Catalog::new(),
            ..Self::default()
        }
    }

    /// Everything that the catalog's records say; what can't be read is kept as a problem.
    pub fn of<'a>(entries: impl IntoIterator<Item = &'a CatalogEntry>) -> Self {
        let mut definitions = Self::new();
        for entry in entries {
            definitions.add(entry);
        }
        definitions
    }

    /// Adds one catalog record. A record that can't be read, or contradicts a released one, becomes a problem.
    pub fn add(&mut self, entry: &CatalogEntry) {
        let name = format!("{}/{}/{}", entry.kind, entry.name, entry.version);
        let added = match entry.kind.as_str() {
            "schema" => self.add_schema(&entry.content),
            "workflow" => self.add_workflow(&name, &entry.content),
            "participant" => self.add_participant(&entry.name, &entry.content),
            _ => Ok(()),
        };
        match added {
            Ok(()) => self.problems.remove(&name),
            Err(reason) => self.problems.insert(name, reason),
        };
    }

    /// Adds a schema, as its .avsc file has it.
    ///
    /// # Errors
    /// A schema that is refused, or another content under a known event and version.
    pub fn add_schema(&mut self, json: &str) -> Result<(), String> {
        let schema = EventSchema::parse(json).map_err(|error| error.to_string())?;
        self.catalog.add(schema).map_err(|error| error.to_string())
    }

    /// Adds a workflow definition, as its file has it.
    ///
    /// # Errors
    /// The first problem of the file.
    pub fn add_workflow(&mut self, file: &str, yaml: &str) -> Result<(), String> {
        let workflow =
            farandole_workflow::parse(file, yaml).map_err(|report| report.to_string())?;
        self.workflows
            .entry(workflow.name.clone())
            .or_default()
            .insert(workflow.version, Arc::new(workflow));
        Ok(())
    }

    fn add_participant(&mut self, name: &str, json: &str) -> Result<(), String> {
        let contract = serde_json::from_str(json).map_err(|error| error.to_string())?;
        self.participants.insert(name.to_owned(), contract);
        Ok(())
    }

    /// The schemas.
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// One version of a workflow.
    pub fn workflow(&self, name: &str, version: u32) -> Option<&Arc<Workflow>> {
        self.workflows.get(name)?.get(&version)
    }

    /// Every version of a workflow, oldest first.
    pub fn versions(&self, name: &str) -> impl Iterator<Item = &Arc<Workflow>> {
        self.workflows
            .get(name)
            .into_iter()
            .flat_map(BTreeMap::values)
    }

    /// Every known workflow, every version.
    pub fn workflows(&self) -> impl Iterator<Item = &Arc<Workflow>> {
        self.workflows.values().flat_map(BTreeMap::values)
    }

    /// The contracts that participants published, by participant.
    pub fn participants(&self) -> &BTreeMap<String, serde_json::Value> {
        &self.participants
    }

    /// Catalog records that could not be used, with the reason.
    pub fn problems(&self) -> &BTreeMap<String, String> {
        &self.problems
    }
}
