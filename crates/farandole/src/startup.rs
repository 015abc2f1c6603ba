//! What happens before the first event: topics are looked at, the catalog is read, and what this service is made of is published.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::time::Duration;

use farandole_event::system::{CATALOG, CatalogEntry, SIGNALS};
use farandole_event::{dead_letter, ids};
use farandole_kafka::{Admin, AdminError, Publisher};
use farandole_read::ReadError;
use farandole_read::catalog::Known;
use farandole_runtime::{KafkaSettings, Shutdown};
use farandole_workflow::project;

use crate::ServiceError;
use crate::signals::system_record;
use crate::wiring::Wiring;

/// How long to wait before the cluster is asked again.
const PAUSE: Duration = Duration::from_millis(500);
/// How often topics that are missing are looked for: services and `farandole topics apply` may start together.
const LOOKS: u32 = 6;

pub(crate) struct Startup<'a> {
    pub(crate) service: &'a str,
    pub(crate) kafka: &'a KafkaSettings,
    pub(crate) client_id: &'a str,
    pub(crate) shutdown: &'a Shutdown,
}

impl Startup<'_> {
    /// Waits for a broker, then for the topics a little, and checks them. False when the shutdown came first.
    pub(crate) async fn topics(&self, wiring: &Wiring) -> Result<bool, ServiceError> {
        let needed = self.needed(wiring);
        let names: Vec<&str> = needed.iter().map(String::as_str).collect();
        let admin = Admin::open(self.kafka)?;
        let mut said = Vec::new();
        for look in 1.. {
            let Some(found) = self
                .patiently("topics", || admin.describe_topics(&names))
                .await?
            else {
                return Ok(false);
            };
            let partitions: BTreeMap<&str, i32> = found
                .iter()
                .map(|topic| (topic.name.as_str(), topic.partitions))
                .collect();
            let problems = problems(self.service, &needed, &wiring.alike, &partitions);
            if problems.is_empty() {
                return Ok(true);
            }
            if look == LOOKS {
                return Err(ServiceError::Topics {
                    service: self.service.to_owned(),
                    problems,
                });
            }
            if said != problems {
                tracing::warn!(
                    problems = problems.join("; "),
                    "topics are not as they should be; looking again for a moment"
                );
                said = problems;
            }
            if self.pause().await {
                return Ok(false);
            }
        }
        Ok(false)
    }

    fn needed(&self, wiring: &Wiring) -> BTreeSet<String> {
        let mut needed: BTreeSet<String> = wiring
            .subscribes
            .union(&wiring.publishes)
            .cloned()
            .collect();
        needed.extend([SIGNALS.to_owned(), CATALOG.to_owned()]);
        if !wiring.subscribes.is_empty() {
            needed.insert(dead_letter::topic(self.service));
        }
        needed
    }

    /// Asks until a broker answers. `None` when the shutdown came first.
    async fn patiently<T, F>(
        &self,
        what: &str,
        ask: impl Fn() -> F,
    ) -> Result<Option<T>, AdminError>
    where
        F: Future<Output = Result<T, AdminError>>,
    {
        loop {
            let answer = tokio::select! {
                answer = ask() => answer,
                () = self.shutdown.requested() => return Ok(None),
            };
            match answer {
                Ok(answer) => return Ok(Some(answer)),
                Err(error @ AdminError::Unreachable { .. }) => {
                    tracing::warn!(%error, "{what} can't be looked at yet")
                }
                Err(error) => return Err(error),
            }
            if self.pause().await {
                return Ok(None);
            }
        }
    }

    /// Waits a little; true when the shutdown came.
    async fn pause(&self) -> bool {
        tokio::time::timeout(PAUSE, self.shutdown.requested())
            .await
            .is_ok()
    }

    /// Reads what others have published, and refuses what contradicts it. `None` when the shutdown came first.
    pub(crate) async fn catalog(&self, wiring: &mut Wiring) -> Result<Option<Known>, ServiceError> {
        let Some(known) = self.read_catalog().await? else {
            return Ok(None);
        };
        let mut problems = Vec::new();
        for schema in known
            .catalog
            .events()
            .flat_map(|event| known.catalog.versions(event))
        {
            if let Err(error) = wiring.catalog.add_shared(schema) {
                problems.push(format!("on {CATALOG}: {error}"));
            }
        }
        for workflow in &wiring.workflows {
            let published = known
                .workflows
                .get(&(workflow.name.clone(), number(workflow.version)));
            if published.is_some_and(|yaml| yaml != &workflow.source) {
                problems.push(format!(
                    "on {CATALOG}: workflow {} v{} is already known with another content: a released definition is frozen, add a new version",
                    workflow.name, workflow.version
                ));
            }
        }
        if problems.is_empty() {
            Ok(Some(known))
        } else {
            Err(ServiceError::Catalog {
                service: self.service.to_owned(),
                problems,
            })
        }
    }

    /// The broker that has shown the topics may be gone again: patiently, then.
    async fn read_catalog(&self) -> Result<Option<Known>, ReadError> {
        loop {
            let read = tokio::select! {
                read = farandole_read::catalog::load(self.kafka, self.client_id) => read,
                () = self.shutdown.requested() => return Ok(None),
            };
            match read {
                Ok(known) => return Ok(Some(known)),
                Err(error) if error.is_transient() => {
                    tracing::warn!(%error, "the catalog can't be read yet")
                }
                Err(error) => return Err(error),
            }
            if self.pause().await {
                return Ok(None);
            }
        }
    }

    /// Publishes what this service is made of and the catalog does not have yet.
    pub(crate) async fn publish(
        &self,
        wiring: &Wiring,
        own: &[CatalogEntry],
        known: &Known,
        publisher: &Publisher,
    ) -> Result<(), ServiceError> {
        let missing: Vec<&CatalogEntry> =
            own.iter().filter(|entry| !is_known(entry, known)).collect();
        let records = missing.iter().filter_map(|entry| {
            // The same content has the same id, whoever publishes it and however often.
            let id = ids::join_cause(&[
                &entry.kind,
                &entry.name,
                &entry.version.to_string(),
                &entry.hash,
            ])
            .to_string();
            system_record(
                CATALOG,
                *entry,
                &format!("/{}", self.service),
                id,
                entry.at_ms,
            )
            .inspect_err(|error| tracing::error!(%error, "a catalog entry can't be encoded"))
            .ok()
        });
        let sent: Vec<_> = records.map(|record| publisher.send(record)).collect();
        for delivery in sent {
            delivery.await?;
        }
        tracing::info!(
            published = missing.len(),
            workflows = wiring.workflows.len(),
            "the catalog has this service's schemas, workflows and contract"
        );
        Ok(())
    }
}

