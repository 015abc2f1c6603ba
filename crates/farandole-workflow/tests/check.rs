//! Plain checks: each finding from the smallest workflow that has it.

use std::fs;
use std::path::Path;

use farandole_event::{Catalog, EventSchema};
use farandole_workflow::{Severity, Workflow, check, parse};

/// Events `x`, `y`, `z` and `other` of key `k`; `elsewhere` is keyed by `j`; `keyless` names no key and has no field `k`.
fn catalog() -> Catalog {
    let mut catalog = Catalog::new();
    let mut add = |event: &str, key: &str, fields: &str| {
        let name = event.to_ascii_uppercase();
        let json = format!(
            r#"{{"type":"record","name":"{name}","farandole":{{"event":"{event}","version":1,"topic":"t"{key}}},"fields":[{fields}]}}"#
        );
        catalog.add(EventSchema::parse(&json).unwrap()).unwrap();
    };
    let k = r#"{"name":"k","type":"string"},{"name":"amount","type":"int"}"#;
    for event in ["x", "y", "z", "other"] {
        add(event, r#","key":"k""#, k);
    }
    add(
        "elsewhere",
        r#","key":"j""#,
        r#"{"name":"j","type":"string"},{"name":"k","type":"string"}"#,
    );
    add("keyless", "", r#"{"name":"amount","type":"int"}"#);
    catalog
}

fn workflow(steps: &str, ends: &str) -> Workflow {
    let text = format!("workflow: w\nversion: 1\nkey: k\nsteps:\n{steps}\nends: {ends}\n");
    parse("w.yaml", &text).unwrap_or_else(|report| panic!("{}", report.render()))
}

const START: &str = "  a: {by: p, external: start, emits: x}\n";

/// The findings as `line:column severity: message (help)`.
fn findings(steps: &str, ends: &str) -> Vec<String> {
    let findings = check(&workflow(&format!("{START}{steps}"), ends), &catalog());
    let shown = findings.iter().map(|found| {
        let help = found
            .help
            .as_ref()
            .map_or(String::new(), |help| format!(" ({help})"));
        format!(
            "{}:{} {}: {}{help}",
            found.line, found.column, found.severity, found.message
        )
    });
    shown.collect()
}

#[test]
fn a_sound_workflow_has_no_findings() {
    assert_eq!(
        findings("  b: {by: p, on: x, emits: y}", "{completed: y}"),
        Vec::<String>::new()
    );
}

#[test]
fn an_event_without_a_schema_is_an_error_with_a_guess() {
    let found = findings("  b: {by: p, on: x, emits: othr}", "{completed: othr}");
    let expected = [
        "6:28 error: no schema describes the event `othr` (did you mean `other`?)",
        "7:19 error: no schema describes the event `othr` (did you mean `other`?)",
    ];
    assert_eq!(found, expected);
    let found = findings(
        "  b: {by: p, on: x, emits: weather.changed}",
        "{completed: x}",
    );
    assert!(
        found[0].ends_with("(write its schema: events/weather.changed/v1.avsc)"),
        "{found:?}"
    );
}

#[test]
fn an_event_that_nobody_emits_is_an_error() {
    let found = findings(
        "  b: {by: p, on: {any_of: [x, z]}, emits: y}",
        "{completed: y}",
    );
    assert_eq!(
        found,
        ["6:31 error: nobody emits `z` (let a step emit it, or leave it out)"]
    );
}

#[test]
fn an_event_that_nobody_needs_is_worth_a_look() {
    let found = findings(
        "  b: {by: p, on: x, emits: y}\n  c: {by: q, on: x, emits: z}",
        "{completed: y}",
    );
    assert_eq!(found, ["7:28 advice: no step of this workflow needs `z`"]);
}

#[test]
fn a_step_that_only_triggers_itself_can_never_happen() {
    let found = findings(
        "  b: {by: p, on: x, emits: y}\n  c: {by: q, on: z, emits: z}",
        "{completed: y}",
    );
    assert_eq!(
        found,
        ["7:3 error: step `c` can never happen: `z` never occurs"]
    );
}

#[test]
fn a_join_needs_all_of_its_events() {
    let steps = "  b: {by: p, on: x, emits: y}\n  c: {by: q, on: {all_of: [y, z]}, emits: other}\n  d: {by: q, on: z, emits: z}";
    let found = findings(steps, "{completed: y}");
    assert!(
        found.contains(&"7:3 error: step `c` can never happen: `z` never occurs".to_owned()),
        "{found:?}"
    );
}

#[test]
fn an_end_that_no_run_reaches_is_an_error() {
    let found = findings("  b: {by: p, on: z, emits: z}", "{completed: z, failed: x}");
    let expected = [
        "6:3 error: step `b` can never happen: `z` never occurs",
        "7:7 error: no instance can ever complete (follow the steps from the first event: somewhere they stop short of every success end)",
        "7:19 error: the end `z` can never be reached",
    ];
    assert_eq!(found, expected);
}

#[test]
fn a_choice_without_a_way_on_waits_for_ever() {
    let found = findings(
        "  b: {by: p, on: x, emits: {one_of: [y, z]}}",
        "{completed: y}",
    );
    let expected = [
        "6:41 warning: after `z` nothing leads to an end: the instance would wait for ever (let a step react to it, or make it an end)",
        "6:41 advice: no step of this workflow needs `z`",
    ];
    assert_eq!(found, expected);
    let led_on = "  b: {by: p, on: x, emits: {one_of: [y, z]}}\n  c: {by: p, external: during, after: z, emits: other}";
    assert_eq!(
        findings(led_on, "{completed: y, failed: other}"),
        Vec::<String>::new()
    );
}

#[test]
fn the_first_event_is_keyed_by_the_instance() {
    let text = "  a: {by: p, external: start, emits: elsewhere}";
    let found = check(&workflow(text, "{completed: elsewhere}"), &catalog());
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(
        found[0].message,
        "`elsewhere` begins an instance of `k`, but its records are keyed by `j`"
    );
    assert_eq!((found[0].line, found[0].column), (5, 38));
}

#[test]
fn an_event_in_the_middle_may_be_keyed_otherwise() {
    assert_eq!(
        findings(
            "  b: {by: p, on: x, emits: elsewhere}",
            "{completed: elsewhere}"
        ),
        Vec::<String>::new()
    );
}

#[test]
fn an_event_without_a_key_needs_the_instances() {
    let found = findings(
        "  b: {by: p, on: x, emits: keyless}",
        "{completed: keyless}",
    );
    let expected = "6:28 error: `keyless` v1 has no field `k`, which is the workflow's key, and the event names no other (its fields are amount)";
    assert_eq!(found, [expected]);
}

#[test]
fn carried_fields_exist() {
    let text = "workflow: w\nversion: 1\nkey: k\ncarries: {x: [amont, k], z: [k]}\nsteps:\n  a: {by: p, external: start, emits: x}\nends: {completed: x}\n";
    let found = check(&parse("w.yaml", text).unwrap(), &catalog());
    let said: Vec<&str> = found.iter().map(|found| found.message.as_str()).collect();
    assert_eq!(
        said,
        [
            "`x` v1 has no field `amont`, which is to be carried along",
            "nobody emits `z`"
        ]
    );
    assert_eq!(found[0].help.as_deref(), Some("did you mean `amount`?"));
    assert_eq!((found[0].line, found[0].column), (4, 15));
}

#[test]
fn one_fact_has_one_owner() {
    let found = findings(
        "  b: {by: p, on: x, emits: y}\n  c: {by: q, on: x, emits: y}",
        "{completed: y}",
    );
    let expected = "7:28 warning: `y` is emitted by step `b` of p too (let one participant own the fact, or give the two facts two names)";
    assert_eq!(found, [expected]);
    let found = findings(
        "  b: {by: p, on: x, emits: y}\n  c: {by: p, on: x, emits: y}",
        "{completed: y}",
    );
    assert!(
        found[0].contains("advice: `y` is emitted by step `b` of p too"),
        "{found:?}"
    );
}

#[test]
fn the_trip_workflow_is_sound() {
    let (workflow, catalog) = trip();
    let findings = check(&workflow, &catalog);
    let heavy: Vec<_> = findings
        .iter()
        .filter(|found| found.severity > Severity::Advice)
        .collect();
    assert!(heavy.is_empty(), "{heavy:?}");
    assert_eq!(
        farandole_workflow::unsupported(&workflow),
        Vec::<String>::new()
    );
}

#[test]
fn a_contract_tells_a_participant_its_topics_and_steps() {
    let (workflow, catalog) = trip();
    let contract = farandole_workflow::project(&workflow, &catalog, "driver-assignment");
    let steps: Vec<&str> = contract
        .steps
        .iter()
        .map(|step| step.name.as_str())
        .collect();
    assert_eq!(steps, ["offer", "decide", "release"]);
    assert_eq!(
        contract.subscribes.iter().collect::<Vec<_>>(),
        ["assignments", "drivers", "trips"]
    );
    assert_eq!(
        contract.publishes.iter().collect::<Vec<_>>(),
        ["assignments", "drivers"]
    );
    let json = serde_json::to_value(&contract).unwrap();
    let decide = serde_json::json!({
        "name": "decide",
        "description": "The owner of the driver answers the offer, so that no driver is ever on two trips.",
        "start": "any_of",
        "on": ["driver.offered"],
        "reads": ["driver.offered"],
        "emits": {"one_of": ["driver.assigned", "driver.declined"]},
        "within_ms": 10_000,
        "optional": false,
    });
    assert_eq!(json["steps"][1], decide);
    let back: farandole_workflow::Contract = serde_json::from_value(json).unwrap();
    assert_eq!(back, contract);
}

fn trip() -> (Workflow, Catalog) {
    let schemas = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas");
    let mut catalog = Catalog::new();
    for event in fs::read_dir(schemas.join("events")).unwrap() {
        for file in fs::read_dir(event.unwrap().path()).unwrap() {
            let path = file.unwrap().path();
            if path
                .extension()
                .is_some_and(|extension| extension == "avsc")
            {
                catalog
                    .add(EventSchema::parse(&fs::read_to_string(&path).unwrap()).unwrap())
                    .unwrap();
            }
        }
    }
    let text = fs::read_to_string(schemas.join("workflows/trip/v1.yaml")).unwrap();
    (
        parse("trip/v1.yaml", &text).unwrap_or_else(|report| panic!("{}", report.render())),
        catalog,
    )
}
