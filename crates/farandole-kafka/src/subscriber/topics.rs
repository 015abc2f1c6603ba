//! Are the topics there?

use std::collections::BTreeSet;
use std::time::Duration;

use farandole_runtime::{KafkaSettings, Shutdown};
use tokio::sync::watch;

use super::{Status, SubscribeError, SubscriberSettings};
use crate::{Admin, AdminError};

const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(3);

/// Waits until a broker answers and says that all topics exist; false when the shutdown came first.
pub(super) async fn wait_for_all(
    kafka: &KafkaSettings,
    settings: &SubscriberSettings,
    shutdown: &Shutdown,
    status: &watch::Sender<Status>,
) -> Result<bool, SubscribeError> {
    let group = settings.group.clone();
    if settings.topics.is_empty() {
        return Err(SubscribeError::NoTopics { group });
    }
    let admin = Admin::open(kafka).map_err(|error| match error {
        AdminError::Open(source) => SubscribeError::Client {
            group: group.clone(),
            source,
        },
        other => SubscribeError::Thread(std::io::Error::other(other)),
    })?;
    let mut pause = FIRST_PAUSE;
    loop {
        let answer = tokio::select! {
            answer = admin.topic_names() => answer,
            () = shutdown.requested() => return Ok(false),
        };
        match answer {
            Ok(names) => return missing(settings, names).map(|()| true),
            Err(error) => {
                tracing::warn!(%error, "waiting for Kafka");
                status.send_modify(|status| status.last_error = Some(error.to_string()));
            }
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => pause = (pause * 2).min(LONGEST_PAUSE),
            () = shutdown.requested() => return Ok(false),
        }
    }
}

fn missing(settings: &SubscriberSettings, existing: Vec<String>) -> Result<(), SubscribeError> {
    let existing: BTreeSet<String> = existing.into_iter().collect();
    let wanted: BTreeSet<String> = settings.topics.iter().cloned().collect();
    let topics: Vec<String> = wanted.difference(&existing).cloned().collect();
    if topics.is_empty() {
        Ok(())
    } else {
        Err(SubscribeError::MissingTopics {
            group: settings.group.clone(),
            topics,
        })
    }
}
