//! Finds the workspace's programs, and builds them when a test run has not.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The root of the workspace.
pub fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the tests are a folder of the workspace")
}

/// The folder with the workspace's programs, up to date.
pub fn folder() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let built = Command::new(env!("CARGO"))
            .args(["build", "--quiet", "--workspace", "--bins"])
            .current_dir(workspace())
            .status()
            .expect("cargo runs");
        assert!(built.success(), "the workspace's programs do not build");
        let test = std::env::current_exe().expect("a test knows its own path");
        test.ancestors()
            .nth(2)
            .expect("tests live in <target>/<profile>/deps")
            .to_path_buf()
    })
}

/// The path of one program, by its name.
pub fn path(name: &str) -> PathBuf {
    folder().join(name)
}
