//! The shape of what is generated for the trip workflow: `golden/trip.rs.txt`. After a change that is meant, `BLESS=1 cargo test`
//! writes it anew.

use std::path::Path;
use std::{env, fs};

use farandole_codegen::{FILE, Generator};

fn generated() -> String {
    let schemas = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas");
    let text = Generator::new(&schemas)
        .namespace("rides")
        .workflow("trip")
        .generate()
        .unwrap();
    let root = fs::canonicalize(schemas).unwrap().display().to_string();
    text.replace(&root, "schemas")
}

/// Everything but documentation, and the bodies of functions.
fn outline(text: &str) -> String {
    let kept = [
        "pub mod",
        "pub struct",
        "pub enum",
        "pub trait",
        "pub fn",
        "pub static",
        "pub ",
        "fn ",
        "impl ",
        "#[serde",
        "const ",
    ];
    let lines = text.lines().filter(|line| {
        let start = line.trim_start();
        kept.iter().any(|kept| start.starts_with(kept)) || is_part_of_signature(start)
    });
    lines.map(|line| format!("{line}\n")).collect()
}

/// Arguments and answers of trait methods, and variants of enums.
fn is_part_of_signature(line: &str) -> bool {
    line.starts_with("&self,")
        || line.starts_with("input: ")
        || line.starts_with("event: ")
        || line.starts_with("cx: ")
        || line.starts_with(") -> ")
        || (line.ends_with("),")
            && line.starts_with(|first: char| first.is_ascii_uppercase())
            && !line.contains("=>"))
        || (line.ends_with(',')
            && line[..line.len() - 1]
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric()))
}

#[test]
fn the_trip_module_has_its_agreed_shape() {
    let outline = outline(&generated());
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/trip.rs.txt");
    if env::var_os("BLESS").is_some() {
        fs::write(&golden, &outline).unwrap();
    }
    let expected = fs::read_to_string(&golden).unwrap_or_default();
    assert!(
        outline == expected,
        "the outline has changed; it is now:\n{outline}"
    );
}

#[test]
fn every_item_is_documented() {
    let text = generated();
    let lines: Vec<&str> = text.lines().map(str::trim_start).collect();
    for (at, line) in lines.iter().enumerate() {
        if !line.starts_with("pub ") {
            continue;
        }
        let before = lines[..at]
            .iter()
            .rev()
            .find(|line| !line.starts_with("#["));
        assert!(
            before.is_some_and(|before| before.starts_with("///")),
            "no documentation before line {}: {line}",
            at + 1
        );
    }
}

#[test]
fn the_file_is_written_where_it_is_wanted() {
    let out = tempfile::tempdir().unwrap();
    let path = Generator::new("../../schemas")
        .namespace("rides")
        .workflow("trip")
        .generate_to(out.path())
        .unwrap();
    assert_eq!(path, out.path().join(FILE));
    assert!(
        fs::read_to_string(path)
            .unwrap()
            .contains("pub trait DriverAssignment")
    );
}

#[test]
fn a_namespace_leaves_other_events_out() {
    let text = Generator::new("../../schemas")
        .namespace("elsewhere")
        .generate()
        .unwrap();
    assert!(!text.contains("pub struct"), "{text}");
}
