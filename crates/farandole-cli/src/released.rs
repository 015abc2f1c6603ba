//! Released files are frozen: `schemas/released.json` lists them with the hash of their content.

use std::collections::BTreeMap;
use std::path::Path;

use farandole_event::sha256_hex;
use serde::{Deserialize, Serialize};

use crate::error::CliError;

/// The list: `<name>/v<N>` and the SHA-256 of the file, lower-case hex.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Released {
    /// Event schemas.
    #[serde(default)]
    pub events: BTreeMap<String, String>,
    /// Workflow definitions.
    #[serde(default)]
    pub workflows: BTreeMap<String, String>,
}

/// How a file compares with its release.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// Released, and as it was then.
    Frozen,
    /// Not released yet: it may change.
    Draft,
    /// Released, and changed since.
    Changed,
}

impl Released {
    /// Reads the list; a file that is not there is an empty one.
    ///
    /// # Errors
    /// It can't be read or is no such list.
    pub fn load(path: &Path) -> Result<Self, CliError> {
        match std::fs::read_to_string(path) {
            Ok(text) => serde_json::from_str(&text)
                .map_err(|error| CliError::Other(format!("{}: {error}", path.display()))),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(CliError::file(path)(error)),
        }
    }

    /// Writes the list, whole or not at all.
    ///
    /// # Errors
    /// It can't be written.
    pub fn save(&self, path: &Path) -> Result<(), CliError> {
        let mut text = serde_json::to_string_pretty(self)
            .map_err(|error| CliError::Other(error.to_string()))?;
        text.push('\n');
        let beside = path.with_extension("json.new");
        std::fs::write(&beside, text).map_err(CliError::file(&beside))?;
        std::fs::rename(&beside, path).map_err(CliError::file(path))
    }
}

/// The key of a file in the list.
pub(crate) fn id(name: &str, version: u32) -> String {
    format!("{name}/v{version}")
}

/// The hash of a file's content.
///
/// # Errors
/// It can't be read.
pub(crate) fn hash(path: &Path) -> Result<String, CliError> {
    // Checking out on Windows may change line ends; that changes nothing that was released.
    let text = std::fs::read_to_string(path)
        .map_err(CliError::file(path))?
        .replace("\r\n", "\n");
    Ok(sha256_hex(text.as_bytes()))
}

/// How a file of this hash compares with its release.
pub(crate) fn standing(list: &BTreeMap<String, String>, id: &str, hash: &str) -> Standing {
    match list.get(id) {
        None => Standing::Draft,
        Some(released) if released == hash => Standing::Frozen,
        Some(_) => Standing::Changed,
    }
}

/// Releases whose file is gone.
pub(crate) fn missing<'a>(
    list: &'a BTreeMap<String, String>,
    present: &'a [String],
) -> impl Iterator<Item = &'a String> {
    list.keys().filter(|id| !present.contains(id))
}
