//! The passive tracker: a pure fold over events, a store, an API and a page around it.
//!
//! It reads every topic and can write to none: it links nothing that publishes. What it keeps is the set of records of
//! every instance ([`fold`]); what it says about an instance ([`view`]) is a function of that set, the workflow
//! definitions, the time and the groups' offsets, so the order in which records arrived cannot matter.
//!
//! Reading routes: a record arrives → [`follow`], [`fold::read`], [`store`]; an answer is wrong → [`view`]; a question is
//! missing → [`api`]; the picture → `page/`.

pub mod api;
pub mod definitions;
pub mod fold;
pub mod follow;
pub mod inspect;
mod options;
mod page;
mod run;
pub mod store;
pub mod view;

pub use options::Options;
pub use run::{RunError, run};
