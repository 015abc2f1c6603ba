//! The binary `farandole-tracker`.

use std::process::ExitCode;

use clap::Parser;
use farandole_runtime::{Shutdown, telemetry};
use farandole_tracker::{Options, run};

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    telemetry::init(options.common.log_format, "info");
    let data = options.data.display().to_string();
    let ready =
        |address| tracing::info!("the tracker's page: http://{address}/ (its file: {data})");
    match run(options, Shutdown::on_signals(), ready).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("farandole-tracker: {error}");
            ExitCode::FAILURE
        }
    }
}
