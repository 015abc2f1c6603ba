//! Chores of the workspace: `cargo xtask demo` builds everything and shows it at work.

mod demo;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Chores of the workspace.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Xtask {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Debug, Subcommand)]
enum Chore {
    /// Build the workspace and run the rides example with its load: broker, three services, tracker, page
    Demo(demo::Args),
}

fn main() -> ExitCode {
    match Xtask::parse().chore {
        Chore::Demo(args) => demo::run(&args),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        super::Xtask::command().debug_assert();
    }
}
