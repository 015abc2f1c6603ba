//! Trips end to end: services, tracker and load as processes, judged by a reader that knows only the topics.
//!
//! Runs on the embedded broker, or on Apache Kafka 4.3.1 with `FARANDOLE_TEST_BROKER=kafka`. `FARANDOLE_TEST_TRIPS`,
//! `FARANDOLE_TEST_RATE` (requests per second) and `FARANDOLE_TEST_KILLS` (of each process) make the run with kills longer,
//! `FARANDOLE_TEST_SEED` repeats one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use farandole_event::Record;
use farandole_tests::line::{Line, Options, PATIENCE};
use farandole_tests::wait;
use farandole_tracker::fold::{Fact, Home, Instance, read};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng, seq::SliceRandom as _};
use tokio::sync::{Mutex, MutexGuard};

/// The machine is small: one line at a time.
async fn alone() -> MutexGuard<'static, ()> {
    static ONE: OnceLock<Mutex<()>> = OnceLock::new();
    ONE.get_or_init(|| Mutex::new(())).lock().await
}

fn number(name: &str, default: usize) -> usize {
    std::env::var(name).map_or(default, |n| {
        n.parse().unwrap_or_else(|e| panic!("{name}={n}: {e}"))
    })
}

fn seed() -> u64 {
    let seed = number("FARANDOLE_TEST_SEED", 7) as u64;
    eprintln!("seed {seed} (FARANDOLE_TEST_SEED)");
    seed
}

fn doubled(notifications: &[(String, String)]) -> Vec<&(String, String)> {
    let mut seen = BTreeSet::new();
    notifications.iter().filter(|n| !seen.insert(*n)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_trip_ends_and_nothing_is_lost_or_doubled() {
    let _alone = alone().await;
    // given a line with three copies of the service that gives out the drivers
    let Some(mut line) = Line::start(Options {
        dispatchers: 3,
        ..Options::default()
    })
    .await
    else {
        return;
    };
    let trips = number("FARANDOLE_TEST_TRIPS", 150);

    // when riders ask for trips, and some call them off, and some wait where no driver is near
    let mut load = line.load(
        "load",
        trips,
        40.0,
        &["--seed", &seed().to_string(), "--remote-share", "0.05"],
    );
    load.start();
    let ended = load.wait(PATIENCE);

    // then every trip ends as it should, in each of the three ways
    assert!(ended.success(), "{}", load.output());
    let findings = line.settled().await;
    assert!(findings.is_clean(), "{findings}");
    assert_eq!(line.accepted().len(), trips);
    assert_eq!(findings.ends.len(), 3, "{findings}");
    // and the tracker agrees, and nothing was stuck or deviated
    let counts = line.all_ended(trips).await;
    assert_eq!(
        counts["completed"], findings.ends["trip.completed"] as u64,
        "{counts:?}"
    );
    let deviated = line
        .tracker("/api/instances?flag=deviated&limit=5")
        .await
        .expect("the tracker answers");
    assert_eq!(
        deviated["instances"].as_array().map(Vec::len),
        Some(0),
        "{deviated}"
    );
    // and everybody was told once
    let notifications = line.notifications();
    assert!(
        doubled(&notifications).is_empty(),
        "{:?}",
        doubled(&notifications)
    );
    assert!(
        line.processes.values_mut().all(|p| p.is_running()),
        "a service has ended by itself"
    );
}

/// A process and the moment to kill it: when so many requests have been accepted. The second blow falls on the restarted
/// process, as soon as its group has committed something: in the middle of what had piled up meanwhile.
struct Kill<'a> {
    at: usize,
    victim: &'a str,
    twice: bool,
}

/// `kills` for each victim, spread by the seed over the run; every second one of a service falls twice.
fn schedule<'a>(victims: &[&'a str], kills: usize, trips: usize, seed: u64) -> Vec<Kill<'a>> {
    let mut random = StdRng::seed_from_u64(seed);
    let mut schedule: Vec<_> = victims
        .iter()
        .flat_map(|victim| (0..kills).map(move |n| (*victim, *victim != "tracker" && n % 2 == 1)))
        .map(|(victim, twice)| Kill {
            at: random.random_range(1..trips),
            victim,
            twice,
        })
        .collect();
    schedule.sort_by_key(|kill| kill.at);
    schedule
}

