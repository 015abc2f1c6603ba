//! Settings, topics and data folders that are wrong: refused at start.

use farandole_kafka::{Admin, TopicSpec};
use farandole_runtime::KafkaSettings;
use farandole_tests::binaries;
use farandole_tests::broker::TestBroker;
use farandole_tests::line::{self, PATIENCE};
use farandole_tests::process::Process;
use tempfile::TempDir;

/// What a program says before it ends, by itself, with another code than 0.
fn refusal(program: &str, variables: &[(&str, &str)], arguments: &[&str]) -> String {
    let folder = TempDir::new().expect("a temporary folder");
    // Nothing may reach a broker that happens to run at the default address.
    let mut process = Process::new(program, program, folder.path())
        .args(arguments.iter().copied())
        .env("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1");
    for (name, value) in variables {
        process = process.env(name, value);
    }
    process.start();
    let ended = process.wait(PATIENCE);
    let said = process.output();
    assert!(!ended.success(), "{program} {arguments:?}: {said}");
    assert!(!said.contains("panicked"), "{said}");
    eprintln!(
        "{program} {arguments:?}:\n  {}",
        said.trim_end().replace('\n', "\n  ")
    );
    said
}

#[track_caller]
fn says(text: &str, words: &[&str]) {
    for word in words {
        assert!(text.contains(word), "{word:?} in: {text}");
    }
}

#[test]
fn kafka_settings_that_are_wrong_name_the_setting_its_place_and_what_to_do() {
    let folder = TempDir::new().expect("a temporary folder");
    let file = folder.path().join("client.properties");
    std::fs::write(&file, "# ours\nlinger.ms=5\nacks=1\n").expect("a file");
    let (file, none) = (
        file.display().to_string(),
        folder.path().join("none").display().to_string(),
    );

    let said = refusal("notification", &[("KAFKA_LINGR_MS", "5")], &[]);
    says(
        &said,
        &[
            "KAFKA_LINGR_MS",
            "unknown Kafka property \"lingr.ms\"",
            "Did you mean \"linger.ms\"?",
        ],
    );
    let said = refusal("driver-assignment", &[("KAFKA_FOO_BAR", "5")], &[]);
    says(&said, &["KAFKA_FOO_BAR", "foo.bar", "leave it out"]);
    let said = refusal("trip", &[], &["-X", "enable.auto.commit=true"]);
    says(
        &said,
        &[
            "enable.auto.commit",
            "only when the events below it are done",
            "Leave it out",
        ],
    );
    let said = refusal("trip", &[], &["-X", "linger.ms=soon"]);
    says(
        &said,
        &["linger.ms", "\"soon\"", "a whole number from 0 to 900000"],
    );
    let said = refusal("notification", &[], &["-X", "linger.ms"]);
    says(&said, &["linger.ms", "KEY=VALUE"]);
    let said = refusal("notification", &[], &["--command-config", &file]);
    says(
        &said,
        &[
            "client.properties line 3",
            "\"acks\" is refused",
            "all in-sync replicas",
        ],
    );
    let said = refusal("notification", &[], &["--command-config", &none]);
    says(&said, &["--command-config", &none, "No such file"]);
    let said = refusal("farandole-tracker", &[("KAFKA_LINGR_MS", "5")], &[]);
    says(&said, &["KAFKA_LINGR_MS", "Did you mean \"linger.ms\"?"]);
    let said = refusal("farandole", &[], &["topics", "plan", "-X", "group.id=mine"]);
    says(&said, &["group.id", "refused"]);
    let said = refusal("notification", &[], &["--bootstrap-server", "127.0.0.1:1"]);
    says(&said, &["--bootstrap-servers"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn topics_that_are_missing_or_unequal_and_a_damaged_database_are_refused() {
    let Some(broker) = TestBroker::start().await else {
        return;
    };
    let servers = broker.bootstrap_servers();
    let folder = TempDir::new().expect("a temporary folder");
    let data = folder.path().join("data").display().to_string();
    let start = |program: &str, more: &[&str]| {
        let own = ["--bootstrap-servers", &servers, "--data", &data];
        refusal(program, &[], &[&own, more].concat())
    };

    // given a broker without topics
    let said = start("notification", &[]);
    says(
        &said,
        &[
            "do not exist",
            "trips",
            "notification.dead-letters",
            "`farandole topics apply` creates them",
        ],
    );
    let said = refusal("rider-map", &[], &["--bootstrap-servers", &servers]);
    says(
        &said,
        &[
            "rider-map.dead-letters",
            "`farandole topics apply`",
            "--service rider-map",
        ],
    );

    // given topics of one key with different numbers of partitions
    let trips = TopicSpec::new("trips", 3);
    let kafka = KafkaSettings::bootstrap(&servers);
    let made = Admin::open(&kafka)
        .expect("an admin")
        .ensure_topics(&[trips])
        .await;
    made.expect("the topic is made");
    let arguments = ["topics", "apply", "--bootstrap-servers", &servers];
    let applied = line::run_farandole(binaries::workspace(), &arguments);
    assert_eq!(
        applied.status.code(),
        Some(1),
        "apply does not change what is there"
    );
    says(
        &String::from_utf8_lossy(&applied.stdout),
        &["partitions: 3 instead of 6"],
    );
    for program in ["driver-assignment", "notification"] {
        let said = start(program, &[]);
        says(
            &said,
            &[
                "assignments 6, trips 3",
                "delete the odd ones",
                "farandole topics apply",
            ],
        );
    }

    // given files that are not what they should be
    let file = folder.path().join("file");
    std::fs::write(
        &file,
        "no database, but some text that is long enough to be looked at",
    )
    .expect("a file");
    let beneath = file.join("x").display().to_string();
    let said = refusal(
        "trip",
        &[],
        &["--bootstrap-servers", &servers, "--data", &beneath],
    );
    says(&said, &[&beneath]);
    std::fs::create_dir_all(folder.path().join("trip")).expect("a folder");
    std::fs::copy(&file, folder.path().join("trip/trip.sqlite3")).expect("a copy");
    let trip = folder.path().join("trip").display().to_string();
    let said = refusal(
        "trip",
        &[],
        &["--bootstrap-servers", &servers, "--data", &trip],
    );
    says(
        &said,
        &["trip.sqlite3", "file is not a database", "put back a copy"],
    );
    let store = file.display().to_string();
    let listen = ["--listen", "127.0.0.1:0"];
    let own = ["--bootstrap-servers", &servers, "--data", &store];
    let said = refusal(
        "farandole-tracker",
        &[],
        &[own.as_slice(), &listen].concat(),
    );
    says(
        &said,
        &["file is not a database", "delete it: it is rebuilt"],
    );
}

#[test]
fn an_address_that_is_taken_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("its address").to_string();
    let folder = TempDir::new().expect("a temporary folder");
    let data = folder.path().display().to_string();
    let said = refusal("trip", &[], &["--listen", &address, "--data", &data]);
    says(&said, &[&address, "is another process there?"]);
}
