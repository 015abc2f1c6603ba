//! `compose/` is for users with Docker; here its files are held against the Compose specification's own schema, which a
//! Go module ships. Without Go, and without `CI`, the check names what it left out.

use std::path::Path;
use std::process::Command;

use farandole_tests::binaries::workspace;
use serde_json::Value;

const MODULE: &str = "github.com/compose-spec/compose-go/v2@v2.9.1";

fn specification() -> Option<Value> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let found = Command::new("go")
        .args(["mod", "download", "-json", MODULE])
        .current_dir(folder.path())
        .output();
    let missing = |why: &str| {
        assert!(
            std::env::var_os("CI").is_none(),
            "the Compose specification's schema can't be had: {why}"
        );
        eprintln!("left out: the check of compose/ against the Compose specification ({why})");
        None
    };
    let Ok(found) = found else {
        return missing("there is no `go`");
    };
    let told: Value = serde_json::from_slice(&found.stdout).unwrap_or_default();
    let Some(module) = told["Dir"].as_str() else {
        return missing("the module can't be downloaded");
    };
    let schema = Path::new(module).join("schema/compose-spec.json");
    let text = std::fs::read_to_string(schema).expect("the module has the schema");
    Some(serde_json::from_str(&text).expect("the schema is JSON"))
}

fn compose() -> Value {
    let text = std::fs::read_to_string(workspace().join("compose/compose.yaml"))
        .expect("the file is there");
    serde_saphyr::from_str(&text).expect("it is YAML")
}

#[test]
fn the_compose_file_is_what_the_specification_allows() {
    let Some(schema) = specification() else {
        return;
    };
    let validator = jsonschema::validator_for(&schema).expect("the schema is a schema");
    // Merge keys and `x-` fragments are resolved while the YAML is read, as Compose does.
    let file = compose();
    let wrong: Vec<_> = validator
        .iter_errors(&file)
        .map(|e| format!("{}: {e}", e.instance_path()))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_program_that_compose_starts_is_in_the_image() {
    let dockerfile =
        std::fs::read_to_string(workspace().join("compose/Dockerfile")).expect("the file is there");
    let file = compose();
    let services = file["services"].as_object().expect("it has services");
    let commands: Vec<_> = services
        .values()
        .filter_map(|s| s["command"][0].as_str())
        .collect();
    assert!(commands.len() >= 5, "{commands:?}");
    for command in commands {
        assert!(
            dockerfile.contains(&format!("release/{command} ")),
            "{command} is not copied into the image"
        );
    }
}

#[test]
fn the_flags_that_compose_passes_exist() {
    let file = compose();
    let services = file["services"].as_object().expect("it has services");
    for command in services.values().filter_map(|s| s["command"].as_array()) {
        let words: Vec<_> = command.iter().filter_map(Value::as_str).collect();
        if words[0] == "farandole" {
            continue;
        }
        let help = Command::new(farandole_tests::binaries::path(words[0]))
            .arg("--help")
            .output()
            .expect("it runs");
        let help = String::from_utf8_lossy(&help.stdout).into_owned();
        for flag in words.iter().filter(|w| w.starts_with("--")) {
            assert!(help.contains(flag), "{} has no flag {flag}", words[0]);
        }
    }
}
