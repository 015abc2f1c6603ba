//! One event and one recipient: one message, whatever happens to the process.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::PathBuf;

use notification::{Channel, LogChannel, LogFile, LogFileError, Message, Sent};

fn message(event_id: &str, recipient: &str, at_ms: i64) -> Message {
    Message {
        event_id: event_id.into(),
        recipient: recipient.into(),
        trip_id: "trip-1".into(),
        text: "Your driver\nis \"near\".".into(),
        at_ms,
    }
}

fn place() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notifications.jsonl");
    (folder, path)
}

fn lines(path: &PathBuf) -> usize {
    fs::read_to_string(path).unwrap().lines().count()
}

#[test]
fn a_repeat_is_not_written_and_answers_the_first_time() {
    let (_folder, path) = place();
    let mut log = LogFile::open(&path).unwrap();
    assert_eq!(
        log.append(&[message("e1", "rider-1", 5)]).unwrap(),
        [Sent { at_ms: 5 }]
    );
    assert_eq!(
        log.append(&[message("e1", "rider-1", 9)]).unwrap(),
        [Sent { at_ms: 5 }]
    );
    assert_eq!(
        log.append(&[message("e1", "driver-1", 9)]).unwrap(),
        [Sent { at_ms: 9 }],
        "another recipient"
    );
    assert_eq!(lines(&path), 2);
}

#[test]
fn a_repeat_within_one_batch_is_written_once() {
    let (_folder, path) = place();
    let mut log = LogFile::open(&path).unwrap();
    let answers = log
        .append(&[message("e1", "rider-1", 5), message("e1", "rider-1", 6)])
        .unwrap();
    assert_eq!(answers, [Sent { at_ms: 5 }, Sent { at_ms: 5 }]);
    assert_eq!(lines(&path), 1);
}

#[test]
fn what_was_sent_is_known_after_a_restart() {
    let (_folder, path) = place();
    LogFile::open(&path)
        .unwrap()
        .append(&[message("e1", "rider-1", 5)])
        .unwrap();
    let mut log = LogFile::open(&path).unwrap();
    assert_eq!(log.len(), 1);
    assert_eq!(
        log.append(&[message("e1", "rider-1", 9)]).unwrap(),
        [Sent { at_ms: 5 }]
    );
}

#[test]
fn a_line_torn_anywhere_is_cut_and_the_message_sent_again() {
    let (_folder, path) = place();
    LogFile::open(&path)
        .unwrap()
        .append(&[message("e1", "rider-1", 5)])
        .unwrap();
    let whole = fs::read(&path).unwrap();
    LogFile::open(&path)
        .unwrap()
        .append(&[message("e2", "rider-1", 6)])
        .unwrap();
    let both = fs::read(&path).unwrap();
    for torn in whole.len()..both.len() {
        fs::write(&path, &both[..torn]).unwrap();
        let mut log = LogFile::open(&path).unwrap();
        assert_eq!(log.len(), 1, "torn after {torn} bytes");
        assert_eq!(fs::read(&path).unwrap(), whole, "torn after {torn} bytes");
        let again = log
            .append(&[message("e1", "rider-1", 9), message("e2", "rider-1", 7)])
            .unwrap();
        assert_eq!(again, [Sent { at_ms: 5 }, Sent { at_ms: 7 }]);
        assert_eq!(
            LogFile::open(&path).map(|log| log.len()).ok(),
            None,
            "still held by the first"
        );
        drop(log);
        assert_eq!(LogFile::open(&path).unwrap().len(), 2);
    }
}

#[test]
fn damage_before_the_end_is_refused_with_its_line() {
    let (_folder, path) = place();
    LogFile::open(&path)
        .unwrap()
        .append(&[message("e1", "rider-1", 5)])
        .unwrap();
    OpenOptions::new()
        .append(true)
        .open(&path)
        .unwrap()
        .write_all(b"garbage\n")
        .unwrap();
    match LogFile::open(&path) {
        Err(LogFileError::Damaged { line, .. }) => assert_eq!(line, 2),
        other => panic!("{other:?}"),
    }
}

#[test]
fn two_processes_never_share_a_log() {
    let (_folder, path) = place();
    let _first = LogFile::open(&path).unwrap();
    assert!(matches!(
        LogFile::open(&path),
        Err(LogFileError::Taken { .. })
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn many_at_once_through_the_channel_are_each_sent_once() {
    let (_folder, path) = place();
    let channel = std::sync::Arc::new(LogChannel::new(LogFile::open(&path).unwrap()).unwrap());
    let sends: Vec<_> = (0..400)
        .map(|number| {
            let channel = channel.clone();
            let message = message(&format!("e{}", number % 200), "rider-1", number);
            tokio::spawn(async move { channel.send(message).await })
        })
        .collect();
    for send in sends {
        send.await.unwrap().unwrap();
    }
    drop(channel);
    assert_eq!(lines(&path), 200);
    assert_eq!(LogFile::open(&path).unwrap().len(), 200);
}
