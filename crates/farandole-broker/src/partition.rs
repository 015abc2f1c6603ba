//! A partition: its log, its producers, and the fetches that wait for its next record.

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};

use bytes::{Bytes, BytesMut};
use tokio::sync::Notify;

use crate::batch::{self, Header, Malformed};
use crate::lock;
use crate::log::{Log, Slice};
use crate::producers::{Producers, Verdict};

/// A partition of a topic.
#[derive(Debug)]
pub(crate) struct Partition {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    log: Log,
    producers: Producers,
    waiting: Vec<Arc<Notify>>,
}

/// A batch that is in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Placed {
    pub(crate) base_offset: i64,
    pub(crate) append_time: i64,
    pub(crate) log_start: i64,
}

/// Why a batch was not appended.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refused {
    #[error(transparent)]
    Malformed(#[from] Malformed),
    #[error("the batch has {size} bytes, the topic allows {limit} (max.message.bytes)")]
    TooLarge { size: usize, limit: usize },
    #[error("a batch of this producer is missing before this one")]
    OutOfOrder,
    #[error("a newer run of this producer has written since")]
    OldEpoch,
    #[error("the log cannot be written: {0}")]
    Storage(#[from] io::Error),
}

/// The rules of a topic for what is appended to it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rules {
    /// `max.message.bytes`.
    pub(crate) max_bytes: usize,
    /// The time to give to records under `message.timestamp.type=LogAppendTime`.
    pub(crate) append_time: Option<i64>,
}

/// What a fetch finds in a partition.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) start: i64,
    pub(crate) end: i64,
    /// `Err` when the offset is outside the log.
    pub(crate) slice: Result<Option<Slice>, OutOfRange>,
}

/// The offset asked for is before the log's start or after its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OutOfRange;

impl Partition {
    pub(crate) fn in_memory() -> Partition {
        Partition::with(Log::in_memory(), Producers::default())
    }

    /// The partition in a file, whose records before `start` have been deleted.
    pub(crate) fn open(path: &Path, start: i64) -> io::Result<Partition> {
        let mut producers = Producers::default();
        let mut log = Log::open(path, |header| producers.appended(header))?;
        log.forget_before(start);
        Ok(Partition::with(log, producers))
    }

    fn with(log: Log, producers: Producers) -> Partition {
        Partition {
            state: Mutex::new(State {
                log,
                producers,
                waiting: Vec::new(),
            }),
        }
    }

    /// Appends a batch as a producer sent it, unless it is there already.
    pub(crate) fn append(&self, bytes: &Bytes, rules: Rules) -> Result<Placed, Refused> {
        let header = Header::read(bytes)?;
        if header.size > rules.max_bytes && header.size == bytes.len() {
            return Err(Refused::TooLarge {
                size: header.size,
                limit: rules.max_bytes,
            });
        }
        header.check(bytes)?;
        let mut batch = BytesMut::from(&bytes[..]);
        if let Some(now) = rules.append_time {
            batch::stamp(&mut batch, now);
        }

        let mut state = lock(&self.state);
        let log_start = state.log.start();
        match state.producers.judge(&header) {
            Verdict::Append => {}
            Verdict::Duplicate(batch) => {
                let (base_offset, append_time) = (batch.base_offset, batch.append_time);
                return Ok(Placed {
                    base_offset,
                    append_time,
                    log_start,
                });
            }
            Verdict::OutOfOrder => return Err(Refused::OutOfOrder),
            Verdict::OldEpoch => return Err(Refused::OldEpoch),
        }
        let base_offset = state.log.end();
        batch::place(&mut batch, base_offset);
        let header = Header::read(&batch)?;
        state.log.append(&header, batch.freeze())?;
        state.producers.appended(&header);
        state.waiting.iter().for_each(|fetch| fetch.notify_one());
        Ok(Placed {
            base_offset,
            append_time: rules.append_time.unwrap_or(-1),
            log_start,
        })
    }

    /// The batches from an offset on; see [`Log::slice`].
    pub(crate) fn find(&self, offset: i64, max_bytes: usize, at_least_one: bool) -> Found {
        let state = lock(&self.state);
        let (start, end) = (state.log.start(), state.log.end());
        let slice = if (start..=end).contains(&offset) {
            Ok(state.log.slice(offset, max_bytes, at_least_one))
        } else {
            Err(OutOfRange)
        };
        Found { start, end, slice }
    }

    /// The log's first offset and the one after its last.
    pub(crate) fn range(&self) -> (i64, i64) {
        let state = lock(&self.state);
        (state.log.start(), state.log.end())
    }

    /// The first record at a time or later: its offset and its time. In a compressed batch, which
    /// the broker does not open, the batch's first record stands for it.
    pub(crate) fn record_at(&self, timestamp: i64) -> io::Result<Option<(i64, i64)>> {
        let (slice, start) = {
            let state = lock(&self.state);
            (state.log.batch_at_time(timestamp), state.log.start())
        };
        let Some(slice) = slice else { return Ok(None) };
        let batch = slice.read()?;
        let Ok(header) = Header::read(&batch) else {
            return Ok(None);
        };
        if header.has_append_time() {
            return Ok(Some((header.base_offset.max(start), header.max_timestamp)));
        }
        if header.is_compressed() {
            return Ok(Some((header.base_offset.max(start), header.base_timestamp)));
        }
        let found = batch::find_record(&header, &batch, |time| time >= timestamp);
        Ok(found.map(|(delta, time)| ((header.base_offset + delta).max(start), time)))
    }

    /// The record with the greatest timestamp: its offset and its time. In a compressed batch the
    /// batch's last record stands for it.
    pub(crate) fn newest_record(&self) -> io::Result<Option<(i64, i64)>> {
        let Some(slice) = lock(&self.state).log.newest_batch() else {
            return Ok(None);
        };
        let batch = slice.read()?;
        let Ok(header) = Header::read(&batch) else {
            return Ok(None);
        };
        let newest = header.max_timestamp;
        if header.has_append_time() || header.is_compressed() {
            return Ok(Some((header.next_offset() - 1, newest)));
        }
        let found = batch::find_record(&header, &batch, |time| time == newest);
        Ok(found.map(|(delta, time)| (header.base_offset + delta, time)))
    }

    /// Deletes the records before an offset; -1 stands for the end. Gives the log's new start.
    pub(crate) fn delete_before(&self, offset: i64) -> Result<i64, OutOfRange> {
        let mut state = lock(&self.state);
        let offset = if offset == -1 {
            state.log.end()
        } else {
            offset
        };
        if offset < 0 || offset > state.log.end() {
            return Err(OutOfRange);
        }
        state.log.forget_before(offset);
        Ok(state.log.start())
    }

    /// Lets a fetch be told of the next append.
    pub(crate) fn tell(&self, fetch: &Arc<Notify>) {
        lock(&self.state).waiting.push(Arc::clone(fetch));
    }

    /// Ends what [`tell`](Self::tell) began.
    pub(crate) fn tell_no_more(&self, fetch: &Arc<Notify>) {
        lock(&self.state)
            .waiting
            .retain(|other| !Arc::ptr_eq(other, fetch));
    }

    /// Wakes the fetches that wait, because the topic is gone.
    pub(crate) fn wake(&self) {
        lock(&self.state)
            .waiting
            .iter()
            .for_each(|fetch| fetch.notify_one());
    }
}
