//! The broker a test runs against: the embedded one, or Apache Kafka 4.3.1 when `FARANDOLE_TEST_BROKER=kafka`.

use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use farandole_broker::{Broker, Config, Request};
use tempfile::TempDir;

use crate::{binaries, wait};

/// Either broker, behind its address.
pub enum TestBroker {
    /// The embedded broker, in this process.
    Embedded(Broker),
    /// Apache Kafka, as a process.
    Kafka(Kafka),
}

impl TestBroker {
    /// Starts the broker that the environment asks for.
    ///
    /// `None` when Apache Kafka is asked for and Java or Maven is missing; with `CI` set that is a failure instead.
    pub async fn start() -> Option<Self> {
        if std::env::var("FARANDOLE_TEST_BROKER").is_ok_and(|b| b == "kafka") {
            return Kafka::start().map(Self::Kafka);
        }
        let config = Config {
            request_log: true,
            ..Config::default()
        };
        Some(Self::Embedded(
            Broker::start(config)
                .await
                .expect("the embedded broker starts"),
        ))
    }

    /// Where clients connect, as `host:port`.
    pub fn bootstrap_servers(&self) -> String {
        match self {
            Self::Embedded(broker) => broker.bootstrap_servers(),
            Self::Kafka(kafka) => format!("127.0.0.1:{}", kafka.port),
        }
    }

    /// What clients have asked; only the embedded broker tells.
    pub fn requests(&self) -> Option<Vec<Request>> {
        match self {
            Self::Embedded(broker) => Some(broker.requests()),
            Self::Kafka(_) => None,
        }
    }
}

/// Apache Kafka in one process: broker and controller, its log in a folder that goes with it.
pub struct Kafka {
    child: Child,
    port: u16,
    _folder: TempDir,
}

impl Kafka {
    fn start() -> Option<Self> {
        let jars = match jars() {
            Ok(jars) => jars,
            Err(missing) if std::env::var_os("CI").is_some() => {
                panic!("Apache Kafka can't be started: {missing}")
            }
            Err(missing) => {
                eprintln!("left out: the end-to-end suite on Apache Kafka 4.3.1 ({missing})");
                return None;
            }
        };
        let folder = TempDir::new().expect("a temporary folder");
        let (port, controller) = (free_port(), free_port());
        let properties = write_properties(folder.path(), port, controller);
        let java = |main: &str| {
            let mut command = Command::new("java");
            command
                .args(["-Xmx512m", "-cp", &format!("{}/*", jars.display()), main])
                .stdin(Stdio::null());
            command
        };
        let formatted = java("kafka.tools.StorageTool")
            .args([
                "format",
                "--standalone",
                "-t",
                "RmFyYW5kb2xlLXRlc3QtMQ",
                "-c",
            ])
            .arg(&properties)
            .output()
            .expect("java runs");
        assert!(
            formatted.status.success(),
            "{}",
            String::from_utf8_lossy(&formatted.stderr)
        );
        let log = std::fs::File::create(folder.path().join("out.log")).expect("a log");
        let child = java("kafka.Kafka")
            .arg(&properties)
            .stdout(log.try_clone().expect("a second handle"))
            .stderr(log)
            .spawn()
            .expect("java runs");
        let kafka = Self {
            child,
            port,
            _folder: folder,
        };
        wait::until("Apache Kafka listens", Duration::from_secs(60), || {
            TcpStream::connect(("127.0.0.1", port))
        });
        Some(kafka)
    }
}

impl Drop for Kafka {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The folder with Kafka's jars, fetched by Maven once.
fn jars() -> Result<PathBuf, String> {
    for tool in ["java", "mvn"] {
        Command::new(tool)
            .arg("-version")
            .output()
            .map_err(|_| format!("there is no `{tool}`"))?;
    }
    let folder = binaries::workspace().join("target/kafka-jars");
    let done = folder.join("complete");
    if !done.exists() {
        let fetched = Command::new("mvn")
            .args(["-q", "-B", "-f"])
            .arg(binaries::workspace().join("tests/kafka/pom.xml"))
            .arg("dependency:copy-dependencies")
            .arg(format!("-DoutputDirectory={}", folder.display()))
            .output()
            .map_err(|e| e.to_string())?;
        if !fetched.status.success() {
            return Err(format!(
                "Maven can't fetch Kafka's jars: {}",
                String::from_utf8_lossy(&fetched.stdout)
            ));
        }
        std::fs::write(&done, "").map_err(|e| e.to_string())?;
    }
    Ok(folder)
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("its address").port()
}

fn write_properties(folder: &Path, port: u16, controller: u16) -> PathBuf {
    let path = folder.join("server.properties");
    let mut file = std::fs::File::create(&path).expect("the properties can be written");
    write!(
        file,
        "process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs={}/logs
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
auto.create.topics.enable=false
",
        folder.display()
    )
    .expect("the properties can be written");
    path
}
