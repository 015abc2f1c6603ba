//! A further consumer is a folder with a few lines, and one entry in `farandole.toml`: `crates/rider-map` beside the services.

use std::fs;
use std::net::TcpListener;
use std::path::Path;

use farandole_tests::line::PATIENCE;
use farandole_tests::process::Process;
use farandole_tests::{binaries, wait};
use tempfile::TempDir;

const ENTRY: &str = "\n[[process]]\nname = \"rider-map\"\ncommand = [\"rider-map\"]\n";

#[test]
fn it_takes_one_entry_and_up_runs_it_beside_the_others() {
    // given the repository's own farandole.toml with one entry more, and free ports
    let folder = TempDir::new().expect("a temporary folder");
    let config = folder.path().join("farandole.toml");
    fs::write(&config, own_config() + ENTRY).expect("farandole.toml");
    let data = folder.path().join("data");

    // when everything is started, with a small load
    let mut up = Process::new("up", "farandole", folder.path())
        .args(["up", "--config", &config.display().to_string()])
        .args(["--data", &data.display().to_string()])
        .args(["--exit-when-done", "--", "--trips", "20", "--rate", "10"])
        .args(["--time-scale", "600", "--seed", "5", "--remote-share", "0"]);
    up.start();
    let log = data.join("logs/rider-map.log");
    wait::until("riders wait on the map", PATIENCE, || {
        let printed = fs::read_to_string(&log).unwrap_or_default();
        if waiting(&printed).any(|riders| riders > 0) {
            return Ok(());
        }
        assert!(
            up.is_running(),
            "up has ended, and no rider was seen: {printed}"
        );
        Err(printed)
    });

    // then it runs until the load is done, and is listed with the others
    let ended = up.wait(PATIENCE);
    let said = up.output();
    assert_eq!(ended.code(), Some(0), "{said}");
    for name in [
        "trip",
        "driver-assignment",
        "notification",
        "rider-map",
        "tracker",
    ] {
        let listed = |line: &str| {
            line.split_whitespace().next() == Some(name) && line.contains(&format!("{name}.log"))
        };
        assert!(
            said.lines().any(listed),
            "{name} is not in the table: {said}"
        );
    }
    assert!(!said.contains("unexpectedly"), "{said}");
    // and it saw the riders come and go
    let printed = fs::read_to_string(&log).expect("its log");
    assert!(waiting(&printed).count() > 20, "{printed}");
    assert!(waiting(&printed).any(|riders| riders == 0), "{printed}");
}

#[test]
fn it_is_about_twenty_lines_and_nothing_else_knows_it() {
    let root = binaries::workspace();
    let code = fs::read_to_string(root.join("crates/rider-map/src/main.rs")).expect("its code");
    let lines = code
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with("//"));
    let count = lines.count();
    assert!(count <= 35, "rider-map has {count} lines of code");

    let mut manifests = vec![root.join("Cargo.toml"), root.join("tests/Cargo.toml")];
    let crates = fs::read_dir(root.join("crates"))
        .expect("the crates")
        .flatten();
    manifests.extend(crates.map(|entry| entry.path().join("Cargo.toml")));
    manifests.retain(|path| !path.starts_with(root.join("crates/rider-map")));
    for manifest in manifests {
        let text = fs::read_to_string(&manifest).unwrap_or_default();
        assert!(
            !text.contains("rider-map"),
            "{} knows rider-map",
            manifest.display()
        );
    }
}

/// How many riders waited, each time that it was printed.
fn waiting(printed: &str) -> impl Iterator<Item = usize> {
    printed
        .lines()
        .filter_map(|line| line.split_once(" riders wait")?.0.parse().ok())
}

/// The repository's file with free ports, so that runs side by side don't meet, and folders that are found from anywhere.
fn own_config() -> String {
    let root = binaries::workspace();
    let text = fs::read_to_string(root.join("farandole.toml")).expect("farandole.toml");
    let port = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let trip = port.local_addr().expect("its address").to_string();
    let folder = |path: &str| format!("dir = \"{}\"", Path::new(root).join(path).display());
    let replaced = [
        ("127.0.0.1:9092", "127.0.0.1:0".to_owned()),
        ("127.0.0.1:7070", "127.0.0.1:0".to_owned()),
        ("127.0.0.1:8081", trip),
        ("dir = \"schemas/events\"", folder("schemas/events")),
        ("dir = \"schemas/workflows\"", folder("schemas/workflows")),
    ];
    replaced.into_iter().fold(text, |text, (from, to)| {
        assert!(text.contains(from), "farandole.toml has no {from}");
        text.replace(from, &to)
    })
}
