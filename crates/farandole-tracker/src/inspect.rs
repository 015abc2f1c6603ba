//! Groups' members and committed offsets, and the partitions' watermarks, asked for about once a second.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use farandole_read::{Inspector, ReadError};
use farandole_runtime::Shutdown;

use crate::{
    store::Books,
    view::{Group, Member, Offsets, Partition},
};

/// How often offsets are asked for.
const EVERY: Duration = Duration::from_secs(1);
/// Older answers count as none: better no reason than one of yesterday.
const STALE_MS: i64 = 30_000;

/// The last answer about groups and watermarks. Cheap to clone.
#[derive(Clone, Default)]
pub struct Latest(Arc<RwLock<Held>>);

#[derive(Default)]
struct Held {
    offsets: Option<Arc<Offsets>>,
    trouble: Option<String>,
}

impl Latest {
    /// The last answer, unless it is too old to prove anything.
    pub fn get(&self, now_ms: i64) -> Option<Arc<Offsets>> {
        let held = self.0.read().unwrap_or_else(PoisonError::into_inner);
        held.offsets
            .clone()
            .filter(|offsets| now_ms - offsets.at_ms < STALE_MS)
    }

    /// Why there was no newer answer.
    pub fn trouble(&self) -> Option<String> {
        self.0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .trouble
            .clone()
    }

    /// Takes an answer in.
    pub fn set(&self, offsets: Offsets) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Held {
            offsets: Some(Arc::new(offsets)),
            trouble: None,
        };
    }

    /// Notes why the broker did not answer; the last answer ages.
    pub fn failed(&self, reason: impl ToString) {
        self.0
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .trouble = Some(reason.to_string());
    }
}

/// Keeps `latest` fresh until `shutdown`.
pub async fn keep(inspector: Inspector, books: Books, latest: Latest, shutdown: Shutdown) {
    while !shutdown.is_requested() {
        match look(&inspector, &books).await {
            Ok(offsets) => latest.set(offsets),
            Err(error) => {
                tracing::warn!(%error, "groups and offsets can't be asked for");
                latest.failed(error);
            }
        }
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            () = shutdown.requested() => {}
        }
    }
}

/// Committed offsets first, then the ends: what was handled by then has its outputs below these ends.
async fn look(inspector: &Inspector, books: &Books) -> Result<Offsets, ReadError> {
    let at_ms = farandole_runtime::now_ms();
    let partitions: Vec<Partition> = books
        .next_offsets()
        .map(|offsets| offsets.into_keys().collect())
        .unwrap_or_default();
    let definitions = books.definitions();
    let participants: BTreeSet<String> = definitions
        .workflows()
        .flat_map(|workflow| workflow.participants())
        .map(str::to_owned)
        .collect();
    let mut groups: BTreeMap<String, Group> = BTreeMap::new();
    for group in inspector.groups().await? {
        let members = group.members.into_iter().map(|member| Member {
            client_id: member.client_id,
            host: member.host,
        });
        groups.insert(
            group.name,
            Group {
                state: group.state,
                members: members.collect(),
                committed: BTreeMap::new(),
            },
        );
    }
    // A group without members can be missing in the list while its offsets are still there.
    let names: BTreeSet<String> = groups.keys().cloned().chain(participants).collect();
    for name in names {
        let committed = inspector.committed(&name, &partitions).await?;
        let committed: BTreeMap<_, _> = committed
            .into_iter()
            .filter_map(|(of, offset)| Some((of, offset?)))
            .collect();
        if groups.contains_key(&name) || !committed.is_empty() {
            let group = groups.entry(name).or_insert_with(|| Group {
                state: "Empty".to_owned(),
                ..Group::default()
            });
            group.committed = committed;
        }
    }
    let lows = inspector.beginnings(&partitions).await?;
    let highs = inspector.ends(&partitions).await?;
    let watermarks = highs
        .into_iter()
        .map(|(of, high)| (of.clone(), (lows.get(&of).copied().unwrap_or(0), high)))
        .collect();
    Ok(Offsets {
        at_ms,
        groups,
        watermarks,
    })
}
