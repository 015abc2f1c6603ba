use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use farandole_event::Carried;
use farandole_workflow::{Report, Workflow};
use serde::{Deserialize, Serialize};

/// A workflow file, embedded by generated code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorkflowSource {
    /// The workflow's name.
    pub name: &'static str,
    /// The version of the definition.
    pub version: u32,
    /// The file's text.
    pub yaml: &'static str,
}

impl WorkflowSource {
    /// The parsed definition; parsed once per process.
    ///
    /// # Errors
    /// When the text is no workflow file.
    pub fn parse(&self) -> Result<Arc<Workflow>, Report> {
        static PARSED: OnceLock<Mutex<Parsed>> = OnceLock::new();
        // Generated code embeds each text once, so its address names it.
        let place = (self.yaml.as_ptr() as usize, self.yaml.len());
        let mut parsed = PARSED
            .get_or_init(Mutex::default)
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(workflow) = parsed.get(&place) {
            return Ok(workflow.clone());
        }
        let file = format!("{}/v{}.yaml", self.name, self.version);
        let workflow = Arc::new(farandole_workflow::parse(&file, self.yaml)?);
        parsed.insert(place, workflow.clone());
        Ok(workflow)
    }
}

/// Definitions by the address and length of their text.
type Parsed = HashMap<(usize, usize), Arc<Workflow>>;

/// One run of a workflow: what somebody outside keeps to act on it later.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Instance {
    /// The workflow.
    pub workflow: String,
    /// The version that the instance began with and keeps.
    pub version: u32,
    /// The value of the workflow's key.
    pub key: String,
    /// The correlation id.
    pub correlation: String,
    /// The tenant, where there are several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// The fields that travel along with its events.
    #[serde(default, skip_serializing_if = "Carried::is_empty")]
    pub carried: Carried,
}
