//! The whole line as processes: broker, topics, the three services, the tracker, and the load.

use std::collections::{BTreeMap, BTreeSet};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use farandole_event::Record;
use farandole_runtime::KafkaSettings;
use serde_json::Value;
use tempfile::TempDir;

use crate::broker::TestBroker;
use crate::oracle::{self, Findings};
use crate::process::Process;
use crate::{binaries, wait};

/// How long anything may take before a test gives up on it.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// Partitions of each topic, as `farandole topics apply` makes them.
const PARTITIONS: i32 = 6;

/// What differs between tests.
#[derive(Clone, Debug)]
pub struct Options {
    /// Copies of driver-assignment, which share their folder.
    pub dispatchers: usize,
    /// How long the trip service looks for a driver, in seconds.
    pub patience: u32,
    /// Variables for every service.
    pub environment: Vec<(String, String)>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            dispatchers: 1,
            patience: 12,
            environment: Vec::new(),
        }
    }
}

/// A running line. Dropping it kills every process.
pub struct Line {
    /// Where everything is written.
    pub folder: TempDir,
    /// The processes by label: `trip`, `driver-assignment-1`…, `notification`, `tracker`.
    pub processes: BTreeMap<String, Process>,
    /// Where the trip service answers.
    pub trip_url: String,
    /// Where the tracker answers.
    pub tracker_url: String,
    /// The broker, which outlives the processes.
    pub broker: TestBroker,
    http: reqwest::Client,
}

impl Line {
    /// Starts everything and waits until the services are ready. `None` where the broker asked for can't be had.
    pub async fn start(options: Options) -> Option<Self> {
        let broker = TestBroker::start().await?;
        let folder = TempDir::new().expect("a temporary folder");
        let bootstrap = broker.bootstrap_servers();
        apply_topics(&bootstrap);
        let (trip, tracker) = (free_address(), free_address());
        let mut line = Self {
            processes: BTreeMap::new(),
            trip_url: format!("http://{trip}"),
            tracker_url: format!("http://{tracker}"),
            http: reqwest::Client::new(),
            folder,
            broker,
        };
        line.add(
            "trip",
            "trip",
            &options,
            &[
                "--listen",
                &trip,
                "--patience",
                &options.patience.to_string(),
            ],
        );
        for copy in 1..=options.dispatchers {
            line.add(
                &format!("driver-assignment-{copy}"),
                "driver-assignment",
                &options,
                &[],
            );
        }
        line.add("notification", "notification", &options, &[]);
        let store = line.folder.path().join("tracker.db");
        line.add(
            "tracker",
            "farandole-tracker",
            &Options::default(),
            &["--listen", &tracker],
        );
        let tracker = line.processes.remove("tracker").expect("just added");
        line.processes.insert(
            "tracker".into(),
            tracker.args(["--data", &store.display().to_string()]),
        );
        for process in line.processes.values_mut() {
            process.start();
        }
        line.ready().await;
        Some(line)
    }

    fn add(&mut self, label: &str, program: &str, options: &Options, arguments: &[&str]) {
        let mut process = Process::new(label, program, self.folder.path())
            .args([
                "--bootstrap-servers".to_owned(),
                self.broker.bootstrap_servers(),
            ])
            .args(arguments.iter().copied());
        if program != "farandole-tracker" {
            process = process.args([
                "--data".to_owned(),
                self.data(program).display().to_string(),
            ]);
        }
        for (name, value) in &options.environment {
            process = process.env(name, value);
        }
        self.processes.insert(label.to_owned(), process);
    }

    /// The data folder of a service.
    pub fn data(&self, service: &str) -> PathBuf {
        self.folder.path().join(service)
    }

    /// The process with that label.
    pub fn process(&mut self, label: &str) -> &mut Process {
        self.processes
            .get_mut(label)
            .unwrap_or_else(|| panic!("there is no process {label}"))
    }

    /// Waits until trip service and tracker answer that they are ready.
    pub async fn ready(&self) {
        for url in [&self.trip_url, &self.tracker_url] {
            wait::until_async(&format!("{url} is ready"), PATIENCE, || async {
                let answer = self
                    .http
                    .get(format!("{url}/readyz"))
                    .send()
                    .await
                    .map_err(|e| e.to_string())?;
                answer.error_for_status().map_err(|e| e.to_string())
            })
            .await;
        }
    }

    /// A process that plays `trips` riders at `rate` requests per second, with a minute's ride in a second.
    pub fn load(&self, label: &str, trips: usize, rate: f64, more: &[&str]) -> Process {
        let mut load = Process::new(label, "rides-load", self.folder.path())
            .args([
                "--bootstrap-servers".to_owned(),
                self.broker.bootstrap_servers(),
            ])
            .args(["--trip-url".to_owned(), self.trip_url.clone()])
            .args([
                "--trips".to_owned(),
                trips.to_string(),
                "--rate".to_owned(),
                rate.to_string(),
            ])
            .args([
                "--accepted".to_owned(),
                self.accepted_file().display().to_string(),
            ]);
        if !more.contains(&"--time-scale") {
            load = load.args(["--time-scale", "600"]);
        }
        load.args(more.iter().copied())
    }

    fn accepted_file(&self) -> PathBuf {
        self.folder.path().join("accepted.txt")
    }

