//! The files of a schemas folder.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use farandole_event::{Catalog, EventSchema};
use farandole_workflow::{Finding, Report, Severity, Workflow};

use crate::GenerateError;

/// Every version of one event, oldest first.
pub(crate) struct EventSource {
    pub(crate) name: String,
    pub(crate) versions: Vec<(PathBuf, EventSchema)>,
}

impl EventSource {
    /// The newest version.
    pub(crate) fn newest(&self) -> Option<&(PathBuf, EventSchema)> {
        self.versions.last()
    }
}

/// Every version of one workflow, oldest first.
pub(crate) struct WorkflowFiles {
    pub(crate) name: String,
    pub(crate) versions: Vec<(PathBuf, Workflow)>,
}

/// Everything that was read: the build runs again when one of `watched` changes.
#[derive(Default)]
pub(crate) struct Sources {
    pub(crate) events: BTreeMap<String, EventSource>,
    pub(crate) workflows: Vec<WorkflowFiles>,
    pub(crate) catalog: Catalog,
    pub(crate) watched: BTreeSet<PathBuf>,
    /// Findings that don't stop the build.
    pub(crate) warnings: Vec<String>,
}

impl Sources {
    pub(crate) fn read(root: &Path, workflows: &[String]) -> Result<Self, GenerateError> {
        let root = fs::canonicalize(root).map_err(|error| GenerateError::io(root, error))?;
        let mut sources = Sources::default();
        sources.events(&root.join("events"))?;
        for name in workflows {
            sources.workflow(&root.join("workflows").join(name), name)?;
        }
        Ok(sources)
    }

    fn events(&mut self, folder: &Path) -> Result<(), GenerateError> {
        for path in self.list(folder)? {
            if !path.is_dir() {
                continue;
            }
            let name = file_name(&path);
            let mut versions = Vec::new();
            for (number, path) in self.versions(&path, "avsc")? {
                let json = read(&path)?;
                let schema = EventSchema::parse(&json)
                    .map_err(|error| GenerateError::schema(&path, error.to_string()))?;
                expect_place(&path, &schema, &name, number)?;
                let again = EventSchema::parse(&json)
                    .map_err(|error| GenerateError::schema(&path, error.to_string()))?;
                self.catalog
                    .add(again)
                    .map_err(|error| GenerateError::schema(&path, error.to_string()))?;
                versions.push((path, schema));
            }
            if !versions.is_empty() {
                self.events
                    .insert(name.clone(), EventSource { name, versions });
            }
        }
        Ok(())
    }

    fn workflow(&mut self, folder: &Path, name: &str) -> Result<(), GenerateError> {
        let mut versions = Vec::new();
        for (number, path) in self.versions(folder, "yaml")? {
            let text = read(&path)?;
            let shown = path.display().to_string();
            let workflow = farandole_workflow::parse(&shown, &text)
                .map_err(|report| GenerateError::Workflow(Box::new(report)))?;
            if workflow.name != name || workflow.version != number {
                let reason = format!(
                    "it defines {} v{}, but lies at {name}/v{number}.yaml",
                    workflow.name, workflow.version
                );
                return Err(GenerateError::schema(&path, reason));
            }
            self.checked(&shown, &text, &workflow)?;
            versions.push((path, workflow));
        }
        if versions.is_empty() {
            return Err(GenerateError::schema(
                folder,
                "no file v1.yaml here: where is the workflow?",
            ));
        }
        self.workflows.push(WorkflowFiles {
            name: name.into(),
            versions,
        });
        Ok(())
    }

    fn checked(
        &mut self,
        file: &str,
        text: &str,
        workflow: &Workflow,
    ) -> Result<(), GenerateError> {
        let (errors, rest): (Vec<Finding>, Vec<Finding>) =
            farandole_workflow::check(workflow, &self.catalog)
                .into_iter()
                .partition(|finding| finding.severity == Severity::Error);
        if !errors.is_empty() {
            return Err(GenerateError::Workflow(Box::new(Report::new(
                file, text, errors,
            ))));
        }
        let unsupported = farandole_workflow::unsupported(workflow);
        if !unsupported.is_empty() {
            return Err(GenerateError::Unsupported(unsupported));
        }
        let warnings = rest
            .into_iter()
            .filter(|finding| finding.severity == Severity::Warning);
        self.warnings.extend(warnings.map(|finding| {
            format!(
                "{file}:{}:{}: {}",
                finding.line, finding.column, finding.message
            )
        }));
        Ok(())
    }

    /// The files `v<N>.<extension>` of a folder by their numbers, which count from 1 without a gap.
    fn versions(
        &mut self,
        folder: &Path,
        extension: &str,
    ) -> Result<Vec<(u32, PathBuf)>, GenerateError> {
        let mut versions: Vec<(u32, PathBuf)> = Vec::new();
        for path in self.list(folder)? {
            if path.extension().is_none_or(|found| found != extension) {
                continue;
            }
            let number = file_name(&path)
                .strip_suffix(&format!(".{extension}"))
                .and_then(version_number);
            let Some(number) = number else {
                return Err(GenerateError::schema(
                    path,
                    format!("versions are called v1.{extension}, v2.{extension} …"),
                ));
            };
            self.watched.insert(path.clone());
            versions.push((number, path));
        }
        versions.sort();
        for (expected, (number, path)) in (1..).zip(&versions) {
            if *number != expected {
                return Err(GenerateError::schema(
                    path,
                    format!("version {expected} is missing beside it"),
                ));
            }
        }
        Ok(versions)
    }

    fn list(&mut self, folder: &Path) -> Result<Vec<PathBuf>, GenerateError> {
        self.watched.insert(folder.into());
        let entries = fs::read_dir(folder).map_err(|error| GenerateError::io(folder, error))?;
        let mut paths = Vec::new();
        for entry in entries {
            paths.push(
                entry
                    .map_err(|error| GenerateError::io(folder, error))?
                    .path(),
            );
        }
        paths.sort();
        Ok(paths)
    }
}

fn version_number(stem: &str) -> Option<u32> {
    stem.strip_prefix('v')?
        .parse()
        .ok()
        .filter(|number| *number > 0)
}

fn expect_place(
    path: &Path,
    schema: &EventSchema,
    name: &str,
    number: u32,
) -> Result<(), GenerateError> {
    if schema.event() == name && schema.version() == number {
        return Ok(());
    }
    let reason = format!(
        "it describes {} v{}, but lies at {name}/v{number}.avsc",
        schema.event(),
        schema.version()
    );
    Err(GenerateError::schema(path, reason))
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

fn read(path: &Path) -> Result<String, GenerateError> {
    fs::read_to_string(path).map_err(|error| GenerateError::io(path, error))
}
