//! The whole language, read from text.

use farandole_workflow::{
    Compensate, Emits, EndKind, StepStart, Trigger, Workflow, parse, unsupported,
};

const EVERYTHING: &str = r#"
workflow: order
version: 3
key: order_id
description: >
  From the basket
  to the door.
carries:
  order.placed: [customer_id, total]
  order.paid: receipt
steps:
  place: {by: shop, external: start, emits: order.placed, description: "The customer orders."}
  reserve:
    by: stock
    on: order.placed
    emits: {all_of: [stock.reserved, stock.counted]}
    within: 1500ms
    compensate: {of: stock.reserved, emits: stock.released}
  charge:
    by: payment
    on: {any_of: [order.placed, payment.retried]}
    reads: order.placed
    emits: {one_of: [order.paid, payment.refused]}
    within: 3d
    optional: false
  pack:
    by: stock
    on: {all_of: [stock.reserved, order.paid]}
    reads: [order.placed, order.paid]
    emits: {optional: {one_of: [parcel.packed, parcel.split]}}
    waits_for: person
  give-up:
    by: shop
    on: {no: order.paid, after: order.placed, for: 2m}
    emits: order.abandoned
  survey:
    by: shop
    on: parcel.packed
    optional: true
    emits: survey.sent
  retry-payment:
    by: payment
    external: during
    after: [payment.refused, order.placed]
    emits: payment.retried
  call-off: {by: shop, external: during, emits: order.cancelled}
  reorder:
    by: shop
    starts_on: {event: subscription.due, key: subscription_id}
    emits: order.placed
ends:
  completed: parcel.packed
  failed: {any_of: [order.abandoned, order.cancelled]}
"#;

fn everything() -> Workflow {
    parse("order/v3.yaml", EVERYTHING).unwrap_or_else(|report| panic!("{}", report.render()))
}

fn step<'a>(workflow: &'a Workflow, name: &str) -> &'a farandole_workflow::Step {
    workflow
        .step(name)
        .unwrap_or_else(|| panic!("no step {name}"))
}

fn names(events: &[&str]) -> Vec<String> {
    events.iter().map(|event| (*event).to_owned()).collect()
}

#[test]
fn the_head_names_the_workflow_and_its_key() {
    let workflow = everything();
    assert_eq!(
        (
            workflow.name.as_str(),
            workflow.version,
            workflow.key.as_str()
        ),
        ("order", 3, "order_id")
    );
    assert_eq!(
        workflow.description.as_deref(),
        Some("From the basket to the door.")
    );
    assert_eq!(workflow.carries["order.placed"], ["customer_id", "total"]);
    assert_eq!(workflow.carries["order.paid"], ["receipt"]);
    assert_eq!(workflow.source, EVERYTHING);
    assert_eq!(
        workflow.hash,
        farandole_event::sha256_hex(EVERYTHING.as_bytes())
    );
}

#[test]
fn steps_keep_the_order_of_the_file() {
    let workflow = everything();
    let steps: Vec<&str> = workflow
        .steps
        .iter()
        .map(|step| step.name.as_str())
        .collect();
    let expected = [
        "place",
        "reserve",
        "charge",
        "pack",
        "give-up",
        "survey",
        "retry-payment",
        "call-off",
        "reorder",
    ];
    assert_eq!(steps, expected);
    let of_shop: Vec<&str> = workflow
        .steps_of("shop")
        .map(|step| step.name.as_str())
        .collect();
    assert_eq!(
        of_shop,
        ["place", "give-up", "survey", "call-off", "reorder"]
    );
}

#[test]
fn every_kind_of_start_is_understood() {
    let workflow = everything();
    let start = |name| &step(&workflow, name).start;
    assert_eq!(start("place"), &StepStart::External);
    assert_eq!(
        start("reserve"),
        &StepStart::On(Trigger::Any(names(&["order.placed"])))
    );
    assert_eq!(
        start("charge"),
        &StepStart::On(Trigger::Any(names(&["order.placed", "payment.retried"])))
    );
    assert_eq!(
        start("pack"),
        &StepStart::On(Trigger::All(names(&["stock.reserved", "order.paid"])))
    );
    let absence = Trigger::Absence {
        no: "order.paid".into(),
        after: "order.placed".into(),
        for_ms: 120_000,
    };
    assert_eq!(start("give-up"), &StepStart::On(absence));
    assert_eq!(
        start("retry-payment"),
        &StepStart::During {
            after: names(&["payment.refused", "order.placed"])
        }
    );
    assert_eq!(start("call-off"), &StepStart::During { after: Vec::new() });
    let child = StepStart::StartsOn {
        event: "subscription.due".into(),
        key: "subscription_id".into(),
    };
    assert_eq!(start("reorder"), &child);
}

#[test]
fn every_kind_of_output_is_understood() {
    let workflow = everything();
    let emits = |name| &step(&workflow, name).emits;
    assert_eq!(emits("place"), &Emits::One("order.placed".into()));
    assert_eq!(
        emits("reserve"),
        &Emits::AllOf(names(&["stock.reserved", "stock.counted"]))
    );
    assert_eq!(
        emits("charge"),
        &Emits::OneOf(names(&["order.paid", "payment.refused"]))
    );
    let packed = Emits::OneOf(names(&["parcel.packed", "parcel.split"]));
    assert_eq!(emits("pack"), &Emits::Optional(Box::new(packed)));
    let undo = Compensate {
        of: "stock.reserved".into(),
        emits: Emits::One("stock.released".into()),
    };
    assert_eq!(step(&workflow, "reserve").compensate, Some(undo));
}

