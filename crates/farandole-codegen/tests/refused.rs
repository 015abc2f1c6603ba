//! What can't become Rust is refused with the file and the reason.

use std::fs;
use std::path::Path;

use farandole_codegen::Generator;

/// A folder of schemas with one sound event `x`.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Folder(tempfile::tempdir().unwrap())
            .event("x", &schema("X", "x", 1, r#"{"name":"k","type":"string"}"#))
    }

    fn event(self, name: &str, json: &str) -> Self {
        self.file(&format!("events/{name}/v1.avsc"), json)
    }

    fn file(self, path: &str, text: &str) -> Self {
        let path = self.0.path().join(path);
        fs::create_dir_all(path.parent().unwrap_or(Path::new("/"))).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    /// Why it is refused, without the folder's own path.
    fn refused(&self, workflows: &[&str]) -> String {
        let generator = workflows
            .iter()
            .fold(Generator::new(self.0.path()), |generator, name| {
                generator.workflow(*name)
            });
        let said = match generator.generate() {
            Ok(text) => panic!("not refused:\n{text}"),
            Err(error) => error.to_string(),
        };
        let root = fs::canonicalize(self.0.path())
            .unwrap()
            .display()
            .to_string();
        said.replace(&format!("{root}/"), "")
    }
}

fn schema(name: &str, event: &str, version: u32, fields: &str) -> String {
    format!(
        r#"{{"type":"record","name":"{name}","namespace":"test","farandole":{{"event":"{event}","version":{version},"topic":"t","key":"k"}},"fields":[{fields}]}}"#
    )
}

fn with_field(field: &str) -> Folder {
    Folder::new().event(
        "y",
        &schema(
            "Y",
            "y",
            1,
            &format!(r#"{{"name":"k","type":"string"}},{field}"#),
        ),
    )
}

#[test]
fn types_without_a_counterpart_are_named() {
    let table = [
        (
            r#"{"name":"f","type":"bytes"}"#,
            "field f of Y: bytes have no type here; write a string, a decimal or a uuid as string",
        ),
        (
            r#"{"name":"f","type":["null","string","int"]}"#,
            r#"field f of Y: a union is ["null", type]; more branches have no type here"#,
        ),
        (
            r#"{"name":"f","type":"null"}"#,
            r#"field f of Y: null alone says nothing; write ["null", …]"#,
        ),
        (
            r#"{"name":"f","type":{"type":"array","items":{"type":"bytes","logicalType":"decimal","precision":4,"scale":2}}}"#,
            "field f of Y: decimals inside arrays and maps have no type here; put them into a record",
        ),
        (
            r#"{"name":"f","type":{"type":"record","name":"P","fields":[{"name":"a","type":"int"}]},"default":{"a":1}}"#,
            r#"field f of Y: its default {"a":1} can't be written in Rust; leave it out, or make the field nullable"#,
        ),
    ];
    for (field, reason) in table {
        assert_eq!(
            with_field(field).refused(&[]),
            format!("events/y/v1.avsc: {reason}")
        );
    }
}

#[test]
fn one_name_has_one_definition() {
    let place = |fields: &str| {
        format!(
            r#"{{"name":"k","type":"string"}},{{"name":"at","type":{{"type":"record","name":"Place","fields":[{fields}]}}}}"#
        )
    };
    let folder = Folder::new()
        .event(
            "y",
            &schema("Y", "y", 1, &place(r#"{"name":"lat","type":"double"}"#)),
        )
        .event(
            "z",
            &schema("Z", "z", 1, &place(r#"{"name":"lat","type":"float"}"#)),
        );
    let said = folder.refused(&[]);
    assert_eq!(
        said,
        "events/z/v1.avsc: test.Place is defined otherwise in events/y/v1.avsc; one name has one definition"
    );
}

#[test]
fn two_events_cannot_share_a_type() {
    let said = Folder::new()
        .event("y", &schema("X", "y", 1, r#"{"name":"k","type":"string"}"#))
        .refused(&[]);
    assert_eq!(
        said,
        "schemas: event x and event y would both be called `X` in Rust; rename one"
    );
}

#[test]
fn a_schema_lies_where_its_name_and_version_say() {
    let said = Folder::new()
        .event("y", &schema("Y", "z", 2, r#"{"name":"k","type":"string"}"#))
        .refused(&[]);
    assert_eq!(
        said,
        "events/y/v1.avsc: it describes z v2, but lies at y/v1.avsc"
    );
}

#[test]
fn versions_count_from_one_without_a_gap() {
    let said = Folder::new()
        .file(
            "events/x/v3.avsc",
            &schema("X", "x", 3, r#"{"name":"k","type":"string"}"#),
        )
        .refused(&[]);
    assert_eq!(said, "events/x/v3.avsc: version 2 is missing beside it");
    let said = Folder::new()
        .file("events/x/version2.avsc", "{}")
        .refused(&[]);
    assert_eq!(
        said,
        "events/x/version2.avsc: versions are called v1.avsc, v2.avsc …"
    );
}

const HEAD: &str =
    "workflow: w\nversion: 1\nkey: k\nsteps:\n  begin: {by: p, external: start, emits: x}\n";

#[test]
fn a_workflow_file_is_refused_with_line_column_and_excerpt() {
    let text = format!("{HEAD}  next: {{by: q, on: x, emitz: x}}\nends: {{completed: x}}\n");
    let said = Folder::new()
        .file("workflows/w/v1.yaml", &text)
        .refused(&["w"]);
    let expected = "workflows/w/v1.yaml:6:24: error: step `next` has no field `emitz`\n\
                    \x20   |   next: {by: q, on: x, emitz: x}\n\
                    \x20   |                        ^^^^^\n\
                    \x20   = did you mean `emits`?\n";
    assert_eq!(said, expected);
}

#[test]
fn a_workflow_of_unknown_events_is_refused() {
    let text = format!("{HEAD}  next: {{by: q, on: x, emits: y}}\nends: {{completed: y}}\n");
    let said = Folder::new()
        .file("workflows/w/v1.yaml", &text)
        .refused(&["w"]);
    assert!(
        said.starts_with("workflows/w/v1.yaml:6:31: error: no schema describes the event `y`\n"),
        "{said}"
    );
}

#[test]
fn a_workflow_that_cannot_run_yet_is_refused_by_step() {
    let text = format!(
        "{HEAD}  late: {{by: q, on: {{no: y, after: x, for: 2m}}, emits: y}}\nends: {{completed: y}}\n"
    );
    let y = schema("Y", "y", 1, r#"{"name":"k","type":"string"}"#);
    let said = Folder::new()
        .event("y", &y)
        .file("workflows/w/v1.yaml", &text)
        .refused(&["w"]);
    assert_eq!(
        said,
        "workflow w v1: step `late` of q fires when an event stays away (`on: {no: …}`); absences can't run yet"
    );
}

#[test]
fn a_missing_workflow_is_refused() {
    let said = Folder::new().refused(&["w"]);
    assert!(said.starts_with("workflows/w: "), "{said}");
}

#[test]
fn a_step_keeps_its_signature_through_the_versions() {
    let y = schema("Y", "y", 1, r#"{"name":"k","type":"string"}"#);
    let version = |number: u32, emits: &str| {
        let head = HEAD.replace("version: 1", &format!("version: {number}"));
        format!(
            "{head}  next: {{by: q, on: x, emits: {emits}}}\nends: {{completed: {}}}\n",
            if emits == "y" { "y" } else { "x" }
        )
    };
    let folder = Folder::new()
        .event("y", &y)
        .file("workflows/w/v1.yaml", &version(1, "y"))
        .file("workflows/w/v2.yaml", &version(2, "{one_of: [x, y]}"));
    let expected = "step `next` of workflow w emits different events in v2 and v1; another signature is another step: give it another name";
    assert_eq!(folder.refused(&["w"]), expected);
}

#[test]
fn a_step_and_a_participant_cannot_share_a_name() {
    let text = format!(
        "{HEAD}  q: {{by: q, on: x, emits: {{one_of: [y, z]}}}}\nends: {{completed: y, failed: z}}\n"
    );
    let event = |name: &str| {
        schema(
            &name.to_ascii_uppercase(),
            name,
            1,
            r#"{"name":"k","type":"string"}"#,
        )
    };
    let folder = Folder::new()
        .event("y", &event("y"))
        .event("z", &event("z"))
        .file("workflows/w/v1.yaml", &text);
    let expected = "workflow w: participant `q` and the outcome of step `q` would both be called `Q` in Rust; rename one";
    assert_eq!(folder.refused(&["w"]), expected);
}
