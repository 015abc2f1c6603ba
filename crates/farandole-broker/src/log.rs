//! The log of a partition: batches one after the other, in memory or in a file.

mod file;
mod index;

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};

use crate::batch::Header;
use index::{Entry, Index};

/// The batches of a partition, by offset.
#[derive(Debug)]
pub(crate) struct Log {
    index: Index,
    start: i64,
    end: i64,
    store: Store,
}

#[derive(Debug)]
enum Store {
    /// The batches themselves, one for each entry of the index.
    Memory(VecDeque<Bytes>),
    /// A file with nothing but batches; the index says where.
    File(Arc<File>),
}

/// Some batches to read, once the log's lock is released.
#[derive(Debug)]
pub(crate) enum Slice {
    Memory(Vec<Bytes>, usize),
    File {
        file: Arc<File>,
        position: u64,
        size: usize,
    },
}

impl Slice {
    /// How many bytes there are to read.
    pub(crate) fn size(&self) -> usize {
        match self {
            Slice::Memory(_, size) | Slice::File { size, .. } => *size,
        }
    }

    /// Reads them.
    pub(crate) fn read(self) -> io::Result<Bytes> {
        match self {
            Slice::Memory(mut batches, _) if batches.len() == 1 => Ok(batches.remove(0)),
            Slice::Memory(batches, size) => {
                let mut all = BytesMut::with_capacity(size);
                batches
                    .iter()
                    .for_each(|batch| all.extend_from_slice(batch));
                Ok(all.freeze())
            }
            Slice::File {
                file,
                position,
                size,
            } => {
                let mut bytes = vec![0; size];
                file::read(&file, &mut bytes, position)?;
                Ok(Bytes::from(bytes))
            }
        }
    }
}

impl Log {
    /// An empty log in memory.
    pub(crate) fn in_memory() -> Log {
        Log {
            index: Index::default(),
            start: 0,
            end: 0,
            store: Store::Memory(VecDeque::new()),
        }
    }

    /// The log in a file, created when missing. A torn tail is cut off. `each` sees the header of
    /// every batch, in order.
    pub(crate) fn open(path: &Path, mut each: impl FnMut(&Header)) -> io::Result<Log> {
        let file = file::open(path)?;
        let mut index = Index::default();
        let mut end = 0;
        file::scan(&file, path, |header, position| {
            index.push(Entry {
                base_offset: header.base_offset,
                position,
                max_timestamp: header.max_timestamp,
            });
            index.size = position + header.size as u64;
            end = header.next_offset();
            each(header);
        })?;
        Ok(Log {
            index,
            start: 0,
            end,
            store: Store::File(Arc::new(file)),
        })
    }

    /// The first offset there is.
    pub(crate) fn start(&self) -> i64 {
        self.start
    }

    /// The offset after the last record.
    pub(crate) fn end(&self) -> i64 {
        self.end
    }

    /// Appends a batch that has been given the offset [`end`](Self::end).
    pub(crate) fn append(&mut self, header: &Header, batch: Bytes) -> io::Result<()> {
        let entry = Entry {
            base_offset: self.end,
            position: self.index.size,
            max_timestamp: header.max_timestamp,
        };
        match &mut self.store {
            Store::Memory(batches) => batches.push_back(batch),
            // At its place rather than at the end: a write that failed half-way is overwritten.
            Store::File(file) => file::write(file, &batch, entry.position)?,
        }
        self.index.push(entry);
        self.index.size += header.size as u64;
        self.end += header.offsets();
        Ok(())
    }

    /// The batches from the one that holds `offset`, up to `max_bytes`, and at least one if
    /// `at_least_one`. `None` when there is nothing (more) to read.
    pub(crate) fn slice(&self, offset: i64, max_bytes: usize, at_least_one: bool) -> Option<Slice> {
        if offset >= self.end {
            return None;
        }
        let first = self.index.holding(offset)?;
        let position = self.index.position(first);
        let mut last = self
            .index
            .first_at(position.saturating_add(max_bytes as u64));
        if last <= first {
            if !at_least_one {
                return None;
            }
            last = first + 1;
        }
        let size = usize::try_from(self.index.position(last) - position).ok()?;
        Some(match &self.store {
            Store::Memory(batches) => {
                Slice::Memory(batches.range(first..last).cloned().collect(), size)
            }
            Store::File(file) => Slice::File {
                file: Arc::clone(file),
                position,
                size,
            },
        })
    }

    /// The first batch with a record at `timestamp` or later.
    pub(crate) fn batch_at_time(&self, timestamp: i64) -> Option<Slice> {
        let entry = self.index.first_with(|e| e.max_timestamp >= timestamp)?;
        self.slice(entry.base_offset, 0, true)
    }

    /// The first batch with the greatest timestamp of all.
    pub(crate) fn newest_batch(&self) -> Option<Slice> {
        let newest = self.index.newest()?;
        self.slice(newest.base_offset, 0, true)
    }

    /// Forgets the records before `offset`; a file keeps its bytes.
    pub(crate) fn forget_before(&mut self, offset: i64) {
        let offset = offset.clamp(self.start, self.end);
        self.start = offset;
        let gone = match self.index.holding(offset) {
            Some(first) if offset < self.end => first,
            _ => self.index.len(),
        };
        self.index.drop_first(gone);
        if let Store::Memory(batches) = &mut self.store {
            batches.drain(..gone);
        }
    }
}

#[cfg(test)]
mod tests;
