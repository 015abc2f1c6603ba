//! One service as a process of its own.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::BufReader;
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;

use super::output::Log;

/// How long output may keep coming after its process has ended: a grandchild may hold the pipe.
const OUTPUT_END: Duration = Duration::from_secs(1);

/// What to start.
#[derive(Clone)]
pub(crate) struct Plan {
    pub(crate) name: String,
    pub(crate) program: PathBuf,
    pub(crate) args: Vec<String>,
    pub(crate) env: BTreeMap<String, String>,
    pub(crate) folder: PathBuf,
    /// Where it serves, to be shown.
    pub(crate) url: Option<String>,
    /// Where to ask whether it is ready.
    pub(crate) ready: Option<String>,
    pub(crate) load: bool,
    pub(crate) log: Log,
    pub(crate) log_path: PathBuf,
}

/// A started process.
pub(crate) struct Running {
    pub(crate) pid: u32,
    child: Child,
    output: Vec<JoinHandle<()>>,
}

impl Running {
    pub(crate) fn start(plan: &Plan) -> std::io::Result<Self> {
        let mut command = Command::new(&plan.program);
        command
            .args(&plan.args)
            .envs(&plan.env)
            .current_dir(&plan.folder);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        // Ctrl-C at the terminal is for us: we end the children in order.
        #[cfg(unix)]
        command.process_group(0);
        let mut child = command.spawn()?;
        let mut output = Vec::new();
        if let Some(stdout) = child.stdout.take() {
            output.push(tokio::spawn(
                plan.log.clone().follow(BufReader::new(stdout)),
            ));
        }
        if let Some(stderr) = child.stderr.take() {
            output.push(tokio::spawn(
                plan.log.clone().follow(BufReader::new(stderr)),
            ));
        }
        Ok(Self {
            pid: child.id().unwrap_or(0),
            child,
            output,
        })
    }

    /// Waits for its end and for the last of its output. Safe to cancel.
    pub(crate) async fn ended(&mut self) -> std::io::Result<ExitStatus> {
        let status = self.child.wait().await?;
        for output in self.output.drain(..) {
            let _ = tokio::time::timeout(OUTPUT_END, output).await;
        }
        Ok(status)
    }

    /// Asks it to end, waits, and kills it when it does not.
    pub(crate) async fn end(&mut self, patience: Duration) -> std::io::Result<ExitStatus> {
        self.ask_to_end();
        match tokio::time::timeout(patience, self.child.wait()).await {
            Ok(status) => status,
            Err(_) => {
                #[cfg(unix)]
                self.signal(rustix::process::Signal::KILL);
                self.child.kill().await?;
                self.child.wait().await
            }
        }
    }

    #[cfg(unix)]
    pub(crate) fn ask_to_end(&mut self) {
        self.signal(rustix::process::Signal::TERM);
    }

    /// To the child and to what it has started: it leads a process group of its own.
    #[cfg(unix)]
    fn signal(&mut self, signal: rustix::process::Signal) {
        let pid = self
            .child
            .id()
            .and_then(|id| i32::try_from(id).ok())
            .and_then(rustix::process::Pid::from_raw);
        if let Some(pid) = pid {
            let _ = rustix::process::kill_process_group(pid, signal);
        }
    }

    #[cfg(not(unix))]
    pub(crate) fn ask_to_end(&mut self) {
        let _ = self.child.start_kill();
    }
}
