use farandole_event::{Catalog, DecodeError, Envelope, Event, Record};
use serde_json::Value;

use crate::Delivery;

/// An event that was published in a test.
#[derive(Clone, Debug)]
pub struct Seen {
    /// What it says about itself.
    pub envelope: Envelope,
    /// Its fields.
    pub json: Value,
    /// The record, with key and position.
    pub record: Record,
}

impl Seen {
    /// Decodes a record of the test's own topics.
    pub(super) fn of(record: &Record, catalog: &Catalog) -> Result<Self, DecodeError> {
        let (envelope, _, json) = catalog.to_json(record)?;
        Ok(Self {
            envelope,
            json,
            record: record.clone(),
        })
    }

    /// The event's name.
    pub fn event(&self) -> &str {
        &self.envelope.event
    }

    /// The event as its type; `None` when it is another event.
    ///
    /// # Panics
    /// When its bytes can't be decoded.
    #[track_caller]
    pub fn decode<E: Event>(&self) -> Option<E> {
        if self.event() != E::NAME {
            return None;
        }
        let parsed = Envelope::read(&self.record).expect("it was read before");
        let (headers, catalog) = (&self.record.headers, Catalog::new());
        let delivery = Delivery {
            envelope: &parsed.envelope,
            headers,
            payload: &parsed.payload,
            catalog: &catalog,
        };
        match delivery.decode() {
            Ok(event) => Some(event),
            Err(error) => panic!("{error}"),
        }
    }

    /// Name and fields, one per line, as differences are shown.
    pub(super) fn lines(&self) -> Vec<String> {
        let json = serde_json::to_string_pretty(&self.json).unwrap_or_default();
        format!("{} {json}", self.event())
            .lines()
            .map(str::to_owned)
            .collect()
    }
}

/// What was expected (`-`) and what there was (`+`), line by line.
pub(super) fn difference(expected: &[Seen], found: &[Seen]) -> String {
    let lines = |events: &[Seen]| events.iter().flat_map(Seen::lines).collect::<Vec<_>>();
    let (expected, found) = (lines(expected), lines(found));
    let common = common_lines(&expected, &found);
    let (mut left, mut right, mut text) = (0, 0, String::new());
    for (i, j) in common.into_iter().chain([(expected.len(), found.len())]) {
        expected[left..i]
            .iter()
            .for_each(|line| text.push_str(&format!("- {line}\n")));
        found[right..j]
            .iter()
            .for_each(|line| text.push_str(&format!("+ {line}\n")));
        if let Some(line) = expected.get(i) {
            text.push_str(&format!("  {line}\n"));
        }
        (left, right) = (i + 1, j + 1);
    }
    text
}

/// A longest common subsequence, as pairs of indices.
fn common_lines(left: &[String], right: &[String]) -> Vec<(usize, usize)> {
    let mut lengths = vec![vec![0u32; right.len() + 1]; left.len() + 1];
    for i in (0..left.len()).rev() {
        for j in (0..right.len()).rev() {
            lengths[i][j] = if left[i] == right[j] {
                lengths[i + 1][j + 1] + 1
            } else {
                lengths[i + 1][j].max(lengths[i][j + 1])
            };
        }
    }
    let (mut i, mut j, mut pairs) = (0, 0, Vec::new());
    while i < left.len() && j < right.len() {
        if left[i] == right[j] {
            pairs.push((i, j));
            (i, j) = (i + 1, j + 1);
        } else if lengths[i + 1][j] >= lengths[i][j + 1] {
            i += 1;
        } else {
            j += 1;
        }
    }
    pairs
}
