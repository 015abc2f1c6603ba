//! The notification log: one line of JSON for each message, appended and synced. It is its own inbox: what it holds was sent,
//! and is not sent again.

use std::collections::HashMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::channel::{Message, Sent};

#[derive(Serialize, Deserialize)]
struct Line<'a> {
    event: &'a str,
    to: &'a str,
    trip: &'a str,
    text: &'a str,
    at_ms: i64,
}

/// The part of a line that is read back.
#[derive(Deserialize)]
struct Key {
    event: String,
    to: String,
    at_ms: i64,
}

/// A notification log that this process alone writes.
#[derive(Debug)]
pub struct LogFile {
    path: PathBuf,
    file: File,
    /// Length of what is synced; anything beyond is the rest of a write that failed.
    length: u64,
    sent: HashMap<(String, String), i64>,
}

/// A log that can't be used.
#[derive(Debug, thiserror::Error)]
pub enum LogFileError {
    /// Two processes must not write one log.
    #[error(
        "{path} belongs to another notification process; give this one a log of its own with --data"
    )]
    Taken {
        /// The log file.
        path: PathBuf,
    },
    /// Not a line of ours, and not the torn end of a write either.
    #[error(
        "{path}, line {line} is no notification ({reason}); the log is damaged: restore it, or move it away to begin a new one (people may then be told again)"
    )]
    Damaged {
        /// The log file.
        path: PathBuf,
        /// Number of the line, from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// The file can't be opened or read.
    #[error("the notification log {path} can't be opened: {source}")]
    Io {
        /// The log file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

impl LogFile {
    /// Opens the log, made if it is not there; reads back what was sent; cuts off a last line that a killed process left unfinished.
    ///
    /// # Errors
    /// See [`LogFileError`].
    pub fn open(path: &Path) -> Result<Self, LogFileError> {
        let io = |source| LogFileError::Io {
            path: path.to_owned(),
            source,
        };
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(path)
            .map_err(io)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(LogFileError::Taken {
                    path: path.to_owned(),
                });
            }
            Err(TryLockError::Error(source)) => return Err(io(source)),
        }
        let (length, sent) = read_back(path, &file)?;
        let mut log = Self {
            path: path.to_owned(),
            file,
            length,
            sent,
        };
        log.cut().map_err(io)?;
        sync_folder(path).map_err(io)?;
        Ok(log)
    }

    /// Where the log is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How many messages were sent.
    pub fn len(&self) -> usize {
        self.sent.len()
    }

    /// Whether nobody was told anything yet.
    pub fn is_empty(&self) -> bool {
        self.sent.is_empty()
    }

    /// Writes what was not sent before, syncs once for all of it, and answers in the order of the messages.
    ///
    /// # Errors
    /// Nothing of this was sent; the log is as before.
    pub fn append(&mut self, messages: &[Message]) -> io::Result<Vec<Sent>> {
        let mut fresh: HashMap<(String, String), i64> = HashMap::new();
        let (mut lines, mut answers) = (Vec::new(), Vec::new());
        for message in messages {
            let key = (message.event_id.clone(), message.recipient.clone());
            let before = self.sent.get(&key).or_else(|| fresh.get(&key)).copied();
            answers.push(Sent {
                at_ms: before.unwrap_or(message.at_ms),
            });
            if before.is_none() {
                write_line(&mut lines, message)?;
                fresh.insert(key, message.at_ms);
            }
        }
        if !lines.is_empty() {
            self.write(&lines)?;
            self.sent.extend(fresh);
        }
        Ok(answers)
    }

    fn write(&mut self, lines: &[u8]) -> io::Result<()> {
        let written = self
            .file
            .write_all(lines)
            .and_then(|()| self.file.sync_data());
        if let Err(error) = written {
            self.cut()?;
            return Err(error);
        }
        self.length += lines.len() as u64;
        Ok(())
    }

    /// Cuts off whatever lies beyond the synced part.
    fn cut(&mut self) -> io::Result<()> {
        if self.file.metadata()?.len() != self.length {
            self.file.set_len(self.length)?;
            self.file.sync_all()?;
        }
        self.file.seek(SeekFrom::Start(self.length)).map(drop)
    }
}

fn write_line(lines: &mut Vec<u8>, message: &Message) -> io::Result<()> {
    let Message {
        event_id,
        recipient,
        trip_id,
        text,
        at_ms,
    } = message;
    let line = Line {
        event: event_id,
        to: recipient,
        trip: trip_id,
        text,
        at_ms: *at_ms,
    };
    serde_json::to_writer(&mut *lines, &line)?;
    lines.push(b'\n');
    Ok(())
}

type ReadBack = (u64, HashMap<(String, String), i64>);

/// The length of the whole lines, and what they say was sent.
fn read_back(path: &Path, file: &File) -> Result<ReadBack, LogFileError> {
    let mut reader = BufReader::new(file);
    let (mut length, mut sent, mut line) = (0, HashMap::new(), Vec::new());
    for number in 1.. {
        line.clear();
        let read = reader.read_until(b'\n', &mut line);
        let bytes = read.map_err(|source| LogFileError::Io {
            path: path.to_owned(),
            source,
        })?;
        if !line.ends_with(b"\n") {
            break; // the end, or a torn line
        }
        let key: Key = serde_json::from_slice(&line).map_err(|error| LogFileError::Damaged {
            path: path.to_owned(),
            line: number,
            reason: error.to_string(),
        })?;
        sent.insert((key.event, key.to), key.at_ms);
        length += bytes as u64;
    }
    Ok((length, sent))
}

/// A new file's name must survive a power cut too.
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}
