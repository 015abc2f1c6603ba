use std::{net::SocketAddr, path::PathBuf};

use clap::Parser;
use farandole_runtime::CommonArgs;

/// Follows every workflow instance on Kafka, without taking part: it reads, and can write nothing.
#[derive(Clone, Debug, Parser)]
#[command(name = "farandole-tracker", version)]
pub struct Options {
    /// Kafka and logs
    #[command(flatten)]
    pub common: CommonArgs,
    /// Where the page and the API are served. Anybody who can connect can read everything: loopback unless you mean it
    #[arg(
        long,
        env = "FARANDOLE_TRACKER_LISTEN",
        value_name = "ADDRESS",
        default_value = "127.0.0.1:7070"
    )]
    pub listen: SocketAddr,
    /// The tracker's own file. Deleting it costs nothing but the time to read the topics again
    #[arg(
        long,
        env = "FARANDOLE_TRACKER_DATA",
        value_name = "FILE",
        default_value = "tracker.db"
    )]
    pub data: PathBuf,
    /// The name under which brokers see it
    #[arg(long, value_name = "NAME", default_value = "farandole-tracker")]
    pub client_id: String,
    /// Follow this topic too, besides those of known schemas, dead letters and signals; may be given again
    #[arg(long = "topic", value_name = "TOPIC")]
    pub topics: Vec<String>,
    /// Deadline of steps that must emit and declare none, such as 60s; without it they are never overdue
    #[arg(long, value_name = "DURATION", value_parser = farandole_workflow::parse_duration)]
    pub default_within: Option<i64>,
}
