//! What the compiler says to a service that doesn't keep to the workflow: `ui/<case>.rs` and its errors, `ui/<case>.stderr`. After a
//! change that is meant, `BLESS=1 cargo test` writes the errors anew.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use serde_json::Value;

/// What came of compiling a case.
struct Compiled {
    /// The errors in short form, a line each.
    errors: String,
    /// The tests of the case, when there are no errors.
    executable: Option<PathBuf>,
}

/// Compiles one case in the build folder of this very test, so that nothing else is built again.
fn compile(case: &str) -> Compiled {
    let output = Command::new(env!("CARGO"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args([
            "rustc",
            "--quiet",
            "--offline",
            "--package",
            "rides",
            "--test",
            "ui_cases",
        ])
        .args(["--message-format", "json,json-diagnostic-short"])
        .args(["--", "--cfg", &format!("ui_case=\"{case}\"")])
        .output()
        .expect("cargo can be started");
    let mut compiled = Compiled {
        errors: String::new(),
        executable: None,
    };
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let Ok(message) = serde_json::from_str::<Value>(line) else {
            continue;
        };
        if message["target"]["name"] != "ui_cases" {
            continue;
        }
        let diagnostic = &message["message"];
        if diagnostic["level"] == "error" && diagnostic["code"] != Value::Null {
            compiled.errors += shortened(diagnostic["rendered"].as_str().unwrap_or_default());
        }
        if let Some(executable) = message["executable"].as_str() {
            compiled.executable = Some(executable.into());
        }
    }
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(
        output.status.success(),
        compiled.errors.is_empty(),
        "{said}"
    );
    compiled
}

/// The line from the file's name on: where the checkout lies doesn't matter.
fn shortened(line: &str) -> &str {
    line.find("tests/ui/").map_or(line, |at| &line[at..])
}

#[track_caller]
fn refused(case: &str, word: &str) {
    let errors = compile(case).errors;
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/ui/{case}.stderr"));
    if env::var_os("BLESS").is_some() {
        fs::write(&golden, &errors).unwrap();
    }
    assert!(errors.contains(word), "{word} is not named in:\n{errors}");
    assert_eq!(
        errors,
        fs::read_to_string(&golden).unwrap_or_default(),
        "{case}"
    );
}

#[track_caller]
fn accepted(case: &str) {
    let compiled = compile(case);
    assert_eq!(compiled.errors, "", "{case}");
    let output = Command::new(compiled.executable.expect("an executable"))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(!said.contains("running 0 tests"), "{said}");
}

// One test: compilations of one target would wait for each other anyway.
#[test]
fn only_a_service_that_keeps_to_the_workflow_compiles() {
    accepted("every_step");
    refused("forgotten_step", "missing: `decide`");
    refused("outside_the_contract", "`Offer`");
    refused(
        "another_event_converted",
        "`Offer: From<rides::DriverAssigned>`",
    );
    refused(
        "step_of_another",
        "`follow` is not a member of trait `DriverAssignment`",
    );
    refused("wrong_input", "`decide`");
    refused("external_step_of_another_kind", "mismatched types");

    let schemas = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ui/schemas");
    farandole_codegen::Generator::new(schemas)
        .workflow("thing")
        .generate_to(env!("CARGO_TARGET_TMPDIR"))
        .unwrap();
    accepted("every_shape");
}
