//! Asks the tracker whether it saw every trip end the same way.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use crate::client::Status;

const PAUSE: Duration = Duration::from_millis(500);

/// What the tracker and the trip service disagree about.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Disagreement {
    /// How many trips agree.
    pub agree: usize,
    /// The others, each with what the tracker says.
    pub differ: Vec<(Uuid, String)>,
}

/// An instance as the tracker lists it.
#[derive(Debug, Deserialize)]
struct Instance {
    key: Option<String>,
    status: String,
    #[serde(default)]
    flags: Vec<String>,
}

impl Instance {
    fn deviated(&self) -> bool {
        self.flags.iter().any(|flag| flag == "deviated")
    }
}

#[derive(Debug, Deserialize)]
struct Page {
    instances: Vec<Instance>,
    next_cursor: Option<String>,
}

/// What the tracker counts over all trips.
#[derive(Debug, Deserialize)]
pub struct Counts {
    /// Instances in each status.
    pub statuses: BTreeMap<String, u64>,
    /// Instances that went another way than their workflow.
    pub deviated: u64,
    /// Identical records under an id that was there already, which consumers drop.
    pub repeats: u64,
}

impl Counts {
    /// Asks the tracker.
    ///
    /// # Errors
    /// It does not answer.
    pub async fn ask(url: &str) -> reqwest::Result<Self> {
        let url = format!("{}/api/workflows/trip", url.trim_end_matches('/'));
        let answer = client()?.get(url).send().await?;
        answer.error_for_status()?.json().await
    }
}

impl std::fmt::Display for Counts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let of = |status| self.statuses.get(status).copied().unwrap_or(0);
        write!(
            f,
            "{} completed, {} failed, ",
            of("completed"),
            of("failed")
        )?;
        write!(f, "{} running, {} stuck, ", of("running"), of("stuck"))?;
        write!(
            f,
            "{} deviated, {} identical repeats",
            self.deviated, self.repeats
        )
    }
}

fn client() -> reqwest::Result<reqwest::Client> {
    reqwest::Client::builder()
        .timeout(Duration::from_secs(20))
        .no_proxy()
        .build()
}

/// Compares until all trips agree, or until the deadline.
///
/// # Errors
/// The tracker did not answer up to the deadline: its last error.
pub async fn compare(
    url: &str,
    ends: &BTreeMap<Uuid, Status>,
    deadline: Instant,
) -> reqwest::Result<Disagreement> {
    let http = client()?;
    loop {
        let seen = instances(&http, url.trim_end_matches('/')).await;
        let late = Instant::now() + PAUSE > deadline;
        match seen.map(|seen| differences(ends, &seen)) {
            Ok(found) if found.differ.is_empty() || late => return Ok(found),
            Err(error) if late => return Err(error),
            _ => sleep(PAUSE).await,
        }
    }
}

async fn instances(
    http: &reqwest::Client,
    url: &str,
) -> reqwest::Result<BTreeMap<String, Instance>> {
    let (mut found, mut cursor) = (BTreeMap::new(), None::<String>);
    loop {
        let mut query = vec![("workflow", "trip".to_owned()), ("limit", "500".to_owned())];
        query.extend(cursor.map(|cursor| ("cursor", cursor)));
        let request = http.get(format!("{url}/api/instances")).query(&query);
        let page: Page = request.send().await?.error_for_status()?.json().await?;
        found.extend(
            page.instances
                .into_iter()
                .filter_map(|instance| Some((instance.key.clone()?, instance))),
        );
        cursor = page.next_cursor;
        if cursor.is_none() {
            return Ok(found);
        }
    }
}

fn differences(ends: &BTreeMap<Uuid, Status>, seen: &BTreeMap<String, Instance>) -> Disagreement {
    let mut found = Disagreement::default();
    for (trip_id, end) in ends {
        let expected = if *end == Status::Completed {
            "completed"
        } else {
            "failed"
        };
        match seen.get(&trip_id.to_string()) {
            Some(instance) if instance.status == expected && !instance.deviated() => {
                found.agree += 1;
            }
            Some(instance) => {
                let deviated = if instance.deviated() {
                    ", deviated"
                } else {
                    ""
                };
                let said = format!(
                    "ended {end:?}; the tracker says {}{deviated}",
                    instance.status
                );
                found.differ.push((*trip_id, said));
            }
            None => found.differ.push((
                *trip_id,
                format!("ended {end:?}; the tracker does not know it"),
            )),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trip_agrees_when_the_tracker_saw_the_same_end_and_no_deviation() {
        let page: Page = serde_json::from_value(serde_json::json!({
            "instances": [
                {"key": Uuid::from_u128(1), "status": "completed", "flags": []},
                {"key": Uuid::from_u128(2), "status": "stuck"},
                {"key": Uuid::from_u128(3), "status": "failed", "flags": ["late", "deviated"]},
            ],
            "next_cursor": null
        }))
        .unwrap();
        let seen = page
            .instances
            .into_iter()
            .map(|instance| (instance.key.clone().unwrap(), instance))
            .collect();
        let ends = [
            (1, Status::Completed),
            (2, Status::Cancelled),
            (3, Status::Unfulfilled),
            (4, Status::Completed),
        ];
        let ends = ends
            .into_iter()
            .map(|(id, end)| (Uuid::from_u128(id), end))
            .collect();
        let found = differences(&ends, &seen);
        assert_eq!(found.agree, 1, "{:?}", found.differ);
        let said: Vec<&str> = found.differ.iter().map(|(_, said)| said.as_str()).collect();
        assert!(
            said[0].ends_with("stuck")
                && said[1].ends_with("deviated")
                && said[2].ends_with("does not know it"),
            "{said:?}"
        );
    }
}
