//! `farandole broker`: the embedded broker alone.

use std::net::SocketAddr;
use std::path::PathBuf;

use farandole_broker::{Broker, Config};
use farandole_runtime::Shutdown;

use crate::error::CliError;
use crate::say::say;

/// Flags of `farandole broker`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Where it listens; port 0 takes any free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:9092")]
    listen: SocketAddr,
    /// The folder that keeps its topics; without one they are gone when it ends
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Let --listen be an address that others can reach. The broker has no authentication
    #[arg(long)]
    allow_remote: bool,
    /// Partitions of topics created without a number
    #[arg(long, value_name = "N", default_value_t = 6)]
    partitions: i32,
    /// Create topics when somebody asks for them
    #[arg(long)]
    auto_create_topics: bool,
}

/// Runs the embedded broker until a signal.
///
/// # Errors
/// It can't listen, or its folder can't be used.
pub async fn run(args: Args) -> Result<u8, CliError> {
    let config = Config {
        listen: args.listen,
        allow_remote: args.allow_remote,
        data: args.data,
        auto_create_topics: args.auto_create_topics,
        default_partitions: args.partitions,
        ..Config::default()
    };
    let shutdown = Shutdown::on_signals();
    let broker = Broker::start(config).await?;
    say!(
        "Kafka protocol at {} (for development and tests); Ctrl-C ends it",
        broker.bootstrap_servers()
    );
    shutdown.requested().await;
    broker.stop().await;
    Ok(0)
}
