//! The notification service as a process.

use std::path::PathBuf;

use farandole::{Error, Service};
use notification::{LogChannel, LogFile, Notifier};

#[derive(clap::Args)]
struct Settings {
    /// The folder of the notification log, made if it is not there; each copy of this service needs its own
    #[arg(
        long,
        env = "NOTIFICATION_DATA",
        value_name = "FOLDER",
        default_value = "data/notification"
    )]
    data: PathBuf,
}

#[tokio::main]
async fn main() -> farandole::Result<()> {
    let (service, settings) = Service::from_args_with::<Settings>("notification")?;
    std::fs::create_dir_all(&settings.data).map_err(|error| {
        Error::message(format!(
            "the folder {} can't be made: {error}",
            settings.data.display()
        ))
    })?;
    let channel = LogChannel::new(LogFile::open(&settings.data.join("notifications.jsonl"))?)?;
    service
        .participant(rides::trip::notification(Notifier::new(channel)))
        .run()
        .await
}