/// The catalog entries of this binary: its schemas, its workflows, and its contract in each.
pub(crate) fn entries(service: &str, wiring: &Wiring, now_ms: i64) -> Vec<CatalogEntry> {
    let entry = |kind: &str, name: &str, version: u32, content: &str| {
        CatalogEntry::new(kind, name, number(version), content, service, now_ms)
    };
    let mut entries = Vec::new();
    for schema in wiring
        .catalog
        .events()
        .flat_map(|event| wiring.catalog.versions(event))
    {
        entries.push(entry(
            "schema",
            schema.event(),
            schema.version(),
            schema.json(),
        ));
    }
    for workflow in &wiring.workflows {
        entries.push(entry(
            "workflow",
            &workflow.name,
            workflow.version,
            &workflow.source,
        ));
        let contract = project(workflow, &wiring.catalog, service);
        if let Ok(json) = serde_json::to_string(&contract) {
            entries.push(entry(
                "participant",
                &format!("{service}/{}", workflow.name),
                workflow.version,
                &json,
            ));
        }
    }
    entries
}

fn is_known(entry: &CatalogEntry, known: &Known) -> bool {
    let of = (entry.name.clone(), entry.version);
    let version = u32::try_from(entry.version).unwrap_or_default();
    match entry.kind.as_str() {
        // The system's own are known from the start without being published, and need not be.
        "schema" => known.catalog.version(&entry.name, version).is_some(),
        "workflow" => known.workflows.get(&of) == Some(&entry.content),
        _ => known.participants.get(&of) == Some(&entry.content),
    }
}

