//! The binary `farandole-tracker`.

use std::{process::ExitCode, time::Duration};

use clap::Parser;
use farandole_runtime::{Shutdown, telemetry};
use farandole_tracker::{Options, run};

/// How long questions that a silent broker leaves open are waited for at the end.
const LEFT_OVER: Duration = Duration::from_millis(500);

fn main() -> ExitCode {
    let options = Options::parse();
    telemetry::init(options.common.log_format, "info");
    let data = options.data.display().to_string();
    let ready =
        |address| tracing::info!("the tracker's page: http://{address}/ (its file: {data})");
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error),
    };
    let ended = runtime.block_on(async { run(options, Shutdown::on_signals(), ready).await });
    runtime.shutdown_timeout(LEFT_OVER);
    ended.map_or_else(|error| failed(&error), |()| ExitCode::SUCCESS)
}

fn failed(error: &dyn std::error::Error) -> ExitCode {
    eprintln!("farandole-tracker: {error}");
    ExitCode::FAILURE
}
