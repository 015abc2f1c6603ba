//! Watching the children: who ends unexpectedly is reported, and started again only when asked for.

use crate::say::tell;
use std::future::poll_fn;
use std::process::ExitStatus;
use std::task::Poll;
use std::time::Duration;

use super::child::{Plan, Running};
use crate::error::CliError;

/// How long children may take to end.
const PATIENCE: Duration = Duration::from_secs(12);
/// Between an unexpected end and a new start.
const RESTART_AFTER: Duration = Duration::from_secs(1);

/// A child and what it was started as.
pub(super) struct Watched {
    pub(super) plan: Plan,
    pub(super) pid: u32,
    running: Option<Running>,
}

/// All children.
pub(super) struct Fleet {
    restart: bool,
    children: Vec<Watched>,
}

impl Fleet {
    pub(super) fn new(restart: bool) -> Self {
        Self {
            restart,
            children: Vec::new(),
        }
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Watched> {
        self.children.iter()
    }

    pub(super) fn start(&mut self, plan: Plan) -> Result<(), CliError> {
        let running = Running::start(&plan).map_err(CliError::file(&plan.program))?;
        self.children.push(Watched {
            pid: running.pid,
            plan,
            running: Some(running),
        });
        Ok(())
    }

    /// Reports ends for ever; with `until_done`, returns the first non-zero exit code of a load, or 0 when all loads have ended.
    pub(super) async fn watch(&mut self, until_done: bool) -> u8 {
        loop {
            let (at, status) = self.next_end().await;
            self.children[at].running = None;
            let load = self.children[at].plan.load;
            report(&self.children[at], &status);
            if load && until_done {
                let code = exit_code(&status);
                let more = self
                    .children
                    .iter()
                    .any(|one| one.plan.load && one.running.is_some());
                if code != 0 || !more {
                    return code;
                }
            } else if !load && self.restart {
                tokio::time::sleep(RESTART_AFTER).await;
                self.start_again(at);
            }
        }
    }

    /// Returns when any child has ended; it stays to be reported by [`Fleet::watch`].
    pub(super) async fn first_end(&mut self) {
        let _ = self.next_end().await;
    }

    /// The next child to end. Safe to cancel: an ended child says so again.
    async fn next_end(&mut self) -> (usize, std::io::Result<ExitStatus>) {
        let mut ends: Vec<_> = self
            .children
            .iter_mut()
            .enumerate()
            .filter_map(|(at, one)| {
                one.running
                    .as_mut()
                    .map(|running| (at, Box::pin(running.ended())))
            })
            .collect();
        poll_fn(move |cx| {
            for (at, end) in &mut ends {
                if let Poll::Ready(status) = end.as_mut().poll(cx) {
                    return Poll::Ready((*at, status));
                }
            }
            Poll::Pending
        })
        .await
    }

    fn start_again(&mut self, at: usize) {
        let child = &mut self.children[at];
        match Running::start(&child.plan) {
            Ok(running) => {
                child.pid = running.pid;
                child.running = Some(running);
                tell!("{} runs again as process {}", child.plan.name, child.pid);
            }
            Err(error) => tell!("error: {} can't be started again: {error}", child.plan.name),
        }
    }

    /// Ends all: loads first, then the services, the tracker last. Whoever does not end in time is killed.
    pub(super) async fn end(&mut self) {
        for child in &mut self.children {
            if let Some(running) = &mut child.running {
                running.ask_to_end();
            }
        }
        let deadline = tokio::time::Instant::now() + PATIENCE;
        for child in self.children.iter_mut().rev() {
            let Some(mut running) = child.running.take() else {
                continue;
            };
            let left = deadline.saturating_duration_since(tokio::time::Instant::now());
            let asked = tokio::time::Instant::now();
            match running.end(left).await {
                Ok(_) if asked.elapsed() >= left => tell!(
                    "warning: {} did not end in time and was killed",
                    child.plan.name
                ),
                Ok(_) => {}
                Err(error) => tell!("warning: {} can't be ended: {error}", child.plan.name),
            }
        }
    }
}

fn report(child: &Watched, status: &std::io::Result<ExitStatus>) {
    let name = &child.plan.name;
    let how = match status {
        Ok(status) => status.to_string(),
        Err(error) => error.to_string(),
    };
    if child.plan.load && exit_code(status) == 0 {
        tell!("{name} (process {}) has done its work", child.pid);
        return;
    }
    tell!(
        "error: {name} (process {}) has ended unexpectedly: {how}. Its last lines, from {}:",
        child.pid,
        child.plan.log_path.display()
    );
    for line in child.plan.log.tail() {
        tell!("{name:>18} │ {line}");
    }
}

/// As a shell has it: 128 and the signal for one that was killed.
fn exit_code(status: &std::io::Result<ExitStatus>) -> u8 {
    let Ok(status) = status else { return 1 };
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(status) {
        return u8::try_from(128 + signal).unwrap_or(u8::MAX);
    }
    status
        .code()
        .map_or(1, |code| u8::try_from(code).unwrap_or(1))
}
