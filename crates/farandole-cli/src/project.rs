//! The files of a project: event schemas and workflow definitions.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use farandole_event::{Catalog, CatalogError, EventSchema, SchemaError};
use farandole_workflow::{Report, Workflow};

/// Everything found in the two folders.
#[derive(Clone, Default)]
pub struct Project {
    /// Every schema with its file, by event and version.
    pub schemas: Vec<(PathBuf, Arc<EventSchema>)>,
    /// The same, to look things up; the system's own included.
    pub catalog: Catalog,
    /// Every workflow version with its file.
    pub workflows: Vec<(PathBuf, Workflow)>,
}

/// Which file is wrong, and how.
#[derive(Debug, thiserror::Error)]
pub enum ProjectError {
    /// A file or folder can't be read.
    #[error("{}: {}", path.display(), unreadable(source))]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A schema is refused.
    #[error("{}: {source}", path.display())]
    Schema {
        /// The file.
        path: PathBuf,
        /// Why.
        source: SchemaError,
    },
    /// Two schemas contradict each other.
    #[error("{}: {source}", path.display())]
    Catalog {
        /// The later file.
        path: PathBuf,
        /// Why.
        source: CatalogError,
    },
    /// A file does not stand where its content belongs.
    #[error("{}: it holds {found}, so it belongs at {belongs}. Move it or correct it", path.display())]
    Misplaced {
        /// The file.
        path: PathBuf,
        /// What it says it is.
        found: String,
        /// `<name>/v<N>.…`
        belongs: String,
    },
    /// A folder that should hold files of one kind holds none.
    #[error("there is no {what} in {}: run this where farandole.toml stands, or say where they are with {flag}", folder.display())]
    Nothing {
        /// The kind, by its path: `<event>/v<N>.avsc`.
        what: &'static str,
        /// The folder.
        folder: PathBuf,
        /// The flag that names another folder.
        flag: &'static str,
    },
    /// Workflow files are refused; every problem, drawn.
    #[error("{0}")]
    Workflow(String),
}

impl Project {
    /// Reads `<schemas>/<event>/v<N>.avsc` and `<workflows>/<workflow>/v<N>.yaml`. A folder that is not there is empty.
    ///
    /// # Errors
    /// The first schema that is wrong, or all problems of the workflow files.
    pub fn load(schemas: &Path, workflows: &Path) -> Result<Self, ProjectError> {
        let mut project = Self {
            catalog: Catalog::new(),
            ..Self::default()
        };
        for path in files(schemas, &["avsc"])? {
            project.add_schema(path)?;
        }
        project
            .schemas
            .sort_by(|a, b| (a.1.event(), a.1.version()).cmp(&(b.1.event(), b.1.version())));
        let mut reports = Vec::new();
        for path in files(workflows, &["yaml", "yml"])? {
            match parse_workflow(&path)? {
                Ok(workflow) => {
                    placed(&path, &workflow.name, workflow.version)?;
                    project.workflows.push((path, workflow));
                }
                Err(report) => reports.push(report.render()),
            }
        }
        project
            .workflows
            .sort_by(|a, b| (&a.1.name, a.1.version).cmp(&(&b.1.name, b.1.version)));
        if reports.is_empty() {
            Ok(project)
        } else {
            Err(ProjectError::Workflow(reports.concat()))
        }
    }

    /// Refuses a project without schemas: to check or create nothing is never what was meant.
    ///
    /// # Errors
    /// There are none.
    pub fn needs_schemas(&self, folder: &Path) -> Result<(), ProjectError> {
        something(self.schemas.len(), "<event>/v<N>.avsc", folder, "--schemas")
    }

    /// The same for workflows.
    ///
    /// # Errors
    /// There are none.
    pub fn needs_workflows(&self, folder: &Path) -> Result<(), ProjectError> {
        something(
            self.workflows.len(),
            "<workflow>/v<N>.yaml",
            folder,
            "--workflows",
        )
    }