/// Kills with SIGKILL while the load runs, and starts again. Answers how often.
async fn kill_while_running(line: &mut Line, schedule: &[Kill<'_>]) -> usize {
    let mut count = 0;
    for kill in schedule {
        wait::until("the next moment to kill", PATIENCE, || {
            let accepted = line.accepted().len();
            if accepted >= kill.at {
                Ok(())
            } else {
                Err(format!("{accepted} of {} accepted", kill.at))
            }
        });
        line.process(kill.victim).kill();
        count += 1;
        let group = kill
            .victim
            .trim_end_matches(|c: char| c == '-' || c.is_ascii_digit());
        let before = line.committed(group).await;
        line.process(kill.victim).start();
        if kill.twice {
            wait::until_async("the group goes on", PATIENCE, || async {
                let now = line.committed(group).await;
                if now > before {
                    Ok(())
                } else {
                    Err(format!("{group} stands at {now}"))
                }
            })
            .await;
            line.process(kill.victim).kill();
            line.process(kill.victim).start();
            count += 1;
        }
    }
    count
}

#[tokio::test(flavor = "multi_thread")]
async fn kill_nine_at_any_moment_loses_and_doubles_nothing() {
    let _alone = alone().await;
    let Some(mut line) = Line::start(Options {
        dispatchers: 2,
        // A killed member's partitions rest for a session timeout, and then the search goes on.
        patience: 45,
        ..Options::default()
    })
    .await
    else {
        return;
    };
    let (trips, kills, seed) = (
        number("FARANDOLE_TEST_TRIPS", 400),
        number("FARANDOLE_TEST_KILLS", 2),
        seed(),
    );

    // given more than a hundred trips in flight
    let more = ["--seed", &seed.to_string(), "--time-scale", "60"];
    let mut load = line.load(
        "load",
        trips,
        number("FARANDOLE_TEST_RATE", 20) as f64,
        &more,
    );
    load.start();
    let open = wait::until_async("a hundred trips in flight", PATIENCE, || async {
        let counts = line.statuses().await?;
        let open = counts.get("running").copied().unwrap_or_default();
        if open >= 100 {
            Ok(open)
        } else {
            Err(format!("{counts:?}"))
        }
    })
    .await;

    // when every service and the tracker are killed again and again
    let victims = [
        "trip",
        "driver-assignment-1",
        "driver-assignment-2",
        "notification",
        "tracker",
    ];
    let killed = kill_while_running(&mut line, &schedule(&victims, kills, trips, seed)).await;
    let ended = load.wait(2 * PATIENCE);

    // then every trip ends all the same, no driver was on two, nobody was told twice
    assert!(ended.success(), "{}", load.output());
    let findings = line.settled().await;
    eprintln!("{killed} kills, {open} trips in flight at the first: {findings}");
    assert!(findings.is_clean(), "{findings}");
    let counts = line.all_ended(trips).await;
    assert_eq!(
        counts["completed"], findings.ends["trip.completed"] as u64,
        "{counts:?}"
    );
    let notifications = line.notifications();
    assert!(
        doubled(&notifications).is_empty(),
        "{:?}",
        doubled(&notifications)
    );
    // and what was recorded gives the tracker the same facts in any order
    any_order_gives_the_same_facts(&line.records().await);
}

/// 1,000 seeded orders, with repetitions, of what a run with kills has left on the topics. Reading is a function of the
/// record alone, so each is read once.
fn any_order_gives_the_same_facts(records: &[Record]) {
    let facts: Vec<(Home, Arc<Fact>)> = records
        .iter()
        .filter_map(|record| read(record).fact)
        .map(|(home, fact)| (home, Arc::new(fact)))
        .collect();
    assert!(facts.len() > 1_000, "only {} facts", facts.len());
    let expected = fold(facts.iter());
    for seed in 0..1_000 {
        let mut random = StdRng::seed_from_u64(seed);
        let mut order: Vec<_> = facts.iter().collect();
        for _ in 0..facts.len() / 4 {
            order.push(&facts[random.random_range(0..facts.len())]);
        }
        order.shuffle(&mut random);
        assert!(
            fold(order.into_iter()) == expected,
            "the order of seed {seed} gives other facts"
        );
    }
}

fn fold<'a>(facts: impl Iterator<Item = &'a (Home, Arc<Fact>)>) -> BTreeMap<&'a Home, Instance> {
    let mut instances: BTreeMap<&Home, Instance> = BTreeMap::new();
    for (home, fact) in facts {
        instances.entry(home).or_default().insert(fact.clone());
    }
    instances
}

