//! Who may know whom: the direct dependencies between the workspace's own crates, as `cargo metadata` tells them.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, MetadataCommand};

/// Everything a service may link. A crate that [`TABLE`] does not list is a service.
const SERVICE: &[&str] = &["farandole", "farandole-outbox", "rides"];

/// Crates that look at the whole from outside, and so may know all.
const MAY_KNOW_ALL: &[&str] = &[
    "farandole-tests",
    "xtask",
    "farandole-bench",
    "orchestrator",
];

/// Each crate with the crates it may name. What a listed crate may know, it may pass on: `kafka → engine, read` lets
/// `farandole-kafka` name `farandole-event` too.
const TABLE: &[(&str, &[&str])] = &[
    ("farandole-event", &[]),
    ("farandole-runtime", &[]),
    ("farandole-workflow", &["farandole-event"]),
    (
        "farandole-codegen",
        &["farandole-event", "farandole-workflow"],
    ),
    (
        "farandole-engine",
        &["farandole-event", "farandole-workflow"],
    ),
    ("farandole-read", &["farandole-event", "farandole-runtime"]),
    ("farandole-kafka", &["farandole-engine", "farandole-read"]),
    ("farandole", &["farandole-kafka"]),
    ("farandole-outbox", &["farandole"]),
    ("farandole-broker", &["farandole-runtime"]),
    ("rides", &["farandole"]),
    (
        "farandole-tracker",
        &["farandole-event", "farandole-workflow", "farandole-read"],
    ),
    (
        "farandole-cli",
        &[
            "farandole-broker",
            "farandole-codegen",
            "farandole-kafka",
            "farandole-tracker",
        ],
    ),
];

fn allowed() -> BTreeMap<&'static str, BTreeSet<&'static str>> {
    let mut closed: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (name, direct) in TABLE {
        let mut all = BTreeSet::new();
        let mut open = direct.to_vec();
        while let Some(next) = open.pop() {
            if all.insert(next) {
                open.extend(
                    TABLE
                        .iter()
                        .filter(|(n, _)| *n == next)
                        .flat_map(|(_, d)| d.iter()),
                );
            }
        }
        closed.insert(name, all);
    }
    closed
}

#[test]
fn each_crate_names_only_the_crates_it_may_know() {
    let metadata = MetadataCommand::new()
        .no_deps()
        .exec()
        .expect("cargo metadata answers");
    let ours: BTreeSet<_> = metadata
        .packages
        .iter()
        .map(|p| p.name.to_string())
        .collect();
    let allowed = allowed();
    let service = SERVICE
        .iter()
        .flat_map(|s| allowed[s].iter().copied().chain([*s]))
        .collect();
    let mut wrong = Vec::new();

    for package in &metadata.packages {
        if MAY_KNOW_ALL.contains(&package.name.as_str()) {
            continue;
        }
        let may = allowed.get(package.name.as_str()).unwrap_or(&service);
        for dependency in &package.dependencies {
            let building =
                dependency.kind == DependencyKind::Build && dependency.name == "farandole-codegen";
            if !ours.contains(&dependency.name)
                || dependency.kind == DependencyKind::Development
                || building
            {
                continue;
            }
            if !may.contains(dependency.name.as_str()) {
                wrong.push(format!("{} may not know {}", package.name, dependency.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The crates whose code can speak to Kafka: everyone else goes through them.
#[test]
fn only_the_two_kafka_crates_name_rdkafka() {
    let metadata = MetadataCommand::new()
        .no_deps()
        .exec()
        .expect("cargo metadata answers");
    let naming: Vec<_> = metadata
        .packages
        .iter()
        .filter(|p| {
            p.dependencies
                .iter()
                .any(|d| d.name == "rdkafka" && d.kind != DependencyKind::Development)
        })
        .map(|p| p.name.to_string())
        .collect();
    assert_eq!(naming, ["farandole-kafka", "farandole-read"]);
}

/// A passive tracker is a fact of the build: nothing it links, however far down, is a crate of ours that can publish.
#[test]
fn the_tracker_links_nothing_that_can_publish() {
    let metadata = MetadataCommand::new()
        .exec()
        .expect("cargo metadata answers");
    let resolve = metadata.resolve.as_ref().expect("a resolved graph");
    let name = |id| metadata[id].name.to_string();
    let mut open: Vec<_> = resolve
        .nodes
        .iter()
        .filter(|n| name(&n.id) == "farandole-tracker")
        .map(|n| &n.id)
        .collect();
    let mut seen = BTreeSet::new();
    while let Some(id) = open.pop() {
        if !seen.insert(id) {
            continue;
        }
        let node = resolve
            .nodes
            .iter()
            .find(|n| n.id == *id)
            .expect("every id has its node");
        open.extend(
            node.deps
                .iter()
                .filter(|d| d.dep_kinds.iter().any(|k| k.kind == DependencyKind::Normal))
                .map(|d| &d.pkg),
        );
    }
    let linked: BTreeSet<_> = seen.into_iter().map(name).collect();
    for publisher in [
        "farandole-kafka",
        "farandole",
        "farandole-outbox",
        "farandole-broker",
    ] {
        assert!(!linked.contains(publisher), "the tracker links {publisher}");
    }
}
