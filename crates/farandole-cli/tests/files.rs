//! Commands that look at files only.

use std::path::{Path, PathBuf};
use std::process::Command;

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn farandole(folder: &Path, args: &[&str]) -> (i32, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_farandole"))
        .current_dir(folder)
        .args(args)
        .output()
        .expect("it runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    (output.status.code().unwrap_or(-1), text)
}

/// A project of one event with one version.
fn project() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), 1, r#"{"name":"id","type":"string"}"#);
    folder
}

fn write(folder: &Path, version: u32, fields: &str) {
    let events = folder.join("schemas/events/guest.arrived");
    std::fs::create_dir_all(&events).expect("folders");
    let json = format!(
        r#"{{"type":"record","name":"GuestArrived","namespace":"t","farandole":{{"event":"guest.arrived","version":{version},"topic":"guests","key":"id"}},"fields":[{fields}]}}"#
    );
    std::fs::write(events.join(format!("v{version}.avsc")), json).expect("a schema");
}

#[test]
fn the_example_is_fine() {
    for args in [["schema", "check"], ["workflow", "check"]] {
        let (code, said) = farandole(&repository(), &args);
        assert_eq!(code, 0, "{args:?}: {said}");
    }
    let (code, said) = farandole(&repository(), &["workflow", "show", "trip", "--mermaid"]);
    assert!(
        code == 0 && said.contains("trip.requested"),
        "{code}: {said}"
    );
    let (code, said) = farandole(&repository(), &["workflow", "show", "tripp"]);
    assert!(
        code == 2 && said.contains("Did you mean \"trip\"?"),
        "{code}: {said}"
    );
}

#[test]
fn an_incompatible_version_is_refused_with_path_and_reason() {
    let folder = project();
    write(
        folder.path(),
        2,
        r#"{"name":"id","type":"string"},{"name":"seats","type":"int"}"#,
    );
    let (code, said) = farandole(folder.path(), &["schema", "check"]);
    assert_eq!(code, 1, "{said}");
    assert!(
        said.contains("v2.avsc: error: at $.fields")
            && said.contains("v2 can't read what v1 wrote"),
        "{said}"
    );
    write(
        folder.path(),
        2,
        r#"{"name":"id","type":"string"},{"name":"seats","type":"int","default":1}"#,
    );
    let (code, said) = farandole(folder.path(), &["schema", "check"]);
    assert_eq!(code, 0, "{said}");
}

#[test]
fn released_files_are_frozen() {
    let folder = project();
    let (code, said) = farandole(folder.path(), &["schema", "release"]);
    assert_eq!(code, 0, "{said}");
    assert!(
        farandole(folder.path(), &["schema", "list"])
            .1
            .contains("frozen")
    );
    write(
        folder.path(),
        1,
        r#"{"name":"id","type":"string"},{"name":"seats","type":"int","default":1}"#,
    );
    let (code, said) = farandole(folder.path(), &["schema", "check"]);
    assert!(
        code == 1 && said.contains("frozen") && said.contains("v2.avsc"),
        "{code}: {said}"
    );
    std::fs::remove_file(folder.path().join("schemas/events/guest.arrived/v1.avsc"))
        .expect("removed");
    let (code, said) = farandole(folder.path(), &["schema", "check"]);
    assert!(code == 1 && said.contains("is gone"), "{code}: {said}");
}

#[test]
fn a_tracker_that_is_not_there_is_named_with_what_to_do() {
    // Port 9 (discard) has no listener.
    let (code, said) = farandole(
        &repository(),
        &["track", "ls", "--tracker", "http://127.0.0.1:9"],
    );
    assert!(
        code == 2 && said.contains("http://127.0.0.1:9") && said.contains("--tracker"),
        "{code}: {said}"
    );
}

#[test]
#[cfg(unix)]
fn when_nobody_reads_the_answer_no_panic_is_shown() {
    let script = format!(
        "{} schema list 2>&1 >&- | cat",
        env!("CARGO_BIN_EXE_farandole")
    );
    let output = Command::new("sh")
        .current_dir(repository())
        .args(["-c", &script])
        .output()
        .expect("it runs");
    assert!(
        !String::from_utf8_lossy(&output.stdout).contains("panicked"),
        "{output:?}"
    );
    let script = format!(
        "{} schema list | head -c 0",
        env!("CARGO_BIN_EXE_farandole")
    );
    let output = Command::new("sh")
        .current_dir(repository())
        .args(["-c", &script])
        .output()
        .expect("it runs");
    assert!(
        !String::from_utf8_lossy(&output.stderr).contains("panicked"),
        "{output:?}"
    );
}