#[test]
fn deadlines_people_and_options_are_understood() {
    let workflow = everything();
    assert_eq!(step(&workflow, "reserve").within_ms, Some(1_500));
    assert_eq!(
        step(&workflow, "charge").within_ms,
        Some(3 * 24 * 3_600_000)
    );
    assert_eq!(step(&workflow, "pack").within_ms, None);
    assert!(
        step(&workflow, "pack").waits_for_person && !step(&workflow, "charge").waits_for_person
    );
    assert!(step(&workflow, "survey").optional && !step(&workflow, "charge").optional);
    assert_eq!(
        step(&workflow, "place").description.as_deref(),
        Some("The customer orders.")
    );
    assert_eq!(
        step(&workflow, "pack").reads,
        ["order.placed", "order.paid"]
    );
}

#[test]
fn a_firing_is_mandatory_unless_the_step_or_its_output_is_optional() {
    let workflow = everything();
    let mandatory: Vec<&str> = workflow
        .steps
        .iter()
        .filter(|step| workflow.is_mandatory(step))
        .map(|step| step.name.as_str())
        .collect();
    assert_eq!(
        mandatory,
        [
            "place",
            "reserve",
            "charge",
            "give-up",
            "retry-payment",
            "call-off",
            "reorder"
        ]
    );
}

#[test]
fn single_triggers_and_any_of_fire_once_per_event() {
    let workflow = everything();
    let fired = |event| {
        workflow
            .triggered_by(event)
            .map(|step| step.name.as_str())
            .collect::<Vec<_>>()
    };
    assert_eq!(fired("order.placed"), ["reserve", "charge"]);
    assert_eq!(fired("payment.retried"), ["charge"]);
    assert_eq!(
        fired("stock.reserved"),
        Vec::<&str>::new(),
        "a join is no single trigger"
    );
    assert_eq!(
        fired("subscription.due"),
        Vec::<&str>::new(),
        "a child begins in another instance"
    );
    let opened: Vec<&str> = workflow
        .opened_by("order.placed")
        .map(|step| step.name.as_str())
        .collect();
    assert_eq!(opened, ["retry-payment"]);
}

#[test]
fn a_failure_end_is_told_from_success() {
    let workflow = everything();
    assert_eq!(workflow.end_kind("parcel.packed"), Some(EndKind::Completed));
    assert_eq!(workflow.end_kind("order.cancelled"), Some(EndKind::Failed));
    assert_eq!(workflow.end_kind("order.paid"), None);
}

#[test]
fn what_the_runtime_cannot_do_yet_is_named() {
    let refused = unsupported(&everything());
    let expected = [
        "workflow order v3: step `reserve` of stock undoes an effect (`compensate`); compensation can't run yet",
        "workflow order v3: step `charge` of payment reads events other than its trigger (`reads`); that can't run yet, `carries` brings single fields",
        "workflow order v3: step `pack` of stock waits for several events (`on: {all_of: …}`); joins can't run yet",
        "workflow order v3: step `pack` of stock reads events other than its trigger (`reads`); that can't run yet, `carries` brings single fields",
        "workflow order v3: step `give-up` of shop fires when an event stays away (`on: {no: …}`); absences can't run yet",
        "workflow order v3: step `reorder` of shop begins on another workflow's event (`starts_on`); child workflows can't run yet",
    ];
    assert_eq!(refused, expected);
}

#[test]
fn reading_exactly_the_trigger_is_no_more_than_the_trigger() {
    let text = "workflow: w\nversion: 1\nkey: k\nsteps:\n  a: {by: p, external: start, emits: x}\n  b: {by: p, on: x, reads: x, emits: y}\nends: {completed: y}\n";
    assert_eq!(
        unsupported(&parse("w.yaml", text).unwrap()),
        Vec::<String>::new()
    );
}

#[test]
fn anchors_quotes_comments_and_a_byte_order_mark_are_harmless() {
    let text = "\u{feff}# a comment\n\"workflow\": 'w'\nversion: 1\nkey: k\nsteps:\n  a: {by: &who p, external: start, emits: x}\n  b: {by: *who, on: x, emits: 'y'}\nends: {completed: y}\n";
    let workflow = parse("w.yaml", text).unwrap_or_else(|report| panic!("{}", report.render()));
    assert_eq!(workflow.steps[1].by, "p");
}

#[test]
fn words_that_yaml_takes_for_other_types_stay_words() {
    let text = "workflow: yes\nversion: 1\nkey: k\nsteps:\n  no: {by: on, external: start, emits: off}\nends: {completed: off}\n";
    let workflow = parse("w.yaml", text).unwrap_or_else(|report| panic!("{}", report.render()));
    assert_eq!(
        (workflow.name.as_str(), workflow.steps[0].name.as_str()),
        ("yes", "no")
    );
    assert_eq!(
        (
            workflow.steps[0].by.as_str(),
            workflow.ends.completed[0].as_str()
        ),
        ("on", "off")
    );
}
