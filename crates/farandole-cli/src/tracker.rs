//! The tracker's HTTP API, as a client.

use std::time::Duration;

use serde_json::Value;

/// Why the tracker gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum TrackerError {
    /// It can't be reached.
    #[error(
        "no tracker answers at {url}: {reason}. Start one (`farandole up`, or farandole-tracker), or say where it is with --tracker"
    )]
    Unreachable {
        /// Where it was looked for.
        url: String,
        /// Why.
        reason: String,
    },
    /// It answered with a problem.
    #[error("the tracker says: {title} ({status}). {detail}")]
    Problem {
        /// The HTTP status.
        status: u16,
        /// Its words.
        title: String,
        /// What, and what to do.
        detail: String,
    },
}

/// A client of one tracker.
#[derive(Clone)]
pub struct Tracker {
    url: String,
    http: reqwest::Client,
}

impl Tracker {
    /// For the tracker at this URL; nothing is asked yet.
    ///
    /// # Errors
    /// No HTTP client can be made.
    pub fn at(url: &str) -> Result<Self, TrackerError> {
        let url = url.trim_end_matches('/').to_owned();
        let http = reqwest::Client::builder()
            .timeout(Duration::from_secs(30))
            .no_proxy()
            .build()
            .map_err(|error| TrackerError::Unreachable {
                url: url.clone(),
                reason: error.to_string(),
            })?;
        Ok(Self { url, http })
    }

    /// GET of a path (its parts are escaped) with a query.
    ///
    /// # Errors
    /// It can't be reached, or answers with a problem.
    pub async fn get(
        &self,
        parts: &[&str],
        query: &[(&str, String)],
    ) -> Result<Value, TrackerError> {
        let unreachable = |reason: String| TrackerError::Unreachable {
            url: self.url.clone(),
            reason,
        };
        let mut url =
            reqwest::Url::parse(&self.url).map_err(|error| unreachable(error.to_string()))?;
        url.path_segments_mut()
            .map_err(|()| unreachable("it is no http URL".into()))?
            .pop_if_empty()
            .push("api")
            .extend(parts);
        let answer = self
            .http
            .get(url)
            .query(query)
            .send()
            .await
            .map_err(|error| unreachable(root(&error)))?;
        let status = answer.status();
        let body: Value = answer.json().await.unwrap_or(Value::Null);
        if status.is_success() {
            return Ok(body);
        }
        let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        let candidates = body["candidates"]
            .as_array()
            .map(|all| format!(" Candidates: {}", Value::from(all.clone())))
            .unwrap_or_default();
        let title = if text("title").is_empty() {
            status.to_string()
        } else {
            text("title")
        };
        Err(TrackerError::Problem {
            status: status.as_u16(),
            title,
            detail: text("detail") + &candidates,
        })
    }
}

/// reqwest's own words name only the URL; the reason stands at the end of the chain.
fn root(error: &reqwest::Error) -> String {
    let mut reason: &dyn std::error::Error = error;
    while let Some(next) = reason.source() {
        reason = next;
    }
    reason.to_string()
}
