//! The passive tracker: a pure fold over events, a store, an API and a page around it.

pub mod definitions;
pub mod fold;
pub mod view;
