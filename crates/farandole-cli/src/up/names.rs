//! Words that stand for something only known when everything runs: `{data}`, `{bootstrap}`, `{tracker}`.

use std::path::{Path, PathBuf};

/// What the words stand for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    pub(crate) data: String,
    pub(crate) bootstrap: String,
    pub(crate) tracker: String,
}

impl Names {
    pub(crate) fn fill(&self, text: &str) -> String {
        text.replace("{data}", &self.data)
            .replace("{bootstrap}", &self.bootstrap)
            .replace("{tracker}", &self.tracker)
    }
}

/// The program a command names: a path beside `farandole.toml`, else beside this executable, else on the PATH.
pub(crate) fn program(command: &str, base: &Path) -> Option<PathBuf> {
    if command.contains(std::path::MAIN_SEPARATOR) {
        let path = base.join(command);
        return path.is_file().then_some(path);
    }
    let file = format!("{command}{}", std::env::consts::EXE_SUFFIX);
    let beside = std::env::current_exe()
        .ok()
        .and_then(|exe| Some(exe.parent()?.join(&file)));
    let on_path = std::env::var_os("PATH").unwrap_or_default();
    beside
        .into_iter()
        .chain(std::env::split_paths(&on_path).map(|folder| folder.join(&file)))
        .find(|path| path.is_file())
}
