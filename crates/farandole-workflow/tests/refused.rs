//! Files that are refused: `refused/<case>.yaml` and what is said about it, `refused/<case>.txt`. After a change that is meant,
//! `BLESS=1 cargo test` writes the texts anew.

use std::path::{Path, PathBuf};
use std::{env, fs};

use farandole_workflow::{MAX_FILE_BYTES, parse};

fn cases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/refused");
    let mut cases: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "yaml")
        })
        .collect();
    cases.sort();
    cases
}

#[test]
fn every_refused_file_is_explained_with_line_and_column() {
    let cases = cases();
    assert!(cases.len() >= 20, "only {} cases", cases.len());
    for case in cases {
        let name = case.file_name().unwrap().to_string_lossy().into_owned();
        let text = fs::read_to_string(&case).unwrap();
        let said = match parse(&name, &text) {
            Ok(_) => panic!("{name} was accepted"),
            Err(report) => report.render(),
        };
        let golden = case.with_extension("txt");
        if env::var_os("BLESS").is_some() {
            fs::write(&golden, &said).unwrap();
        }
        let expected = fs::read_to_string(&golden).unwrap_or_default();
        assert_eq!(said, expected, "{name}");
    }
}

#[test]
fn a_file_beyond_the_limit_is_not_read() {
    let text = format!("workflow: w\n# {}", "x".repeat(MAX_FILE_BYTES));
    let report = parse("big.yaml", &text).unwrap_err();
    assert!(
        report
            .render()
            .contains("bytes; a workflow file has at most 1048576"),
        "{}",
        report.render()
    );
}

#[test]
fn miette_draws_every_finding_in_the_text() {
    let text = "workflow: w\nversion: 0\nkey: k\nstep: {}\n";
    let report = miette::Report::new(parse("w.yaml", text).unwrap_err());
    let drawn = format!("{report:?}");
    assert!(
        drawn.contains("the version `0` is not a whole number"),
        "{drawn}"
    );
    assert!(drawn.contains("did you mean `steps`?"), "{drawn}");
    assert!(drawn.contains("w.yaml:4:1"), "{drawn}");
}
