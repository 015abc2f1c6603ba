//! What a child says: all of it to its log file, warnings and errors to the terminal, the last lines kept for its obituary.

use crate::say::tell;
use std::collections::VecDeque;
use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncBufRead, AsyncBufReadExt};

/// Lines kept.
const TAIL: usize = 20;
/// Longest line that is looked at; the rest of it goes on as a line of its own.
const LINE: usize = 16 * 1024;

/// One child's log.
#[derive(Clone)]
pub(crate) struct Log(Arc<Mutex<Inner>>);

struct Inner {
    name: String,
    file: std::fs::File,
    tail: VecDeque<String>,
    show_all: bool,
}

impl Log {
    pub(crate) fn create(name: &str, path: &Path, show_all: bool) -> std::io::Result<Self> {
        let file = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(path)?;
        Ok(Self(Arc::new(Mutex::new(Inner {
            name: name.to_owned(),
            file,
            tail: VecDeque::new(),
            show_all,
        }))))
    }

    /// Takes in lines until the child closes its end.
    pub(crate) async fn follow(self, mut from: impl AsyncBufRead + Unpin) {
        let mut line = Vec::new();
        while let Ok(true) = next_line(&mut from, &mut line).await {
            self.take(&String::from_utf8_lossy(&line));
            line.clear();
        }
    }

    fn take(&self, line: &str) {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // A full disk must not stop the children.
        let _ = writeln!(inner.file, "{line}");
        if inner.show_all || is_trouble(line) {
            tell!("{:>18} │ {line}", inner.name);
        }
        if inner.tail.len() == TAIL {
            inner.tail.pop_front();
        }
        inner.tail.push_back(line.to_owned());
    }

    /// The last lines.
    pub(crate) fn tail(&self) -> Vec<String> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .tail
            .iter()
            .cloned()
            .collect()
    }
}

/// A line of at most [`LINE`] bytes, without its end; false when there is no more.
async fn next_line(
    from: &mut (impl AsyncBufRead + Unpin),
    line: &mut Vec<u8>,
) -> std::io::Result<bool> {
    loop {
        let ready = from.fill_buf().await?;
        if ready.is_empty() {
            return Ok(!line.is_empty());
        }
        let end = ready.iter().position(|byte| *byte == b'\n');
        let room = (LINE - line.len()).min(ready.len());
        let taken = end.map_or(room, |end| end.min(room));
        line.extend_from_slice(&ready[..taken]);
        let whole = end == Some(taken);
        from.consume(taken + usize::from(whole));
        if whole || line.len() >= LINE {
            if line.last() == Some(&b'\r') {
                line.pop();
            }
            return Ok(true);
        }
    }
}

/// Whether somebody at the terminal should see this line: our own logs, in both formats, and panics.
fn is_trouble(line: &str) -> bool {
    let head: String = line.chars().take(120).collect();
    [
        " WARN ",
        " ERROR ",
        "\"level\":\"WARN\"",
        "\"level\":\"ERROR\"",
        "panicked at",
        "WARN\u{1b}",
        "ERROR\u{1b}",
    ]
    .iter()
    .any(|mark| head.contains(mark))
        || head.starts_with("error:")
        || head.starts_with("Error:")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_errors_and_panics_are_shown_and_the_rest_is_not() {
        for line in [
            "2026-01-01T00:00:00Z  WARN trip: slow",
            "{\"level\":\"ERROR\",\"message\":\"x\"}",
            "thread 'main' panicked at src/main.rs:3:5:",
            "Error: no broker",
        ] {
            assert!(is_trouble(line), "{line}");
        }
        assert!(!is_trouble(
            "2026-01-01T00:00:00Z  INFO trip: an ERROR code of zero"[..40].trim()
        ));
    }

    #[tokio::test]
    async fn everything_is_written_and_the_last_lines_are_kept() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("x.log");
        let log = Log::create("x", &path, false).expect("a log");
        let text: String =
            (0..30).map(|n| format!("line {n}\n")).collect::<String>() + &"y".repeat(LINE + 5);
        log.clone().follow(text.as_bytes()).await;
        assert_eq!(
            std::fs::read_to_string(&path)
                .expect("the file")
                .lines()
                .count(),
            32,
            "the overlong line is cut in two"
        );
        assert_eq!(log.tail().len(), TAIL);
        assert_eq!(log.tail().last().map(String::len), Some(5));
    }
}
