use std::path::{Path, PathBuf};
use std::{env, fs, process};

use crate::events::EventTypes;
use crate::sources::Sources;
use crate::text::Text;
use crate::{GenerateError, workflow};

/// The name of the generated file.
pub const FILE: &str = "farandole.rs";

/// Generates Rust from a folder of schemas.
#[derive(Clone, Debug)]
pub struct Generator {
    schemas: PathBuf,
    workflows: Vec<String>,
    namespace: Option<String>,
}

impl Generator {
    /// From the folder that holds `events/` and `workflows/`; relative to the package that is built.
    pub fn new(schemas: impl Into<PathBuf>) -> Self {
        Generator {
            schemas: schemas.into(),
            workflows: Vec::new(),
            namespace: None,
        }
    }

    /// Adds the module of a workflow.
    pub fn workflow(mut self, name: impl Into<String>) -> Self {
        self.workflows.push(name.into());
        self
    }

    /// Takes only events whose schemas have this namespace; otherwise all.
    pub fn namespace(mut self, namespace: impl Into<String>) -> Self {
        self.namespace = Some(namespace.into());
        self
    }

    /// For the `main` of a build script: generates [`FILE`] into `OUT_DIR`; ends the build with an explanation when something is wrong.
    pub fn build(&self) {
        let out = env::var_os("OUT_DIR").map(PathBuf::from);
        let result = match &out {
            Some(out) => self
                .generate_to(out)
                .map(drop)
                .map_err(|error| format!("{error:?}")),
            None => Err("OUT_DIR is not set: call this from a build script".to_owned()),
        };
        if let Err(explanation) = result {
            eprintln!("{explanation}");
            process::exit(1);
        }
    }

    /// Generates [`FILE`] into a folder and tells cargo which files it was made from. Gives the file's path.
    ///
    /// # Errors
    /// When a file can't be read or written, or a schema or workflow is wrong.
    pub fn generate_to(&self, out: impl AsRef<Path>) -> Result<PathBuf, GenerateError> {
        let sources = Sources::read(&self.schemas, &self.workflows)?;
        for path in &sources.watched {
            println!("cargo::rerun-if-changed={}", path.display());
        }
        for warning in &sources.warnings {
            println!("cargo::warning={warning}");
        }
        let text = self.text_of(&sources)?;
        let path = out.as_ref().join(FILE);
        fs::write(&path, text).map_err(|error| GenerateError::io(&path, error))?;
        Ok(path)
    }

    /// The text that [`Generator::generate_to`] writes.
    ///
    /// # Errors
    /// As [`Generator::generate_to`].
    pub fn generate(&self) -> Result<String, GenerateError> {
        self.text_of(&Sources::read(&self.schemas, &self.workflows)?)
    }

    fn text_of(&self, sources: &Sources) -> Result<String, GenerateError> {
        let mut text = Text::default();
        text.line(
            "// Generated from schemas/ by farandole-codegen. Change the schemas, not this file.",
        );
        let types = EventTypes::collect(sources, self.namespace.as_deref())?;
        types.write(&mut text);
        for files in &sources.workflows {
            workflow::write(&mut text, files, &types)?;
        }
        Ok(text.finish())
    }
}