    /// The ids of the trips whose request was accepted, so far.
    pub fn accepted(&self) -> BTreeSet<String> {
        let text = std::fs::read_to_string(self.accepted_file()).unwrap_or_default();
        // A line without its end is still being written.
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        whole.lines().map(str::to_owned).collect()
    }

    /// Asks the tracker; the answer must be a success.
    pub async fn tracker(&self, path: &str) -> Result<Value, String> {
        get(&self.http, &format!("{}{path}", self.tracker_url)).await
    }

    /// Asks the trip service; the answer must be a success.
    pub async fn trip(&self, path: &str) -> Result<Value, String> {
        get(&self.http, &format!("{}{path}", self.trip_url)).await
    }

    /// How many instances of the trip workflow the tracker counts in each status.
    pub async fn statuses(&self) -> Result<BTreeMap<String, u64>, String> {
        let answer = self.tracker("/api/workflows/trip").await?;
        let counts = answer["statuses"]
            .as_object()
            .ok_or_else(|| format!("no counts in {answer}"))?;
        Ok(counts
            .iter()
            .map(|(k, v)| (k.clone(), v.as_u64().unwrap_or_default()))
            .filter(|(_, n)| *n > 0)
            .collect())
    }

    /// Waits until the tracker sees `trips` instances and all of them at their end.
    pub async fn all_ended(&self, trips: usize) -> BTreeMap<String, u64> {
        wait::until_async(
            "the tracker sees every trip at its end",
            PATIENCE,
            || async {
                let counts = self.statuses().await?;
                let ended: u64 = counts
                    .iter()
                    .filter(|(status, _)| ["completed", "failed"].contains(&status.as_str()))
                    .map(|(_, n)| n)
                    .sum();
                let all: u64 = counts.values().sum();
                if all == trips as u64 && ended == all {
                    Ok(counts)
                } else {
                    Err(format!("{counts:?} of {trips}"))
                }
            },
        )
        .await
    }

    /// What the oracle says about the topics as they are now.
    pub async fn judge(&self) -> Findings {
        let known = farandole_read::catalog::load(&self.kafka(), "oracle")
            .await
            .expect("the catalog can be read");
        let records = self.records().await;
        let decode = |record: &_| {
            known
                .catalog
                .to_json(record)
                .map(|(.., data)| data)
                .unwrap_or_default()
        };
        oracle::judge(&records, &self.accepted(), decode)
    }

    /// Waits until the topics hold an answer to everything; then what the oracle says.
    pub async fn settled(&self) -> Findings {
        wait::until_async("every event has its answers", PATIENCE, || async {
            let findings = self.judge().await;
            if findings.lost.is_empty() {
                Ok(findings)
            } else {
                Err(findings.to_string())
            }
        })
        .await
    }

    /// How far a group has come on the trips' topics: the sum of its committed offsets.
    pub async fn committed(&self, group: &str) -> i64 {
        let inspector =
            farandole_read::Inspector::open(&self.kafka(), "oracle").expect("an inspector");
        let partitions: Vec<_> = oracle::TOPICS
            .iter()
            .flat_map(|topic| (0..PARTITIONS).map(|p| ((*topic).to_owned(), p)))
            .collect();
        let committed = inspector
            .committed(group, &partitions)
            .await
            .expect("the group's offsets can be read");
        committed.into_values().flatten().sum()
    }

    /// The trips' records, as they are on the topics now.
    pub async fn records(&self) -> Vec<Record> {
        farandole_read::read_to_end(&self.kafka(), "oracle", oracle::TOPICS)
            .await
            .expect("the topics can be read")
    }

    fn kafka(&self) -> KafkaSettings {
        KafkaSettings::bootstrap(&self.broker.bootstrap_servers())
    }

    /// Who was told what: `event id → recipient`, one line each of the notification log.
    pub fn notifications(&self) -> Vec<(String, String)> {
        let path = self.data("notification").join("notifications.jsonl");
        let text = std::fs::read_to_string(path).expect("the notification log can be read");
        text.lines()
            .map(|line| {
                let line: Value =
                    serde_json::from_str(line).expect("a line of the notification log is JSON");
                let field = |name: &str| {
                    line[name]
                        .as_str()
                        .unwrap_or_else(|| panic!("no {name} in {line}"))
                        .to_owned()
                };
                (field("event"), field("to"))
            })
            .collect()
    }
}

async fn get(http: &reqwest::Client, url: &str) -> Result<Value, String> {
    let answer = http.get(url).send().await.map_err(|e| e.to_string())?;
    let status = answer.status();
    let body: Value = answer.json().await.map_err(|e| e.to_string())?;
    if status.is_success() {
        Ok(body)
    } else {
        Err(format!("{status}: {body}"))
    }
}

/// Runs the `farandole` command in the workspace's root; it must succeed. Answers what it printed.
pub fn farandole(arguments: &[&str]) -> String {
    let done = run_farandole(binaries::workspace(), arguments);
    let text = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(
        done.status.success(),
        "farandole {arguments:?}: {text}{}",
        String::from_utf8_lossy(&done.stderr)
    );
    text
}

/// Runs the `farandole` command in a folder.
pub fn run_farandole(folder: &Path, arguments: &[&str]) -> std::process::Output {
    Command::new(binaries::path("farandole"))
        .args(arguments)
        .current_dir(folder)
        .output()
        .expect("farandole runs")
}

fn apply_topics(bootstrap: &str) {
    farandole(&["topics", "apply", "--bootstrap-servers", bootstrap]);
}

fn free_address() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("its address").to_string()
}
