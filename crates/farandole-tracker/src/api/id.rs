use farandole_runtime::http::Problem;
use serde_json::{Value, json};

use super::ask::{Question, problem};
use crate::store::Found;

/// The longest id that is looked for, in bytes.
const LONGEST: usize = 1024;

impl Question<'_> {
    /// The instance that an id names: its correlation id, and other runs of the same key.
    pub(super) fn find(&self, id: &str) -> Result<(String, Vec<String>), Problem> {
        if id.is_empty() || id.len() > LONGEST {
            return Err(Problem::bad_request(format!(
                "an id has 1 to {LONGEST} bytes"
            )));
        }
        match self.look.find(id).map_err(|error| problem(&error))? {
            Found::One {
                correlation,
                other_runs,
            } => Ok((correlation, other_runs)),
            Found::None => Err(Problem::not_found(format!(
                "no instance with the correlation id or key {id:?} was seen: give a correlation id, workflow:key, or a key"
            ))),
            Found::Several(candidates) => {
                let candidates: Vec<Value> = candidates
                    .into_iter()
                    .map(|(workflow, tenant, correlation)| json!({"workflow": workflow, "tenant": tenant, "correlation": correlation}))
                    .collect();
                Err(Problem::conflict(format!("{id:?} names several instances: ask with one of these correlation ids, or as workflow:key"))
                    .with("candidates", candidates))
            }
        }
    }
}
