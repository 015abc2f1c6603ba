//! `farandole up` as a user runs it: real processes, real signals. The children are shell one-liners.
#![cfg(unix)]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant};

use tempfile::TempDir;

const DEADLINE: Duration = Duration::from_secs(40);

/// A folder with a `farandole.toml` whose broker takes any free port.
fn folder(processes: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let text =
        format!("[broker]\nlisten = \"127.0.0.1:0\"\n[tracker]\nenabled = false\n{processes}");
    std::fs::write(folder.path().join("farandole.toml"), text).expect("farandole.toml");
    folder
}

fn shell(name: &str, script: &str, more: &str) -> String {
    format!(
        "[[process]]\nname = \"{name}\"\ncommand = [\"sh\", \"-c\", '''{script}''']\nprobe = false\n{more}\n"
    )
}

fn farandole(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_farandole"));
    command
        .current_dir(folder)
        .args(args)
        .env_remove("KAFKA_BOOTSTRAP_SERVERS")
        .env_remove("RUST_LOG");
    command
}

fn run(folder: &Path, args: &[&str]) -> (i32, String) {
    let output = farandole(folder, args).output().expect("it runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    (output.status.code().unwrap_or(-1), text)
}

/// A running `up` and what it has said so far. Ended when dropped.
struct Up {
    child: Child,
    lines: std::sync::mpsc::Receiver<String>,
    said: Vec<String>,
}

impl Up {
    fn start(folder: &Path, args: &[&str]) -> Self {
        let mut child = farandole(folder, args)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("it runs");
        let stdout = BufReader::new(child.stdout.take().expect("its output"));
        let (sender, lines) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            stdout
                .lines()
                .map_while(Result::ok)
                .try_for_each(|line| sender.send(line))
        });
        Self {
            child,
            lines,
            said: Vec::new(),
        }
    }

    /// Waits for a line with these words.
    #[track_caller]
    fn hears(&mut self, words: &str) -> String {
        let deadline = Instant::now() + DEADLINE;
        while let Ok(line) = self
            .lines
            .recv_timeout(deadline.saturating_duration_since(Instant::now()))
        {
            self.said.push(line.clone());
            if line.contains(words) {
                return line;
            }
        }
        panic!("{words:?} was never said, but:\n{}", self.said.join("\n"));
    }

    /// Ctrl-C, and the exit code. Its output ends with it.
    #[track_caller]
    fn interrupted(mut self) -> Option<i32> {
        signal(self.child.id(), "INT");
        let deadline = Instant::now() + DEADLINE;
        loop {
            match self
                .lines
                .recv_timeout(deadline.saturating_duration_since(Instant::now()))
            {
                Ok(_) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    return self.child.wait().expect("a child").code();
                }
                Err(RecvTimeoutError::Timeout) => panic!("it does not end"),
            }
        }
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn signal(pid: u32, name: &str) {
    let status = Command::new("kill")
        .args([&format!("-{name}"), &pid.to_string()])
        .status()
        .expect("kill runs");
    assert!(status.success());
}

fn pid_in(line: &str) -> u32 {
    line.split_whitespace()
        .nth(1)
        .and_then(|word| word.parse().ok())
        .unwrap_or_else(|| panic!("no pid in {line:?}"))
}

