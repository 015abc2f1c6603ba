use std::fmt;
use std::io;
use std::path::PathBuf;

use farandole_workflow::Report;
use thiserror::Error;

/// Why nothing was generated. `Debug` shows the same as `Display`, with the excerpts of a workflow's findings: cargo prints it
/// when a build script's `main` returns it.
#[derive(Error)]
pub enum GenerateError {
    /// A file or folder can't be read or written.
    #[error("{}: {error}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The operating system's reason.
        error: io::Error,
    },
    /// A schema is wrong, or can't become a Rust type.
    #[error("{}: {reason}", path.display())]
    Schema {
        /// The schema file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A workflow file is wrong.
    #[error("{}", .0.render())]
    Workflow(Box<Report>),
    /// A workflow asks for what services can't do yet.
    #[error("{}", .0.join("\n"))]
    Unsupported(Vec<String>),
    /// Two things would get one Rust name.
    #[error("{context}: {first} and {second} would both be called `{name}` in Rust; rename one")]
    Clash {
        /// Where.
        context: String,
        /// One of them.
        first: String,
        /// The other.
        second: String,
        /// The Rust name.
        name: String,
    },
    /// Two versions of a workflow disagree about a step.
    #[error(
        "step `{step}` of workflow {workflow} {reason}; another signature is another step: give it another name"
    )]
    Signature {
        /// The workflow.
        workflow: String,
        /// The step.
        step: String,
        /// How they differ.
        reason: String,
    },
}

impl GenerateError {
    pub(crate) fn io(path: impl Into<PathBuf>, error: io::Error) -> Self {
        GenerateError::Io {
            path: path.into(),
            error,
        }
    }

    pub(crate) fn schema(path: impl Into<PathBuf>, reason: impl Into<String>) -> Self {
        GenerateError::Schema {
            path: path.into(),
            reason: reason.into(),
        }
    }
}

impl fmt::Debug for GenerateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            GenerateError::Workflow(report) => {
                write!(f, "\n{:?}", miette::Report::new(Report::clone(report)))
            }
            other => write!(f, "{other}"),
        }
    }
}
