//! The load of the rides example as a process. Exit code 0: every trip has ended as it should.

use std::process::ExitCode;

use farandole::{Service, Shutdown};
use rides_load::{Settings, run};

#[tokio::main]
async fn main() -> farandole::Result<ExitCode> {
    let (service, settings) = Service::from_args_with::<Settings>("rides-load")?;
    let fine = run(&settings, service.publisher(), Shutdown::on_signals()).await?;
    Ok(if fine {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
