//! Files that are wrong: refused with line and column, what is wrong, and what to do.

use std::path::Path;

use farandole_tests::{binaries, line};
use tempfile::TempDir;

/// A copy of the example's files, to be spoilt.
fn project() -> TempDir {
    let folder = TempDir::new().expect("a temporary folder");
    copy(
        &binaries::workspace().join("schemas"),
        &folder.path().join("schemas"),
    );
    let file = "farandole.toml";
    std::fs::copy(binaries::workspace().join(file), folder.path().join(file)).expect("a copy");
    folder
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder").flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("a copy");
        }
    }
}

/// Spoils a file, runs the command, and puts the file back. The command must fail and say these words.
#[track_caller]
fn refused(
    folder: &TempDir,
    file: &str,
    command: &[&str],
    spoil: impl Fn(&str) -> Vec<u8>,
    words: &[&str],
) {
    let path = folder.path().join(file);
    let good = std::fs::read_to_string(&path).expect("the file");
    let bad = spoil(&good);
    assert!(good.as_bytes() != bad, "nothing is spoilt for {words:?}");
    std::fs::write(&path, bad).expect("spoilt");
    let done = line::run_farandole(folder.path(), command);
    let said =
        String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr);
    std::fs::write(&path, good).expect("put back");
    eprintln!("{command:?}: {said}");
    assert!(
        matches!(done.status.code(), Some(1 | 2)),
        "{command:?}: {:?} {said}",
        done.status
    );
    assert!(!said.contains("panicked"), "{said}");
    for word in words {
        assert!(said.contains(word), "{word:?} in: {said}");
    }
}

fn change(from: &'static str, to: &'static str) -> impl Fn(&str) -> Vec<u8> {
    move |good| good.replacen(from, to, 1).into_bytes()
}

fn binary(_: &str) -> Vec<u8> {
    vec![0xff, 0xfe, 0x00, 0xff]
}

#[test]
fn a_broken_farandole_toml_is_refused_with_line_column_and_a_suggestion() {
    let folder = project();
    let refused = |from, to, words: &[&str]| {
        refused(&folder, "farandole.toml", &["up"], change(from, to), words);
    };
    refused(
        "partitions = 6",
        "partitons = 6",
        &["farandole.toml:9:1", "Did you mean \"partitions\"?"],
    );
    refused(
        "partitions = 6",
        "partitions = \"six\"",
        &["farandole.toml:9:14", "a whole number"],
    );
    refused(
        "partitions = 6",
        "partitions = 0",
        &["farandole.toml:9:1", "at least one partition"],
    );
    refused(
        "\"127.0.0.1:9092\"",
        "\"here\"",
        &["farandole.toml:5:10", "127.0.0.1:9092", "a port"],
    );
    refused("[[process]]", "[[proces]]", &["Did you mean \"process\"?"]);
    refused("[topics]", "[topics", &["farandole.toml:8:"]);
    refused(
        "[\"notification\"",
        "[\"notificatoin\"",
        &["notificatoin", "cargo build"],
    );

    let empty = TempDir::new().expect("a temporary folder");
    let done = line::run_farandole(empty.path(), &["up"]);
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    assert_eq!(done.status.code(), Some(2), "{said}");
    assert!(said.contains("--config"), "{said}");
}

#[test]
fn a_broken_workflow_is_refused_with_line_column_and_a_suggestion() {
    let folder = project();
    let file = "schemas/workflows/trip/v1.yaml";
    let check = |spoil: &dyn Fn(&str) -> Vec<u8>, words: &[&str]| {
        refused(&folder, file, &["workflow", "check"], spoil, words);
    };
    let place = |at: &str| format!("{file}:{at}");
    check(
        &change("within: 10s", "withn: 10s"),
        &[&place("23:5"), "no field `withn`", "did you mean `within`?"],
    );
    check(
        &change("within: 10s", "within: ten"),
        &[&place("23:13"), "`ten`", "10s"],
    );
    check(
        &change("optional: driver.released", "optional: driver.relaesed"),
        &[file, "did you mean `driver.released`?"],
    );
    check(
        &change("emits: trip.picked-up", "emits: trip.picked-pu"),
        &[file, "did you mean `trip.picked-up`?"],
    );
    check(
        &change("version: 1", "version: 2"),
        &[file, "belongs at trip/v2.yaml"],
    );
    check(
        &|_| b"steps:\n  a: [\n".to_vec(),
        &[&place("2:6"), "not YAML"],
    );
    check(
        &|_| Vec::new(),
        &[&place("1:1"), "empty", "workflow: <name>"],
    );
    check(&binary, &[file, "UTF-8"]);
}

#[test]
fn a_broken_schema_is_refused_with_the_file_and_what_is_wrong() {
    let folder = project();
    let file = "schemas/events/trip.completed/v1.avsc";
    let check = |spoil: &dyn Fn(&str) -> Vec<u8>, words: &[&str]| {
        refused(&folder, file, &["schema", "check"], spoil, words);
    };
    check(
        &|good| good[..good.len() / 2].into(),
        &[file, "EOF", "line"],
    );
    check(&change("\"record\"", "\"recrd\""), &[file, "recrd"]);
    check(
        &change("\"farandole\"", "\"farandol\""),
        &[file, "\"farandole\"", "\"event\""],
    );
    check(
        &change("\"version\"", "\"verison\""),
        &[file, "verison", "`version`"],
    );
    check(
        &change("\"version\": 1", "\"version\": 2"),
        &[file, "trip.completed/v2.avsc"],
    );
    check(
        &change("trip.completed", "Trip Completed"),
        &[file, "no event name"],
    );
    check(&|_| b"[]".to_vec(), &[file, "\"farandole\""]);
    check(&binary, &[file, "UTF-8"]);
}

#[test]
fn a_folder_without_files_is_no_success() {
    let empty = TempDir::new().expect("a temporary folder");
    for (command, flag) in [
        (["schema", "check"], "--schemas"),
        (["workflow", "check"], "--workflows"),
        (["topics", "apply"], "--schemas"),
    ] {
        let done = line::run_farandole(empty.path(), &command);
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        assert_eq!(done.status.code(), Some(2), "{command:?}: {said}");
        assert!(
            said.contains(flag) && said.contains("farandole.toml"),
            "{said}"
        );
    }
}