fn lives(pid: u32) -> bool {
    Command::new("kill")
        .args(["-0", &pid.to_string()])
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

#[test]
fn services_run_with_the_broker_s_address_and_end_at_ctrl_c() {
    let folder = folder(&shell(
        "map",
        "echo at $KAFKA_BOOTSTRAP_SERVERS; exec sleep 600",
        "",
    ));
    let mut up = Up::start(folder.path(), &["up"]);
    let broker = up.hears("broker (embedded)");
    let address = broker
        .split_whitespace()
        .last()
        .expect("an address")
        .to_owned();
    let map = pid_in(&up.hears("map "));
    assert!(lives(map));
    up.hears("Ctrl-C ends everything");
    assert_eq!(up.interrupted(), Some(0));
    assert!(!lives(map), "nothing is left behind");
    let log =
        std::fs::read_to_string(folder.path().join(".farandole/logs/map.log")).expect("its log");
    assert_eq!(log.trim(), format!("at {address}"));
}

#[test]
fn a_killed_service_is_reported_and_the_others_go_on() {
    let processes =
        shell("one", "echo last words; exec sleep 600", "") + &shell("two", "exec sleep 600", "");
    let folder = folder(&processes);
    let mut up = Up::start(folder.path(), &["up"]);
    let one = pid_in(&up.hears("one "));
    let two = pid_in(&up.hears("two "));
    up.hears("Ctrl-C ends everything");
    signal(one, "KILL");
    assert!(up.hears("one (process").contains("signal: 9"));
    up.hears("last words");
    assert!(lives(two) && !lives(one));
    assert_eq!(up.interrupted(), Some(0));
}

#[test]
fn with_restart_a_killed_service_runs_again() {
    let folder = folder(&shell("one", "exec sleep 600", ""));
    let mut up = Up::start(folder.path(), &["up", "--restart"]);
    let one = pid_in(&up.hears("one "));
    up.hears("Ctrl-C ends everything");
    signal(one, "KILL");
    let again = up.hears("one runs again as process");
    let pid: u32 = again
        .split_whitespace()
        .last()
        .and_then(|word| word.parse().ok())
        .expect("a pid");
    assert!(pid != one && lives(pid));
    assert_eq!(up.interrupted(), Some(0));
    assert!(!lives(pid));
}

#[test]
fn the_load_decides_the_exit_code_and_gets_its_arguments() {
    let processes = shell("service", "exec sleep 600", "")
        + "[[process]]\nname = \"load\"\ncommand = [\"sh\", \"-c\", 'echo got $1; exit $1', \"sh\"]\nload = true\n";
    let folder = folder(&processes);
    for code in ["0", "3"] {
        let (exit, said) = run(folder.path(), &["up", "--exit-when-done", "--", code]);
        assert_eq!(exit.to_string(), code, "{said}");
        assert!(
            said.contains(&format!("got {code}")),
            "the load's output is shown: {said}"
        );
    }
    let mut up = Up::start(folder.path(), &["up"]);
    up.hears("Ctrl-C ends everything");
    assert!(
        !up.said.iter().any(|line| line.starts_with(" load ")),
        "without --load there is none"
    );
    assert_eq!(up.interrupted(), Some(0));
}

#[test]
fn a_service_that_does_not_listen_to_sigterm_is_killed() {
    let folder = folder(&shell(
        "deaf",
        "trap \"\" TERM INT; echo ready; while true; do sleep 600; done",
        "",
    ));
    let mut up = Up::start(folder.path(), &["up"]);
    let deaf = pid_in(&up.hears("deaf "));
    up.hears("Ctrl-C ends everything");
    assert_eq!(up.interrupted(), Some(0));
    assert!(!lives(deaf));
}

#[test]
fn what_can_t_work_is_said_before_anything_starts() {
    let missing = folder("[[process]]\nname = \"x\"\ncommand = [\"no-such-program-here\"]\n");
    let (code, said) = run(missing.path(), &["up"]);
    assert!(
        code == 2 && said.contains("no-such-program-here") && said.contains("cargo build"),
        "{code}: {said}"
    );
    let misspelt = folder("[[process]]\nname = \"x\"\ncomand = [\"sh\"]\n");
    let (code, said) = run(misspelt.path(), &["up"]);
    assert!(
        code == 2
            && said.contains("farandole.toml:7:1")
            && said.contains("Did you mean \"command\"?"),
        "{code}: {said}"
    );
    let (code, said) = run(misspelt.path(), &["up", "--config", "nowhere.toml"]);
    assert!(code == 2 && said.contains("--config"), "{code}: {said}");
}
