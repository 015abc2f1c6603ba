//! Diagrams of a workflow: Mermaid text and SVG.

mod layers;
mod mermaid;
mod svg;

pub use mermaid::mermaid;
pub use svg::svg;
