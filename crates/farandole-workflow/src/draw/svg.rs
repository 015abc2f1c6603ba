use super::layers::{EVENT_HEIGHT, Edge, Kind, Layout, Node, STEP_HEIGHT, layout};
use crate::{EndKind, Workflow};

/// Figures cover the arrows behind them with the page's own ground.
const GROUND: &str = "fill:var(--ground, Canvas)";

/// The workflow as an SVG drawing of its own: steps as boxes (rounded where somebody outside acts), events as pills, the rest as arrows.
/// Lines and text take `currentColor`, so it suits light and dark pages; figures are filled
/// with the CSS variable `--ground`, or the page's canvas. Boxes carry `data-step`, pills `data-event`: a page can
/// write counts onto them.
pub fn svg(workflow: &Workflow) -> String {
    let drawing = layout(workflow);
    let Layout {
        nodes,
        edges,
        width,
        height,
    } = &drawing;
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" role=\"img\" \
         font-family=\"system-ui, sans-serif\" font-size=\"12\" fill=\"none\" stroke=\"currentColor\">\n\
         <title>{} v{}</title>\n\
         <defs><marker id=\"arrow\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" orient=\"auto\">\
         <path d=\"M0 0 8 4 0 8z\" fill=\"currentColor\" stroke=\"none\"/></marker></defs>\n",
        escape(&workflow.name),
        workflow.version
    );
    for edge in edges {
        text.push_str(&path(nodes, edge));
    }
    for node in nodes {
        text.push_str(&figure(node));
    }
    text.push_str("</svg>\n");
    text
}

fn half_height(node: &Node<'_>) -> u32 {
    match node.kind {
        Kind::Step(_) => STEP_HEIGHT / 2,
        Kind::Event(_) => EVENT_HEIGHT / 2,
    }
}

/// Arrows go down from the bottom; those that lead back or sideways bow out to the side.
fn path(nodes: &[Node<'_>], edge: &Edge) -> String {
    let (from, to) = (&nodes[edge.from], &nodes[edge.to]);
    let dash = if edge.dashed {
        " stroke-dasharray=\"4 3\""
    } else {
        ""
    };
    let line = if from.row < to.row {
        let (start, end) = (from.y + half_height(from), to.y - half_height(to));
        let middle = (start + end) / 2;
        format!(
            "M{} {start}C{} {middle} {} {middle} {} {end}",
            from.x, from.x, to.x, to.x
        )
    } else {
        let (start, end) = (from.x + from.width / 2, to.x + to.width / 2);
        let bow = start.max(end) + 24;
        format!(
            "M{start} {}C{bow} {} {bow} {} {end} {}",
            from.y, from.y, to.y, to.y
        )
    };
    format!("<path d=\"{line}\" opacity=\"0.55\"{dash} marker-end=\"url(#arrow)\"/>\n")
}

fn figure(node: &Node<'_>) -> String {
    let half = half_height(node);
    let (x, y, width, height) = (node.x - node.width / 2, node.y - half, node.width, 2 * half);
    let label = escape(node.label);
    match &node.kind {
        Kind::Step(step) => {
            let radius = if step.is_external() {
                STEP_HEIGHT / 2
            } else {
                5
            };
            format!(
                "<g data-step=\"{label}\"><rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"{radius}\" stroke-width=\"1.5\" style=\"{GROUND}\"/>\
                 <text x=\"{}\" y=\"{}\" text-anchor=\"middle\" fill=\"currentColor\" stroke=\"none\" font-weight=\"600\">{label}</text>\
                 <text x=\"{}\" y=\"{}\" text-anchor=\"middle\" fill=\"currentColor\" stroke=\"none\" font-size=\"10\" opacity=\"0.7\">{}</text></g>\n",
                node.x,
                node.y - 2,
                node.x,
                node.y + 12,
                escape(&step.by)
            )
        }
        Kind::Event(end) => {
            let look = match end {
                Some(EndKind::Completed) => " stroke=\"#2e9e4f\" stroke-width=\"2\"",
                Some(EndKind::Failed) => " stroke=\"#d9534f\" stroke-width=\"2\"",
                None => " stroke-opacity=\"0.35\"",
            };
            format!(
                "<g data-event=\"{label}\"><rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"{half}\"{look} style=\"{GROUND}\"/>\
                 <text x=\"{}\" y=\"{}\" text-anchor=\"middle\" fill=\"currentColor\" stroke=\"none\" font-size=\"11\">{label}</text></g>\n",
                node.x,
                node.y + 4
            )
        }
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
