//! The trip service as a process.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use farandole::{Error, Service};
use trip::{Patience, Trips};

#[derive(clap::Args)]
struct Settings {
    /// Serve HTTP here
    #[arg(
        long,
        env = "TRIP_LISTEN",
        value_name = "ADDRESS",
        default_value = "127.0.0.1:8081"
    )]
    listen: SocketAddr,
    /// The folder of the trip database, made if it is not there
    #[arg(
        long,
        env = "TRIP_DATA",
        value_name = "FOLDER",
        default_value = "data/trip"
    )]
    data: PathBuf,
    /// Give up when no driver was found for so many seconds
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = seconds)]
    patience: Duration,
    /// Ask again so many seconds after nobody was free
    #[arg(long, value_name = "SECONDS", default_value = "2", value_parser = seconds)]
    search_interval: Duration,
}

#[tokio::main]
async fn main() -> farandole::Result<()> {
    let (service, settings) = Service::from_args_with::<Settings>("trip")?;
    let patience = Patience {
        patience_ms: settings.patience.as_millis() as i64,
        search_interval_ms: settings.search_interval.as_millis() as i64,
    };
    std::fs::create_dir_all(&settings.data).map_err(|error| {
        Error::message(format!(
            "the folder {} can't be made: {error}",
            settings.data.display()
        ))
    })?;
    let trips = Trips::open(&settings.data.join("trip.sqlite3"), patience)?;
    let relay = trips
        .outbox()
        .relay(service.publisher(), service.shutdown());
    let alarm = trip::ring(trips.clone(), service.shutdown());
    service
        .http(trip::router(trips.clone()), settings.listen)
        .participant(rides::trip::trip(trips))
        .background(relay)
        .background(alarm)
        .run()
        .await
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text
        .parse()
        .map_err(|_| "write a number of seconds".to_owned())?;
    Duration::try_from_secs_f64(seconds)
        .ok()
        .filter(|length| length.as_secs() < 1_000_000)
        .ok_or_else(|| "write 0 to a million seconds".to_owned())
}
