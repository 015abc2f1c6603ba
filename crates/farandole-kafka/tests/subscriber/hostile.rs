//! Records that no good client writes.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use farandole_kafka::{Outcome, SubscriberSettings};

use crate::support::{Cluster, Script};

#[tokio::test(flavor = "multi_thread")]
async fn a_header_whose_name_is_no_text_neither_ends_the_subscriber_nor_hides_the_record() {
    let cluster = Cluster::with(&[("trips", 1)]).await;
    produce_by_hand(
        &cluster.servers(),
        "trips",
        &batch(b"a", b"odd", b"\xff\xfe"),
    );
    cluster
        .publish("trips", [("b".to_owned(), "good".to_owned())])
        .await;
    let handler = Script::new(|_| async { Outcome::Done });

    let running = cluster.subscribe(SubscriberSettings::new("g", ["trips"]), &handler);
    handler.until_done(2).await;

    running.stop_cleanly().await;
    let values: Vec<_> = handler.done().into_iter().map(|call| call.value).collect();
    assert_eq!(values, ["odd", "good"]);
}

/// A record batch (format 2) of one record with one header.
fn batch(key: &[u8], value: &[u8], header: &[u8]) -> Vec<u8> {
    // attributes, timestamp delta and offset delta are 0
    let mut record = vec![0, 0, 0];
    for part in [key, value] {
        record.extend(sized(part));
    }
    record.push(2); // one header, as a zigzag number
    record.extend(sized(header));
    record.extend(sized(b"x"));
    let mut checked = Vec::new();
    checked.extend(0_i16.to_be_bytes()); // attributes
    checked.extend(0_i32.to_be_bytes()); // last offset delta
    checked.extend(0_i64.to_be_bytes()); // first timestamp
    checked.extend(0_i64.to_be_bytes()); // last timestamp
    checked.extend((-1_i64).to_be_bytes()); // producer id
    checked.extend((-1_i16).to_be_bytes()); // producer epoch
    checked.extend((-1_i32).to_be_bytes()); // first sequence number
    checked.extend(1_i32.to_be_bytes()); // records
    checked.extend(sized(&record));
    let mut batch = 0_i64.to_be_bytes().to_vec(); // offset
    batch.extend((checked.len() as i32 + 9).to_be_bytes());
    batch.extend((-1_i32).to_be_bytes()); // leader epoch
    batch.push(2); // format
    batch.extend(crc32c(&checked).to_be_bytes());
    batch.extend(checked);
    batch
}

/// Bytes behind their length, a zigzag number of one byte.
fn sized(bytes: &[u8]) -> Vec<u8> {
    let length = u8::try_from(bytes.len() * 2).expect("short");
    assert!(length < 128, "one byte");
    [&[length], bytes].concat()
}

fn crc32c(bytes: &[u8]) -> u32 {
    let step = |crc: u32, _| (crc >> 1) ^ (0x82f6_3b78 & (crc & 1).wrapping_neg());
    !bytes
        .iter()
        .fold(!0, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), step))
}

/// Produce, version 3: to partition 0, acknowledged.
fn produce_by_hand(servers: &str, topic: &str, batch: &[u8]) {
    let text = |text: &str| [&(text.len() as i16).to_be_bytes(), text.as_bytes()].concat();
    let mut request = Vec::new();
    request.extend(0_i16.to_be_bytes()); // Produce
    request.extend(3_i16.to_be_bytes());
    request.extend(1_i32.to_be_bytes()); // correlation id
    request.extend(text("by-hand"));
    request.extend((-1_i16).to_be_bytes()); // no transaction
    request.extend((-1_i16).to_be_bytes()); // acks
    request.extend(5_000_i32.to_be_bytes()); // timeout
    request.extend(1_i32.to_be_bytes()); // topics
    request.extend(text(topic));
    request.extend(1_i32.to_be_bytes()); // partitions
    request.extend(0_i32.to_be_bytes());
    request.extend((batch.len() as i32).to_be_bytes());
    request.extend(batch);
    let mut stream = TcpStream::connect(servers).expect("a broker");
    stream
        .write_all(&(request.len() as i32).to_be_bytes())
        .and_then(|()| stream.write_all(&request))
        .expect("sent");
    let mut length = [0; 4];
    stream.read_exact(&mut length).expect("an answer");
    let mut answer = vec![0; u32::from_be_bytes(length) as usize];
    stream.read_exact(&mut answer).expect("an answer");
    // correlation id, one topic, its name, one partition, its number
    let at = 4 + 4 + 2 + topic.len() + 4 + 4;
    assert_eq!(answer[at..at + 2], [0, 0], "no error");
}
