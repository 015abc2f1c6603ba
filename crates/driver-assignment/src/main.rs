//! The driver-assignment service as a process. Start as many copies as you like, with the same `--data`.

use std::path::PathBuf;

use driver_assignment::Dispatcher;
use farandole::{Error, Service};
use rides::DriverPositioned;

#[derive(clap::Args)]
struct Settings {
    /// The folder that all copies of this service share, made if it is not there
    #[arg(
        long,
        env = "DRIVER_ASSIGNMENT_DATA",
        value_name = "FOLDER",
        default_value = "data/driver-assignment"
    )]
    data: PathBuf,
    /// Drivers farther away than this get no offer, in metres
    #[arg(long, value_name = "METRES", default_value_t = 5_000)]
    max_radius_m: u32,
}

#[tokio::main]
async fn main() -> farandole::Result<()> {
    let (service, settings) = Service::from_args_with::<Settings>("driver-assignment")?;
    std::fs::create_dir_all(&settings.data).map_err(|error| {
        Error::message(format!(
            "the folder {} can't be made: {error}",
            settings.data.display()
        ))
    })?;
    let dispatcher = Dispatcher::open(&settings.data, settings.max_radius_m)?;
    let relay = dispatcher
        .outbox()
        .relay(service.publisher(), service.shutdown());
    let positions = dispatcher.clone();
    service
        .on(move |event: DriverPositioned, _| {
            let positions = positions.clone();
            async move { positions.positioned(event).await }
        })
        .participant(rides::trip::driver_assignment(dispatcher))
        .background(relay)
        .run()
        .await
}
