//! Settings of a broker.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

/// Settings of a broker. The default suits a test: loopback, a free port, memory only.
#[derive(Debug, Clone)]
pub struct Config {
    /// The address to listen on. Port 0 takes a free port; [`Broker::address`](crate::Broker::address)
    /// tells which. Default: `127.0.0.1:0`.
    pub listen: SocketAddr,
    /// Whether `listen` may be an address other than loopback. The broker has no authentication:
    /// whoever reaches it may read and write everything. Default: `false`.
    pub allow_remote: bool,
    /// The folder that keeps topics, records, committed offsets and producer ids; created when
    /// missing. `None` keeps everything in memory. Default: `None`.
    pub data: Option<PathBuf>,
    /// Whether a metadata request that allows it creates the unknown topics it names.
    /// Default: `false`.
    pub auto_create_topics: bool,
    /// The number of partitions of a topic created without one. Default: 6.
    pub default_partitions: i32,
    /// Whether to keep a log of requests for [`Broker::requests`](crate::Broker::requests).
    /// Default: `false`.
    pub request_log: bool,
    /// The cluster id to answer with. `None` keeps the one found in `data`, or makes one.
    pub cluster_id: Option<String>,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            allow_remote: false,
            data: None,
            auto_create_topics: false,
            default_partitions: 6,
            request_log: false,
            cluster_id: None,
        }
    }
}