fn number(version: u32) -> i32 {
    i32::try_from(version).unwrap_or(i32::MAX)
}

/// Services that take part in no workflow have to be named to `farandole topics`.
fn hint(service: &str, missing: &[&str]) -> String {
    let own = dead_letter::topic(service);
    match missing.contains(&own.as_str()) {
        true => format!(" (with --service {service} if it takes part in no workflow)"),
        false => String::new(),
    }
}

/// What is wrong with the topics found.
fn problems(
    service: &str,
    needed: &BTreeSet<String>,
    alike: &BTreeSet<String>,
    partitions: &BTreeMap<&str, i32>,
) -> Vec<String> {
    let missing: Vec<&str> = needed
        .iter()
        .map(String::as_str)
        .filter(|topic| !partitions.contains_key(topic))
        .collect();
    let mut problems = Vec::new();
    if !missing.is_empty() {
        problems.push(format!(
            "topics that {service} needs do not exist: {}. `farandole topics apply` creates them{}",
            missing.join(", "),
            hint(service, &missing)
        ));
    }
    let counts: BTreeMap<&str, i32> = alike
        .iter()
        .filter_map(|topic| Some((topic.as_str(), *partitions.get(topic.as_str())?)))
        .collect();
    if counts.values().collect::<BTreeSet<_>>().len() > 1 {
        let counts: Vec<String> = counts
            .iter()
            .map(|(topic, count)| format!("{topic} {count}"))
            .collect();
        problems.push(format!(
            "topics keyed by the instance have different partition counts ({}): one copy must own an instance on all of them. Existing topics \
             are never changed from here: while they are empty, delete the odd ones and run `farandole topics apply`; once they hold \
             events, create a topic with the right count under a new name, because more partitions would move keys",
            counts.join(", ")
        ));
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[tokio::test]
    async fn a_broker_that_goes_away_while_a_service_starts_is_waited_for() {
        let kafka = KafkaSettings::bootstrap("127.0.0.1:1");
        let (stop, shutdown) = Shutdown::manual();
        let startup = Startup {
            service: "watcher",
            kafka: &kafka,
            client_id: "test",
            shutdown: &shutdown,
        };
        let mut wiring = crate::wiring::Parts::default()
            .wire("watcher")
            .expect("nothing to put together");
        let waited =
            tokio::time::timeout(Duration::from_secs(12), startup.catalog(&mut wiring)).await;
        assert!(waited.is_err(), "it has given up");
        stop.request();
        let ended = startup.catalog(&mut wiring).await;
        assert!(matches!(ended, Ok(None)));
    }

    #[test]
    fn missing_topics_are_named() {
        let found = problems(
            "notification",
            &names(&["trips", "notifications"]),
            &names(&[]),
            &BTreeMap::from([("trips", 6)]),
        );
        assert_eq!(
            found,
            [
                "topics that notification needs do not exist: notifications. `farandole topics apply` creates them"
            ]
        );
    }

    #[test]
    fn topics_of_one_key_need_equal_partition_counts() {
        let topics = names(&["trips", "assignments"]);
        let unequal = problems(
            "trip",
            &topics,
            &topics,
            &BTreeMap::from([("trips", 6), ("assignments", 3)]),
        );
        assert!(unequal[0].contains("assignments 3, trips 6"), "{unequal:?}");
        assert!(
            problems(
                "trip",
                &topics,
                &topics,
                &BTreeMap::from([("trips", 6), ("assignments", 6)])
            )
            .is_empty()
        );
    }
}
