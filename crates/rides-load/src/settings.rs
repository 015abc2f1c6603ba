//! What can be set on the command line.

use std::path::PathBuf;
use std::time::Duration;

/// The flags.
#[derive(Clone, Debug, clap::Args)]
pub struct Settings {
    /// Where the trip service answers
    #[arg(
        long,
        env = "TRIP_URL",
        value_name = "URL",
        default_value = "http://127.0.0.1:8081"
    )]
    pub trip_url: String,
    /// Where the tracker answers; at the end, its view of every trip is compared
    #[arg(long, env = "TRACKER_URL", value_name = "URL")]
    pub tracker_url: Option<String>,
    /// How many trips [default: 2000, or all rows of --input]
    #[arg(long, value_name = "COUNT")]
    pub trips: Option<usize>,
    /// Requests a second
    #[arg(long, value_name = "RATE", default_value_t = 20.0, value_parser = positive)]
    pub rate: f64,
    /// How many drivers [default: enough for the rate]
    #[arg(long, value_name = "COUNT")]
    pub drivers: Option<usize>,
    /// How much faster than life rides are: at 60, a minute's ride takes a second
    #[arg(long, value_name = "FACTOR", default_value_t = 60.0, value_parser = positive)]
    pub time_scale: f64,
    /// Makes the same riders again; each seed should meet a trip service only once [default: from the clock]
    #[arg(long, value_name = "NUMBER")]
    pub seed: Option<u64>,
    /// Take trips from this CSV file (pickup, dropoff, passengers, distance, pickup_zone, dropoff_zone)
    #[arg(long, value_name = "FILE")]
    pub input: Option<PathBuf>,
    /// Share of riders who call it off
    #[arg(long, value_name = "SHARE", default_value_t = 0.1, value_parser = share)]
    pub cancel_share: f64,
    /// Share of riders who wait where no driver is near
    #[arg(long, value_name = "SHARE", default_value_t = 0.03, value_parser = share)]
    pub remote_share: f64,
    /// Seconds between two reports of a driver
    #[arg(long, value_name = "SECONDS", default_value_t = 5.0, value_parser = positive)]
    pub report_interval: f64,
    /// Write the id of every trip whose request was accepted to this file, a line each
    #[arg(long, value_name = "FILE")]
    pub accepted: Option<PathBuf>,
    /// Seconds that trips may take beyond the last request and the longest ride; includes the trip service's patience
    #[arg(long, value_name = "SECONDS", default_value_t = 180.0, value_parser = positive)]
    pub settle: f64,
}

impl Settings {
    /// Time between two requests.
    pub fn gap(&self) -> Duration {
        Duration::from_secs_f64(1.0 / self.rate)
    }
}

fn positive(text: &str) -> Result<f64, String> {
    let number: f64 = text.parse().map_err(|_| "write a number".to_owned())?;
    if (1e-3..=1e6).contains(&number) {
        Ok(number)
    } else {
        Err("write a number from 0.001 to a million".to_owned())
    }
}

fn share(text: &str) -> Result<f64, String> {
    let number: f64 = text.parse().map_err(|_| "write a number".to_owned())?;
    if (0.0..=1.0).contains(&number) {
        Ok(number)
    } else {
        Err("a share lies between 0 and 1".to_owned())
    }
}
