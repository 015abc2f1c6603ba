//! The file of a log: batches one after the other and nothing else.

use std::fs::File;
use std::io;
use std::path::Path;

use crate::batch::{HEADER, Header};

/// How much of a file's end is checked byte by byte when it is opened. A process that dies leaves
/// at most one batch half written; a machine that dies, a few pages.
const CHECKED_TAIL: u64 = 4 << 20;

/// Opens the file of a log for reading and writing, and makes it when it is missing.
pub(super) fn open(path: &Path) -> io::Result<File> {
    File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
}

/// Shows every whole batch with its position, and cuts off what comes after the last one.
pub(super) fn scan(file: &File, path: &Path, mut each: impl FnMut(&Header, u64)) -> io::Result<()> {
    let size = file.metadata()?.len();
    let mut position = 0;
    let mut next_offset = 0;
    while let Some(header) = batch_at(file, position, size)? {
        if header.base_offset < next_offset {
            break;
        }
        each(&header, position);
        next_offset = header.next_offset();
        position += header.size as u64;
    }
    if position < size {
        tracing::warn!(
            file = %path.display(), bytes = size - position, next_offset,
            "the log ends in a batch that was not written whole; cutting it off"
        );
        file.set_len(position)?;
    }
    Ok(())
}

/// The header of the whole and sound batch at a position.
fn batch_at(file: &File, position: u64, size: u64) -> io::Result<Option<Header>> {
    let left = size - position;
    if left < HEADER as u64 {
        return Ok(None);
    }
    let mut bytes = [0; HEADER];
    read(file, &mut bytes, position)?;
    let Ok(header) = Header::read(&bytes) else {
        return Ok(None);
    };
    if header.size as u64 > left || !header.plausible() {
        return Ok(None);
    }
    if left <= CHECKED_TAIL {
        let mut batch = vec![0; header.size];
        read(file, &mut batch, position)?;
        if !header.is_intact(&batch) {
            return Ok(None);
        }
    }
    Ok(Some(header))
}

/// Reads exactly `bytes.len()` bytes at a position.
#[cfg(unix)]
pub(super) fn read(file: &File, bytes: &mut [u8], position: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, position)
}

/// Writes all bytes at a position.
#[cfg(unix)]
pub(super) fn write(file: &File, bytes: &[u8], position: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, position)
}

/// Reads exactly `bytes.len()` bytes at a position.
#[cfg(windows)]
pub(super) fn read(file: &File, mut bytes: &mut [u8], mut position: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        match std::os::windows::fs::FileExt::seek_read(file, bytes, position)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            n => {
                bytes = &mut bytes[n..];
                position += n as u64;
            }
        }
    }
    Ok(())
}

/// Writes all bytes at a position.
#[cfg(windows)]
pub(super) fn write(file: &File, mut bytes: &[u8], mut position: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        match std::os::windows::fs::FileExt::seek_write(file, bytes, position)? {
            0 => return Err(io::ErrorKind::WriteZero.into()),
            n => {
                bytes = &bytes[n..];
                position += n as u64;
            }
        }
    }
    Ok(())
}
