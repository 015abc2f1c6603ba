//! What clients asked, for tests that want to know.

use std::sync::Mutex;

/// A request that a client made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The client's `client.id`, empty when it gave none.
    pub client_id: String,
    /// The kind of request by its name in the protocol: `"Metadata"`, `"Fetch"`.
    pub kind: &'static str,
    /// The version of the request.
    pub version: i16,
    /// When it arrived, in milliseconds since 1970.
    pub at_ms: i64,
    /// The topics it names, for Metadata and CreateTopics requests; empty for the others.
    pub topics: Vec<String>,
    /// Whether it allows the topics it names to be created; Metadata requests only.
    pub allow_auto_topic_creation: Option<bool>,
}

/// The log of requests; keeps nothing unless asked to.
#[derive(Debug)]
pub(crate) struct RequestLog {
    entries: Option<Mutex<Vec<Request>>>,
}

impl RequestLog {
    pub(crate) fn new(enabled: bool) -> Self {
        RequestLog {
            entries: enabled.then(Mutex::default),
        }
    }

    pub(crate) fn enabled(&self) -> bool {
        self.entries.is_some()
    }

    pub(crate) fn add(&self, request: Request) {
        if let Some(entries) = &self.entries {
            crate::lock(entries).push(request);
        }
    }

    pub(crate) fn all(&self) -> Vec<Request> {
        self.entries
            .as_ref()
            .map(|e| crate::lock(e).clone())
            .unwrap_or_default()
    }

    pub(crate) fn clear(&self) {
        if let Some(entries) = &self.entries {
            crate::lock(entries).clear();
        }
    }
}
