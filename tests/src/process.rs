//! One program as a process of its own, with its output in a file.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use crate::{binaries, wait};

/// A program that a test starts, kills and starts again.
pub struct Process {
    name: String,
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
    output: PathBuf,
    child: Option<Child>,
}

impl Process {
    /// Describes a program of the workspace; its output goes to `<logs>/<label>.log`.
    pub fn new(label: &str, program: &str, logs: &Path) -> Self {
        Self {
            name: program.to_owned(),
            arguments: Vec::new(),
            environment: Vec::new(),
            output: logs.join(format!("{label}.log")),
            child: None,
        }
    }

    /// Adds command-line arguments.
    pub fn args<S: Into<String>>(mut self, arguments: impl IntoIterator<Item = S>) -> Self {
        self.arguments.extend(arguments.into_iter().map(Into::into));
        self
    }

    /// Sets a variable of its environment.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Starts it, or starts it again.
    pub fn start(&mut self) {
        assert!(!self.is_running(), "{} runs already", self.name);
        let output: File = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&self.output)
            .expect("the log can be written");
        let child = Command::new(binaries::path(&self.name))
            .args(&self.arguments)
            .envs(self.environment.iter().map(|(k, v)| (k, v)))
            .stdin(Stdio::null())
            .stdout(output.try_clone().expect("a second handle"))
            .stderr(output)
            .spawn()
            .unwrap_or_else(|e| panic!("{} does not start: {e}", self.name));
        self.child = Some(child);
    }

    /// Kills it with SIGKILL, as a power cut would; it writes and says nothing any more.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("it can be killed");
            child.wait().expect("it ends");
        }
    }

    /// Whether it runs now.
    pub fn is_running(&mut self) -> bool {
        self.child
            .as_mut()
            .is_some_and(|c| matches!(c.try_wait(), Ok(None)))
    }

    /// Waits for its end.
    pub fn wait(&mut self, limit: Duration) -> ExitStatus {
        let name = self.name.clone();
        let output = self.output.clone();
        let child = self.child.as_mut().expect("it was started");
        wait::until(
            &format!("the end of {name} (its output: {})", output.display()),
            limit,
            || {
                child
                    .try_wait()
                    .expect("its state can be asked")
                    .ok_or("still running")
            },
        )
    }

    /// The process id, while it runs.
    pub fn id(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    /// Everything it has printed so far.
    pub fn output(&self) -> String {
        std::fs::read_to_string(&self.output).unwrap_or_default()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            let output = self.output();
            let tail: Vec<_> = output.lines().rev().take(30).collect();
            eprintln!("--- the end of what {} printed:", self.name);
            tail.iter().rev().for_each(|line| eprintln!("{line}"));
        }
    }
}
