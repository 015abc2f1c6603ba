use bytes::Bytes;

use super::*;
use crate::batch::{self, testing};

/// Appends a batch of records with these timestamps.
fn append(log: &mut Log, timestamps: &[i64]) -> usize {
    let mut batch = testing::batch(timestamps, (-1, -1, -1));
    batch::place(&mut batch, log.end());
    let header = Header::read(&batch).unwrap();
    log.append(&header, Bytes::from(batch)).unwrap();
    header.size
}

fn offsets(mut bytes: &[u8]) -> Vec<i64> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let header = Header::read(bytes).unwrap();
        found.push(header.base_offset);
        bytes = &bytes[header.size..];
    }
    found
}

fn read(log: &Log, offset: i64, max: usize, at_least_one: bool) -> Option<Vec<i64>> {
    log.slice(offset, max, at_least_one)
        .map(|slice| offsets(&slice.read().unwrap()))
}

fn both() -> (tempfile::TempDir, [Log; 2]) {
    let folder = tempfile::tempdir().unwrap();
    let file = Log::open(&folder.path().join("0.log"), |_| ()).unwrap();
    (folder, [Log::in_memory(), file])
}

#[test]
fn reads_whole_batches_within_the_limit_and_one_beyond_it() {
    let (_folder, logs) = both();
    for mut log in logs {
        let size = append(&mut log, &[1, 2]);
        append(&mut log, &[3, 4]);
        append(&mut log, &[5, 6]);
        assert_eq!((log.start(), log.end()), (0, 6));
        assert_eq!(read(&log, 0, 1 << 20, true), Some(vec![0, 2, 4]));
        assert_eq!(
            read(&log, 3, 1 << 20, true),
            Some(vec![2, 4]),
            "the batch that holds 3"
        );
        assert_eq!(read(&log, 0, 2 * size, true), Some(vec![0, 2]));
        assert_eq!(read(&log, 0, 2 * size - 1, true), Some(vec![0]));
        assert_eq!(read(&log, 0, 1, true), Some(vec![0]));
        assert_eq!(read(&log, 0, size - 1, false), None);
        assert_eq!(read(&log, 6, 1 << 20, true), None);
    }
}

#[test]
fn finds_batches_by_time() {
    let (_folder, logs) = both();
    for mut log in logs {
        append(&mut log, &[10, 20]);
        append(&mut log, &[90]);
        append(&mut log, &[40, 90]);
        let at = |t| log.batch_at_time(t).map(|s| offsets(&s.read().unwrap()));
        assert_eq!(
            (at(5), at(21), at(91)),
            (Some(vec![0]), Some(vec![2]), None)
        );
        assert_eq!(offsets(&log.newest_batch().unwrap().read().unwrap()), [2]);
    }
}

#[test]
fn forgets_what_is_before_an_offset() {
    let (_folder, logs) = both();
    for mut log in logs {
        append(&mut log, &[1, 2]);
        append(&mut log, &[3, 4]);
        log.forget_before(3);
        assert_eq!((log.start(), log.end()), (3, 4));
        assert_eq!(read(&log, 3, 1 << 20, true), Some(vec![2]));
        append(&mut log, &[5]);
        assert_eq!(read(&log, 4, 1 << 20, true), Some(vec![4]));
        log.forget_before(5);
        assert_eq!((log.start(), log.end()), (5, 5));
        append(&mut log, &[6]);
        assert_eq!(read(&log, 5, 1 << 20, true), Some(vec![5]));
    }
}

#[test]
fn a_file_opens_as_it_was_left() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("0.log");
    let mut log = Log::open(&path, |_| ()).unwrap();
    append(&mut log, &[1, 2]);
    append(&mut log, &[3]);
    drop(log);
    let mut seen = Vec::new();
    let mut log = Log::open(&path, |header| seen.push(header.base_offset)).unwrap();
    assert_eq!((seen, log.end()), (vec![0, 2], 3));
    append(&mut log, &[4]);
    assert_eq!(read(&log, 0, 1 << 20, true), Some(vec![0, 2, 3]));
}

#[test]
fn a_torn_tail_is_cut_wherever_it_tears() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("0.log");
    let mut log = Log::open(&path, |_| ()).unwrap();
    let first = append(&mut log, &[1, 2]);
    let second = append(&mut log, &[3]);
    drop(log);
    let whole = std::fs::read(&path).unwrap();
    for cut in 1..second {
        std::fs::write(&path, &whole[..first + cut]).unwrap();
        let log = Log::open(&path, |_| ()).unwrap();
        assert_eq!(log.end(), 2, "torn after {cut} bytes");
        assert_eq!(std::fs::metadata(&path).unwrap().len(), first as u64);
    }
    let mut flipped = whole;
    *flipped.last_mut().unwrap() ^= 1;
    std::fs::write(&path, &flipped).unwrap();
    assert_eq!(
        Log::open(&path, |_| ()).unwrap().end(),
        2,
        "bytes that were never written"
    );
}
