//! Rows of the table `outbox`: records with everything needed to publish them byte for byte.

use farandole::{Headers, Outgoing};
use rusqlite::{Connection, params};
use serde_json::{Value, json};

use crate::OutboxError;

/// A row that is to be published.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    pub(crate) seq: i64,
    pub(crate) outgoing: Outgoing,
}

/// Adds records in their order.
pub(crate) fn insert(db: &Connection, outgoing: &[Outgoing], now_ms: i64) -> rusqlite::Result<()> {
    let mut statement = db.prepare_cached(
        "INSERT INTO outbox (id, aggregatetype, aggregateid, type, payload, topic, key, headers, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?;
    for record in outgoing {
        let header = |name: &str| record.headers.text(name);
        let key = record.key.as_deref().map(String::from_utf8_lossy);
        statement.execute(params![
            header("ce_id").unwrap_or_default(),
            header("ce_workflow").unwrap_or(&record.topic),
            key.as_deref().unwrap_or_default(),
            header("ce_type").unwrap_or_default(),
            record.value,
            record.topic,
            record.key,
            encode(&record.headers),
            now_ms,
        ])?;
    }
    Ok(())
}

/// Rows to publish beyond `after`, in order, and rows that can't be read.
pub(crate) fn load(
    db: &Connection,
    after: i64,
    limit: usize,
) -> rusqlite::Result<Vec<Result<Row, OutboxError>>> {
    let mut statement = db.prepare_cached(
        "SELECT seq, topic, key, payload, headers FROM outbox
         WHERE seq > ?1 AND published_at IS NULL AND parked IS NULL ORDER BY seq LIMIT ?2",
    )?;
    let rows = statement.query_map(
        params![after, i64::try_from(limit).unwrap_or(i64::MAX)],
        |row| {
            let seq: i64 = row.get(0)?;
            let headers: String = row.get(4)?;
            let (topic, key, value) = (row.get(1)?, row.get(2)?, row.get(3)?);
            let decoded = decode(&headers).ok_or_else(|| OutboxError::Row {
                seq,
                reason: "its headers are not what this crate writes".into(),
            });
            Ok(decoded.map(|headers| Row {
                seq,
                outgoing: Outgoing {
                    topic,
                    key,
                    value,
                    headers,
                },
            }))
        },
    )?;
    rows.collect()
}

/// Takes published rows out, or marks them where they are kept.
pub(crate) fn published(
    db: &Connection,
    seqs: &[i64],
    kept_at_ms: Option<i64>,
) -> rusqlite::Result<()> {
    match kept_at_ms {
        None => {
            let mut delete = db.prepare_cached("DELETE FROM outbox WHERE seq = ?1")?;
            seqs.iter()
                .try_for_each(|seq| delete.execute([seq]).map(drop))
        }
        Some(now_ms) => {
            let mut mark =
                db.prepare_cached("UPDATE outbox SET published_at = ?2 WHERE seq = ?1")?;
            seqs.iter()
                .try_for_each(|seq| mark.execute([*seq, now_ms]).map(drop))
        }
    }
}

/// Puts a row aside that can never be published.
pub(crate) fn park(db: &Connection, seq: i64, reason: &str) -> rusqlite::Result<()> {
    db.prepare_cached("UPDATE outbox SET parked = ?2 WHERE seq = ?1")?
        .execute(params![seq, reason])
        .map(drop)
}

fn encode(headers: &Headers) -> String {
    let pairs = headers.iter().map(|header| {
        let value = match header
            .value
            .as_deref()
            .map(|bytes| (std::str::from_utf8(bytes), bytes))
        {
            None => Value::Null,
            Some((Ok(text), _)) => Value::from(text),
            Some((Err(_), bytes)) => {
                json!({ "hex": bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>() })
            }
        };
        json!([header.name, value])
    });
    Value::from_iter(pairs).to_string()
}

fn decode(json: &str) -> Option<Headers> {
    let pairs: Vec<(String, Value)> = serde_json::from_str(json).ok()?;
    let mut headers = Headers::new();
    for (name, value) in pairs {
        let value = match value {
            Value::Null => None,
            Value::String(text) => Some(text.into_bytes()),
            other => Some(unhex(other.get("hex")?.as_str()?)?),
        };
        headers.push_raw(name, value);
    }
    Some(headers)
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let pairs = text.as_bytes().chunks(2);
    pairs
        .map(|pair| {
            u8::from_str_radix(
                std::str::from_utf8(pair)
                    .ok()
                    .filter(|pair| pair.len() == 2)?,
                16,
            )
            .ok()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_come_back_byte_for_byte() {
        let mut headers = Headers::new();
        headers.push("ce_id", "e-1");
        headers.push("empty", "");
        headers.push_raw("null", None);
        headers.push("binary", vec![0xff, 0x00, 0x80]);
        headers.push("ce_id", "repeated \"quoted\" früh");
        assert_eq!(decode(&encode(&headers)), Some(headers));
    }

    #[test]
    fn what_was_not_written_here_is_no_headers() {
        for text in [
            "",
            "{}",
            "[[1, \"x\"]]",
            "[[\"a\", 5]]",
            "[[\"a\", {\"hex\": \"f\"}]]",
            "[[\"a\", {\"hex\": \"zz\"}]]",
        ] {
            assert_eq!(decode(text), None, "{text}");
        }
    }
}
