//! A workflow's module: one trait per participant, what its methods take and answer, and functions for steps from outside.

mod carried;
mod module;
mod plan;
mod shapes;

use crate::GenerateError;
use crate::events::EventTypes;
use crate::sources::WorkflowFiles;
use crate::text::Text;

/// Writes the module of a workflow with all its versions.
pub(crate) fn write(
    text: &mut Text,
    files: &WorkflowFiles,
    types: &EventTypes<'_>,
) -> Result<(), GenerateError> {
    let plan = plan::Plan::of(files, types)?;
    module::write(text, files, &plan, types);
    Ok(())
}
