//! Diagrams of the trip workflow.

use farandole_workflow::{Workflow, draw, parse};

fn trip() -> Workflow {
    parse(
        "trip/v1.yaml",
        include_str!("../../../schemas/workflows/trip/v1.yaml"),
    )
    .unwrap()
}

#[test]
fn mermaid_shows_steps_by_participant_and_events_on_arrows() {
    let text = draw::mermaid(&trip());
    for line in [
        "  subgraph p0[\"driver-assignment\"]",
        "    s0([\"request\"])",
        "    s1[\"offer\"]",
        "  s0 -->|trip.requested| s1",
        "  s2 -->|driver.declined| s1",
        "  s2 -.->|driver.assigned| s5",
        "  e0([\"trip.completed\"]):::completed",
        "  s6 --> e0",
    ] {
        assert!(
            text.lines().any(|found| found == line),
            "no line {line:?} in\n{text}"
        );
    }
}

#[test]
fn the_drawing_has_a_figure_for_every_step_and_event_inside_its_frame() {
    let workflow = trip();
    let svg = draw::svg(&workflow);
    for step in &workflow.steps {
        assert_eq!(
            svg.matches(&format!("data-step=\"{}\"", step.name)).count(),
            1,
            "{}",
            step.name
        );
    }
    for event in workflow.events() {
        assert_eq!(
            svg.matches(&format!("data-event=\"{event}\"")).count(),
            1,
            "{event}"
        );
    }
    assert!(svg.contains("currentColor"), "colours come from the page");
}

#[test]
fn figures_of_one_row_do_not_overlap() {
    let svg = draw::svg(&trip());
    let mut boxes: Vec<(u32, u32, u32)> = Vec::new();
    for rect in svg.split("<rect ").skip(1) {
        let number = |name: &str| -> u32 {
            let (_, rest) = rect.split_once(&format!("{name}=\"")).unwrap();
            rest.split('"').next().unwrap().parse().unwrap()
        };
        boxes.push((
            number("y") + number("height") / 2,
            number("x"),
            number("x") + number("width"),
        ));
    }
    boxes.sort_unstable();
    for pair in boxes.windows(2) {
        assert!(pair[0].0 != pair[1].0 || pair[0].2 < pair[1].1, "{pair:?}");
    }
}
