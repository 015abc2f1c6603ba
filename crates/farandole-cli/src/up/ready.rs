//! Waiting until every service says over HTTP that it is ready.

use crate::say::tell;
use std::time::Duration;

use super::watch::Fleet;

/// How long services may take to become ready before the load starts all the same.
const PATIENCE: Duration = Duration::from_secs(30);
const LOOK: Duration = Duration::from_millis(100);

/// Returns when all are ready, or have ended, or their time is up.
pub(super) async fn wait(fleet: &mut Fleet) {
    let Ok(http) = reqwest::Client::builder()
        .timeout(Duration::from_secs(1))
        .no_proxy()
        .build()
    else {
        return;
    };
    let waiting: Vec<(String, String)> = fleet
        .all()
        .filter_map(|one| Some((one.plan.name.clone(), one.plan.ready.clone()?)))
        .collect();
    let all = ask(&http, &waiting);
    tokio::select! {
        late = all => late.iter().for_each(|(name, reason)| tell!("warning: {name} is not ready after {} s: {reason}", PATIENCE.as_secs())),
        () = fleet.first_end() => {}
    }
}

async fn ask(http: &reqwest::Client, waiting: &[(String, String)]) -> Vec<(String, String)> {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    let mut late = Vec::new();
    for (name, url) in waiting {
        loop {
            let reason = match http.get(url).send().await {
                Ok(answer) if answer.status().is_success() => break,
                Ok(answer) => answer.text().await.unwrap_or_default(),
                Err(error) => format!("no answer ({error})"),
            };
            if tokio::time::Instant::now() >= deadline {
                late.push((name.clone(), reason));
                break;
            }
            tokio::time::sleep(LOOK).await;
        }
    }
    late
}
