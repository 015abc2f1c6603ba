//! Everything a broker keeps, and what every request handler is given.

use std::net::SocketAddr;
use std::sync::Arc;

use kafka_protocol::messages::BrokerId;
use kafka_protocol::protocol::StrBytes;

use crate::data::{self, Folder};
use crate::groups::Groups;
use crate::journal::Journal;
use crate::request_log::RequestLog;
use crate::topics::Topics;
use crate::{BrokerError, Config};

/// The one node's id.
pub(crate) const NODE: BrokerId = BrokerId(1);

/// Everything a broker keeps.
#[derive(Debug)]
pub(crate) struct Cluster {
    pub(crate) config: Config,
    pub(crate) id: String,
    pub(crate) journal: Arc<Journal>,
    pub(crate) topics: Topics,
    pub(crate) groups: Groups,
    pub(crate) requests: Arc<RequestLog>,
}

impl Cluster {
    /// Reads the data folder, if there is one.
    pub(crate) fn open(config: Config, requests: Arc<RequestLog>) -> Result<Cluster, BrokerError> {
        let folder = config
            .data
            .as_deref()
            .map(Folder::open)
            .transpose()?
            .map(Arc::new);
        let wanted = config.cluster_id.as_deref();
        let id = match &folder {
            Some(folder) => folder.cluster_id(wanted)?,
            None => wanted.map_or_else(data::new_cluster_id, str::to_owned),
        };
        let journal = Arc::new(Journal::open(folder.as_ref().map(|f| f.journal_path()))?);
        let topics = Topics::open(folder, &journal)?;
        let groups = Groups::open(Arc::clone(&journal));
        Ok(Cluster {
            config,
            id,
            journal,
            topics,
            groups,
            requests,
        })
    }
}

/// A request's surroundings: the broker, and who asks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Call<'a> {
    pub(crate) cluster: &'a Cluster,
    pub(crate) version: i16,
    pub(crate) client_id: &'a str,
    /// The client's address.
    pub(crate) remote: SocketAddr,
    /// The address at which the client reached the broker, and will again.
    pub(crate) local: SocketAddr,
}

impl Call<'_> {
    /// The host to tell clients.
    pub(crate) fn host(&self) -> StrBytes {
        text(self.local.ip().to_string())
    }

    /// The port to tell clients.
    pub(crate) fn port(&self) -> i32 {
        i32::from(self.local.port())
    }
}

/// A string of the protocol.
pub(crate) fn text(string: impl Into<String>) -> StrBytes {
    StrBytes::from_string(string.into())
}
