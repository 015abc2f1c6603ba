//! Publishing a dead letter, smaller if need be, but never not.

use farandole_engine::{Outcome, TopicPartition};
use farandole_event::{Header, Headers, Outgoing};

use crate::{PublishError, Publisher};

/// The header that replaces a value too large to be carried: where it is, and its size.
const VALUE_REFERENCE: &str = "dl_value_reference";
/// What is left of a long header, in bytes.
const SHORT: usize = 256;

/// Publishes a dead letter and answers `Done` when the broker has acknowledged it. What is too large for the topic is
/// made smaller step by step; the steps are finite and the last one is small.
pub(super) async fn publish(
    publisher: &Publisher,
    letter: Outgoing,
    offset: i64,
    origin: &TopicPartition,
) -> Outcome {
    let origin = format!("{origin}@{offset}");
    let mut result = publisher.publish(letter.clone()).await.map(drop);
    for step in [
        short_message,
        reference_to_value,
        only_our_headers,
        without_key,
    ] {
        if !result.as_ref().is_err_and(PublishError::is_too_large) {
            break;
        }
        result = publisher
            .publish(step(letter.clone(), &origin))
            .await
            .map(drop);
    }
    match result {
        Ok(()) => Outcome::Done,
        Err(error) => Outcome::Retry {
            message: error.to_string(),
        },
    }
}

/// The error message is cut short: enough where only our own headers were too much.
fn short_message(mut letter: Outgoing, _origin: &str) -> Outgoing {
    letter.headers = shortened(letter.headers, |name| name.starts_with("dl_"));
    letter
}

/// The value is replaced by a reference to the original record.
fn reference_to_value(letter: Outgoing, origin: &str) -> Outgoing {
    let mut letter = short_message(letter, origin);
    let size = letter.value.as_ref().map_or(0, Vec::len);
    // Not null: on a compacted topic that would delete the letter.
    letter.value = Some(Vec::new());
    letter
        .headers
        .set(VALUE_REFERENCE, format!("{origin} ({size} bytes)"));
    letter
}

/// Headers of others are cut short, and dropped where they are many.
fn only_our_headers(letter: Outgoing, origin: &str) -> Outgoing {
    let mut letter = reference_to_value(letter, origin);
    letter.headers = shortened(letter.headers, |_| true);
    if letter.headers.size() > 16 * 1024 {
        letter
            .headers
            .retain(|header| header.name.starts_with("dl_"));
    }
    letter
}

fn without_key(letter: Outgoing, origin: &str) -> Outgoing {
    let mut letter = only_our_headers(letter, origin);
    let size = letter.key.as_ref().map_or(0, Vec::len);
    if size > SHORT {
        letter.key = None;
        letter
            .headers
            .set("dl_key_reference", format!("{origin} ({size} bytes)"));
    }
    letter
}

/// Cuts the values of the headers that `affects` names, at a character's border where they are text.
fn shortened(headers: Headers, affects: impl Fn(&str) -> bool) -> Headers {
    let short = |header: Header| match header.value {
        Some(value) if value.len() > SHORT && affects(&header.name) => Header {
            value: Some(cut(value)),
            ..header
        },
        value => Header { value, ..header },
    };
    headers.into_iter().map(short).collect()
}

fn cut(mut value: Vec<u8>) -> Vec<u8> {
    let is_text = std::str::from_utf8(&value).is_ok();
    let is_inside_character = |value: &[u8]| value[SHORT] & 0b1100_0000 == 0b1000_0000;
    let mut end = SHORT;
    if is_text && is_inside_character(&value) {
        end = (0..SHORT)
            .rev()
            .find(|&at| value[at] & 0b1100_0000 != 0b1000_0000)
            .unwrap_or(SHORT);
    }
    value.truncate(end);
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter() -> Outgoing {
        let mut headers = Headers::new();
        headers.push("trace", vec![b'x'; 20_000]);
        headers.push("dl_topic", "trips");
        headers.push("dl_error_message", "é".repeat(400));
        Outgoing {
            topic: "dead".into(),
            key: Some(vec![1; 9_000]),
            value: Some(vec![2; 5_000]),
            headers,
        }
    }

    #[test]
    fn each_step_is_smaller_than_the_one_before_and_says_where_the_original_is() {
        let origin = "trips[3]@17";
        let steps = [
            short_message,
            reference_to_value,
            only_our_headers,
            without_key,
        ];
        let sizes: Vec<usize> = steps
            .iter()
            .map(|step| step(letter(), origin).size())
            .collect();
        assert!(
            sizes.is_sorted_by(|before, after| after < before),
            "{sizes:?}"
        );
        assert!(sizes[3] < 2_000, "{sizes:?}");

        let last = without_key(letter(), origin);
        assert_eq!(
            last.headers.text(VALUE_REFERENCE),
            Some("trips[3]@17 (5000 bytes)")
        );
        assert_eq!(last.headers.text("dl_topic"), Some("trips"));
        assert!(
            last.headers
                .text("dl_error_message")
                .is_some_and(|text| text.ends_with('é')),
            "cut at a character's border"
        );
    }

    #[test]
    fn the_first_step_keeps_the_original_whole() {
        let (before, after) = (letter(), short_message(letter(), "trips[3]@17"));
        assert_eq!(
            (before.key, before.value, before.headers.get("trace")),
            (after.key, after.value, after.headers.get("trace"))
        );
    }
}
