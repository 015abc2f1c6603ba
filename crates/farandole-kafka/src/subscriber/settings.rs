use std::time::Duration;

use farandole_engine::Settings;

/// What a [`Subscriber`](crate::Subscriber) reads, and its limits.
#[derive(Clone, Debug)]
pub struct SubscriberSettings {
    /// The consumer group; named like the participant.
    pub group: String,
    /// The `client.id`; should differ between copies of a service.
    pub client_id: String,
    /// The topics to read. All of them must exist.
    pub topics: Vec<String>,
    /// Limits of the engine: jobs in flight, records and bytes held, the breaker.
    pub engine: Settings,
    /// How long one try of a handler may take before it counts as failed. Default: 60 s.
    pub handler_timeout: Duration,
    /// How long running handlers may take to end when partitions are revoked or the process ends. Default: 10 s.
    pub drain: Duration,
    /// How often progress is committed. Default: 500 ms.
    pub commit_interval: Duration,
}

impl SubscriberSettings {
    /// The defaults for a group that reads these topics.
    pub fn new<T: Into<String>>(
        group: impl Into<String>,
        topics: impl IntoIterator<Item = T>,
    ) -> Self {
        let group = group.into();
        Self {
            client_id: group.clone(),
            group,
            topics: topics.into_iter().map(Into::into).collect(),
            engine: Settings::default(),
            handler_timeout: Duration::from_secs(60),
            drain: Duration::from_secs(10),
            commit_interval: Duration::from_millis(500),
        }
    }
}