    fn add_schema(&mut self, path: PathBuf) -> Result<(), ProjectError> {
        let json = read(&path)?;
        let schema = match EventSchema::parse(&json) {
            Ok(schema) => Arc::new(schema),
            Err(source) => return Err(ProjectError::Schema { path, source }),
        };
        placed(&path, schema.event(), schema.version())?;
        if let Err(source) = self.catalog.add_shared(schema.clone()) {
            return Err(ProjectError::Catalog { path, source });
        }
        self.schemas.push((path, schema));
        Ok(())
    }

    /// The newest version of each workflow.
    pub fn newest_workflows(&self) -> impl Iterator<Item = &Workflow> {
        let newest = |one: &Workflow| {
            !self
                .workflows
                .iter()
                .any(|(_, other)| other.name == one.name && other.version > one.version)
        };
        self.workflows
            .iter()
            .map(|(_, workflow)| workflow)
            .filter(move |one| newest(one))
    }
}

fn something(
    count: usize,
    what: &'static str,
    folder: &Path,
    flag: &'static str,
) -> Result<(), ProjectError> {
    if count > 0 {
        return Ok(());
    }
    Err(ProjectError::Nothing {
        what,
        folder: folder.to_owned(),
        flag,
    })
}

/// Reads one workflow file; its report when the language refuses it.
pub(crate) fn parse_workflow(path: &Path) -> Result<Result<Workflow, Report>, ProjectError> {
    Ok(farandole_workflow::parse(
        &path.display().to_string(),
        &read(path)?,
    ))
}

fn placed(path: &Path, name: &str, version: u32) -> Result<(), ProjectError> {
    let folder = path
        .parent()
        .and_then(Path::file_name)
        .and_then(|name| name.to_str());
    let file = path.file_stem().and_then(|stem| stem.to_str());
    if folder == Some(name) && file == Some(&format!("v{version}")) {
        return Ok(());
    }
    let ending = path
        .extension()
        .and_then(|ending| ending.to_str())
        .unwrap_or_default();
    Err(ProjectError::Misplaced {
        path: path.to_owned(),
        found: format!("{name} version {version}"),
        belongs: format!("{name}/v{version}.{ending}"),
    })
}

fn unreadable(source: &std::io::Error) -> String {
    match source.kind() {
        std::io::ErrorKind::InvalidData => "this is no text in UTF-8; save it as such".to_owned(),
        _ => source.to_string(),
    }
}

fn read(path: &Path) -> Result<String, ProjectError> {
    std::fs::read_to_string(path).map_err(|source| ProjectError::Read {
        path: path.to_owned(),
        source,
    })
}

/// Files with these endings, in the folder and the folders in it.
fn files(folder: &Path, endings: &[&str]) -> Result<Vec<PathBuf>, ProjectError> {
    let mut found = Vec::new();
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(found),
        Err(source) => {
            return Err(ProjectError::Read {
                path: folder.to_owned(),
                source,
            });
        }
    };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files(&path, endings)?);
        } else if path
            .extension()
            .and_then(|ending| ending.to_str())
            .is_some_and(|ending| endings.contains(&ending))
        {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repository() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
    }

    #[test]
    fn the_example_s_files_are_read() {
        let root = repository();
        let project = Project::load(
            &root.join("schemas/events"),
            &root.join("schemas/workflows"),
        )
        .expect("a project");
        assert!(project.catalog.version("trip.requested", 2).is_some());
        assert!(
            project
                .newest_workflows()
                .any(|workflow| workflow.name == "trip")
        );
    }

    #[test]
    fn a_file_in_the_wrong_place_is_refused() {
        let folder = tempfile::tempdir().expect("folder");
        let from = repository().join("schemas/events/trip.completed/v1.avsc");
        std::fs::create_dir(folder.path().join("trip.cancelled")).expect("folder");
        std::fs::copy(from, folder.path().join("trip.cancelled/v1.avsc")).expect("copied");
        let message = Project::load(folder.path(), Path::new("/nowhere"))
            .err()
            .expect("refused")
            .to_string();
        assert!(
            message.contains("belongs at trip.completed/v1.avsc"),
            "{message}"
        );
    }
}
