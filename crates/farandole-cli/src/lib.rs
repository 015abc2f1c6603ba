//! The farandole command line.
//!
//! [`cli`] says what can be asked, [`command`] has one file per command, [`up`] starts a whole system on one machine.
//! Exit codes: 0 fine; 1 the answer is "no" (unhealthy, incompatible, a topic is missing); 2 the question could not be answered.

pub mod cli;
pub mod command;
pub mod error;
pub mod project;
pub mod released;
mod say;
mod table;
pub mod topics;
pub mod tracker;
pub mod up;

pub use cli::{Cli, run};
pub use error::CliError;
