//! The `farandole` command.

use std::process::ExitCode;

use clap::Parser;
use farandole_cli::Cli;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    farandole_runtime::telemetry::init(cli.common.log_format, "warn");
    match farandole_cli::run(cli).await {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}
