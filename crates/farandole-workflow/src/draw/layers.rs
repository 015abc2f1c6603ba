//! A layered layout: steps and events in rows, each below what it first follows from; fewer crossings by sorting rows by neighbours.

use std::collections::{BTreeMap, VecDeque};

use super::mermaid::arrows_into;
use crate::{EndKind, Step, Workflow};

pub(super) const ROW_HEIGHT: u32 = 74;
pub(super) const STEP_HEIGHT: u32 = 40;
pub(super) const EVENT_HEIGHT: u32 = 22;
const MARGIN: u32 = 16;
const GAP: u32 = 22;
const SWEEPS: usize = 8;

pub(super) enum Kind<'a> {
    Step(&'a Step),
    Event(Option<EndKind>),
}

pub(super) struct Node<'a> {
    pub(super) label: &'a str,
    pub(super) kind: Kind<'a>,
    pub(super) row: usize,
    /// Middle of the node.
    pub(super) x: u32,
    pub(super) y: u32,
    pub(super) width: u32,
}

pub(super) struct Edge {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) dashed: bool,
}

pub(super) struct Layout<'a> {
    pub(super) nodes: Vec<Node<'a>>,
    pub(super) edges: Vec<Edge>,
    pub(super) width: u32,
    pub(super) height: u32,
}

pub(super) fn layout(workflow: &Workflow) -> Layout<'_> {
    let (mut nodes, edges) = graph(workflow);
    assign_rows(&mut nodes, &edges);
    let rows = order_rows(&nodes, &edges);
    let (width, height) = place(&mut nodes, &rows);
    Layout {
        nodes,
        edges,
        width,
        height,
    }
}

fn graph(workflow: &Workflow) -> (Vec<Node<'_>>, Vec<Edge>) {
    let mut nodes: Vec<Node<'_>> = workflow
        .steps
        .iter()
        .map(|step| node(&step.name, Kind::Step(step)))
        .collect();
    let mut events: BTreeMap<&str, usize> = BTreeMap::new();
    for event in workflow.events() {
        events.insert(event, nodes.len());
        nodes.push(node(event, Kind::Event(workflow.end_kind(event))));
    }
    let mut edges = Vec::new();
    for (index, step) in workflow.steps.iter().enumerate() {
        for event in step.outputs() {
            edges.push(Edge {
                from: index,
                to: events[event],
                dashed: false,
            });
        }
        for (event, dashed) in arrows_into(step) {
            edges.push(Edge {
                from: events[event],
                to: index,
                dashed,
            });
        }
    }
    (nodes, edges)
}

fn node<'a>(label: &'a str, kind: Kind<'a>) -> Node<'a> {
    let text = match &kind {
        Kind::Step(step) => step.by.chars().count().max(label.chars().count() + 1) as u32 * 8 + 24,
        Kind::Event(_) => label.chars().count() as u32 * 7 + 20,
    };
    Node {
        label,
        kind,
        row: 0,
        x: 0,
        y: 0,
        width: text.max(70),
    }
}

/// Rows by the shortest way from a step that begins an instance; what can't be reached goes to the top.
fn assign_rows(nodes: &mut [Node<'_>], edges: &[Edge]) {
    let mut rows: Vec<Option<usize>> = vec![None; nodes.len()];
    let mut queue = VecDeque::new();
    for (index, node) in nodes.iter().enumerate() {
        if matches!(node.kind, Kind::Step(step) if step.begins_instance()) {
            rows[index] = Some(0);
            queue.push_back(index);
        }
    }
    while let Some(at) = queue.pop_front() {
        let next_row = rows[at].map_or(0, |row| row + 1);
        for edge in edges.iter().filter(|edge| edge.from == at) {
            if rows[edge.to].is_none() {
                rows[edge.to] = Some(next_row);
                queue.push_back(edge.to);
            }
        }
    }
    for (node, row) in nodes.iter_mut().zip(rows) {
        node.row = row.unwrap_or(0);
    }
}

/// Sorts each row by the mean position of its neighbours, down and up a few times.
fn order_rows(nodes: &[Node<'_>], edges: &[Edge]) -> Vec<Vec<usize>> {
    let last = nodes.iter().map(|node| node.row).max().unwrap_or(0);
    let mut rows: Vec<Vec<usize>> = vec![Vec::new(); last + 1];
    let mut position = vec![0.0_f64; nodes.len()];
    for (index, node) in nodes.iter().enumerate() {
        position[index] = rows[node.row].len() as f64;
        rows[node.row].push(index);
    }
    let mut neighbours: Vec<Vec<usize>> = vec![Vec::new(); nodes.len()];
    for edge in edges {
        neighbours[edge.from].push(edge.to);
        neighbours[edge.to].push(edge.from);
    }
    for sweep in 0..SWEEPS {
        let order: Vec<usize> = if sweep % 2 == 0 {
            (0..=last).collect()
        } else {
            (0..=last).rev().collect()
        };
        for row in order {
            let mean = |index: &usize| -> f64 {
                let near = &neighbours[*index];
                if near.is_empty() {
                    position[*index]
                } else {
                    near.iter().map(|n| position[*n]).sum::<f64>() / near.len() as f64
                }
            };
            let mut keyed: Vec<(f64, usize)> = rows[row]
                .iter()
                .map(|index| (mean(index), *index))
                .collect();
            keyed.sort_by(|a, b| a.0.total_cmp(&b.0));
            rows[row] = keyed.into_iter().map(|(_, index)| index).collect();
            let middle = rows[row].len() as f64 / 2.0;
            for (at, index) in rows[row].iter().enumerate() {
                position[*index] = at as f64 - middle;
            }
        }
    }
    rows
}

/// Centres every row; the drawing is as wide as its widest row.
fn place(nodes: &mut [Node<'_>], rows: &[Vec<usize>]) -> (u32, u32) {
    let row_width = |row: &Vec<usize>| {
        row.iter()
            .map(|index| nodes[*index].width + GAP)
            .sum::<u32>()
            .saturating_sub(GAP)
    };
    let widths: Vec<u32> = rows.iter().map(row_width).collect();
    let width = widths.iter().max().copied().unwrap_or(0) + 2 * MARGIN;
    for (at, row) in rows.iter().enumerate() {
        let mut x = (width - widths[at]) / 2;
        for index in row {
            let node = &mut nodes[*index];
            node.x = x + node.width / 2;
            node.y = MARGIN + at as u32 * ROW_HEIGHT + STEP_HEIGHT / 2;
            x += node.width + GAP;
        }
    }
    (
        width,
        MARGIN * 2 + rows.len() as u32 * ROW_HEIGHT - (ROW_HEIGHT - STEP_HEIGHT),
    )
}