/// The control: with the protection switched off the same run must lose something, or the test above proves nothing.
#[tokio::test(flavor = "multi_thread")]
async fn the_same_kills_lose_events_when_offsets_are_committed_before_handling() {
    let _alone = alone().await;
    let unsafe_commit = vec![(
        "FARANDOLE_UNSAFE_COMMIT_BEFORE_HANDLING".to_owned(),
        "1".to_owned(),
    )];
    let options = Options {
        environment: unsafe_commit,
        ..Options::default()
    };
    let Some(mut line) = Line::start(options).await else {
        return;
    };
    let (trips, kills, seed) = (300, 4, seed());
    let mut load = line.load(
        "load",
        trips,
        20.0,
        &["--seed", &seed.to_string(), "--settle", "15"],
    );
    load.start();

    let victims = ["driver-assignment-1", "notification"];
    let killed = kill_while_running(&mut line, &schedule(&victims, kills, trips, seed)).await;
    load.wait(PATIENCE);

    let findings = line.judge().await;
    eprintln!("control, {killed} kills: {findings}");
    assert!(
        !findings.lost.is_empty(),
        "nothing was lost, so the kills prove nothing: {findings}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tracker_says_that_notification_is_down_and_what_waits_for_it() {
    let _alone = alone().await;
    let Some(mut line) = Line::start(Options::default()).await else {
        return;
    };
    // given notification is down
    line.process("notification").kill();

    // when trips go on
    let mut load = line.load(
        "load",
        20,
        20.0,
        &["--seed", "3", "--cancel-share", "0", "--remote-share", "0"],
    );
    load.start();
    let ended = load.wait(PATIENCE);
    assert!(
        ended.success(),
        "trips go on without notification: {}",
        load.output()
    );

    // then, within the deadline and ten seconds, every instance is stuck at notification, whose consumer is down
    let within = Duration::from_secs(10 + 10);
    wait::until_async("the tracker says that they are stuck", within, || async {
        let counts = line.statuses().await?;
        if counts.get("stuck") == Some(&20) {
            Ok(())
        } else {
            Err(format!("{counts:?}"))
        }
    })
    .await;
    let stuck = line
        .tracker("/api/instances?status=stuck&limit=1")
        .await
        .expect("the tracker answers");
    let id = stuck["instances"][0]["correlation"]
        .as_str()
        .expect("an instance has a correlation id")
        .to_owned();
    let why = line
        .tracker(&format!("/api/instances/{id}/why"))
        .await
        .expect("the tracker answers");
    let text = why.to_string();
    for part in ["consumer-down", "notification", "notify-rider", "queued"] {
        assert!(text.contains(part), "no {part} in {text}");
    }

    // and started again, everything catches up
    line.process("notification").start();
    line.all_ended(20).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tracker_only_ever_reads() {
    let _alone = alone().await;
    let Some(line) = Line::start(Options::default()).await else {
        return;
    };
    let mut load = line.load("load", 10, 20.0, &["--seed", "5", "--remote-share", "0"]);
    load.start();
    assert!(load.wait(PATIENCE).success(), "{}", load.output());
    line.all_ended(10).await;
    let Some(requests) = line.broker.requests() else {
        return;
    };

    let mine: Vec<_> = requests
        .iter()
        .filter(|r| r.client_id.contains("tracker"))
        .collect();
    let kinds: BTreeSet<_> = mine.iter().map(|r| r.kind.to_string()).collect();

    assert!(kinds.contains("Fetch"), "{kinds:?}");
    let allowed = [
        "ApiVersions",
        "Metadata",
        "Fetch",
        "ListOffsets",
        "OffsetFetch",
        "FindCoordinator",
        "DescribeGroups",
        "ListGroups",
    ];
    let more: Vec<_> = kinds
        .iter()
        .filter(|k| !allowed.contains(&k.as_str()))
        .collect();
    assert!(more.is_empty(), "the tracker also sent {more:?}");
    assert!(
        mine.iter()
            .all(|r| r.allow_auto_topic_creation != Some(true)),
        "the tracker asked for topics to be created"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tracker_rebuilt_from_the_topics_answers_as_before() {
    let _alone = alone().await;
    let Some(mut line) = Line::start(Options::default()).await else {
        return;
    };
    let mut load = line.load("load", 30, 20.0, &["--seed", "9"]);
    load.start();
    assert!(load.wait(PATIENCE).success(), "{}", load.output());
    line.all_ended(30).await;
    let before = answers(&line).await;

    // when its store is deleted and it starts again
    line.process("tracker").kill();
    for entry in std::fs::read_dir(line.folder.path())
        .expect("the folder can be read")
        .flatten()
    {
        if entry
            .file_name()
            .to_string_lossy()
            .starts_with("tracker.db")
        {
            std::fs::remove_file(entry.path()).expect("the store can be deleted");
        }
    }
    line.process("tracker").start();
    line.ready().await;
    line.all_ended(30).await;

    assert_eq!(before, answers(&line).await);
}

/// Every answer about every instance, without what says when it was asked.
async fn answers(line: &Line) -> Vec<serde_json::Value> {
    let list = line
        .tracker("/api/instances?limit=100")
        .await
        .expect("the tracker answers");
    let instances = list["instances"].as_array().expect("a list").clone();
    let mut ids: Vec<_> = instances
        .iter()
        .filter_map(|i| i["correlation"].as_str().map(str::to_owned))
        .collect();
    ids.sort();
    assert_eq!(ids.len(), 30, "{list}");
    let mut answers = Vec::new();
    for id in ids {
        for part in ["", "/events", "/why"] {
            let answer = line
                .tracker(&format!("/api/instances/{id}{part}"))
                .await
                .expect("the tracker answers");
            answers.push(without_moment(answer));
        }
    }
    answers
}

fn without_moment(mut value: serde_json::Value) -> serde_json::Value {
    match &mut value {
        serde_json::Value::Object(fields) => {
            fields.retain(|name, _| !["as_of", "asked_at_ms", "age_ms"].contains(&name.as_str()));
            for field in fields.values_mut() {
                *field = without_moment(field.take());
            }
        }
        serde_json::Value::Array(items) => {
            for item in items {
                *item = without_moment(item.take());
            }
        }
        _ => {}
    }
    value
}
