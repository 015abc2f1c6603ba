//! Records as rows.

use std::sync::Arc;

use farandole_event::{Headers, Record};
use rusqlite::Row;

use super::StoreError;
use crate::fold::Home;

/// The columns that [`record`] reads.
pub(super) const COLUMNS: &str = "topic, partition, offset, at_ms, key, value, headers";

/// The text under which a home's records are kept.
pub(super) fn home(home: &Home) -> String {
    match home {
        Home::Instance(correlation) => format!("i/{correlation}"),
        Home::Participant(name) => format!("p/{name}"),
    }
}

/// Names and values, each with a u32 big-endian length; `u32::MAX` stands for a null value.
pub(super) fn headers(headers: &Headers) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(headers.size() + 8 * headers.len());
    let mut put = |part: Option<&[u8]>| {
        let length = part.map_or(u32::MAX, |part| {
            u32::try_from(part.len()).unwrap_or(u32::MAX - 1)
        });
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(part.unwrap_or_default());
    };
    for header in headers.iter() {
        put(Some(header.name.as_bytes()));
        put(header.value.as_deref());
    }
    bytes
}

fn read_headers(mut bytes: &[u8]) -> Option<Headers> {
    let mut headers = Headers::new();
    while !bytes.is_empty() {
        let name = String::from_utf8(part(&mut bytes)??).ok()?;
        headers.push_raw(name, part(&mut bytes)?);
    }
    Some(headers)
}

/// `None`: torn; `Some(None)`: null.
fn part(bytes: &mut &[u8]) -> Option<Option<Vec<u8>>> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    *bytes = rest;
    let length = u32::from_be_bytes(*length);
    if length == u32::MAX {
        return Some(None);
    }
    let (value, rest) = bytes.split_at_checked(usize::try_from(length).ok()?)?;
    *bytes = rest;
    Some(Some(value.to_vec()))
}

/// A row of the table `record` with [`COLUMNS`] first.
pub(super) fn record(row: &Row<'_>) -> Result<Record, StoreError> {
    let topic: String = row.get(0)?;
    let headers: Vec<u8> = row.get(6)?;
    let record = Record {
        partition: row.get(1)?,
        offset: row.get(2)?,
        timestamp_ms: row.get(3)?,
        key: row.get(4)?,
        value: row.get(5)?,
        headers: read_headers(&headers)
            .ok_or_else(|| StoreError::Damaged(format!("headers of a record of {topic}")))?,
        topic: Arc::from(topic),
    };
    Ok(record)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn headers_come_back_as_they_went(list in proptest::collection::vec((".{0,8}", proptest::option::of(proptest::collection::vec(any::<u8>(), 0..9))), 0..6)) {
            let mut given = Headers::new();
            for (name, value) in list {
                given.push_raw(name, value);
            }
            prop_assert_eq!(read_headers(&headers(&given)), Some(given));
        }

        #[test]
        fn torn_headers_are_refused_without_harm(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = read_headers(&bytes);
        }
    }
}
