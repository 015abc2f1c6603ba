//! What a partition remembers of its idempotent producers, to append every batch once.

use std::collections::{HashMap, VecDeque};

use crate::batch::Header;

/// How many batches of a producer are remembered: as many as it may have in flight.
const REMEMBERED: usize = 5;

/// The producers that wrote to a partition.
#[derive(Debug, Default)]
pub(crate) struct Producers {
    by_id: HashMap<i64, Producer>,
}

#[derive(Debug)]
struct Producer {
    epoch: i16,
    /// The newest last.
    recent: VecDeque<Appended>,
}

/// A batch in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Appended {
    first_sequence: i32,
    last_sequence: i32,
    pub(crate) base_offset: i64,
    /// The time the broker gave its records, or -1.
    pub(crate) append_time: i64,
}

/// What to do with a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Append,
    /// It is in the log already.
    Duplicate(Appended),
    /// A batch between the last one and this is missing.
    OutOfOrder,
    /// A newer run of the same producer has written since.
    OldEpoch,
}

impl Producers {
    /// Judges a batch that is about to be appended.
    pub(crate) fn judge(&self, header: &Header) -> Verdict {
        if !header.is_idempotent() {
            return Verdict::Append;
        }
        // A producer nobody remembers may begin anywhere: its records may have been deleted.
        let Some(known) = self.by_id.get(&header.producer_id) else {
            return Verdict::Append;
        };
        if header.producer_epoch < known.epoch {
            return Verdict::OldEpoch;
        }
        if header.producer_epoch > known.epoch {
            return if header.base_sequence == 0 {
                Verdict::Append
            } else {
                Verdict::OutOfOrder
            };
        }
        let same = |batch: &&Appended| {
            batch.first_sequence == header.base_sequence
                && batch.last_sequence == header.last_sequence()
        };
        if let Some(batch) = known.recent.iter().find(same) {
            return Verdict::Duplicate(*batch);
        }
        match known.recent.back() {
            Some(last) if following(last.last_sequence) != header.base_sequence => {
                Verdict::OutOfOrder
            }
            _ => Verdict::Append,
        }
    }

    /// Remembers a batch that has been appended.
    pub(crate) fn appended(&mut self, header: &Header) {
        if !header.is_idempotent() {
            return;
        }
        let epoch = header.producer_epoch;
        let producer = self
            .by_id
            .entry(header.producer_id)
            .or_insert_with(|| Producer {
                epoch,
                recent: VecDeque::new(),
            });
        if producer.epoch != epoch {
            producer.epoch = epoch;
            producer.recent.clear();
        }
        if producer.recent.len() == REMEMBERED {
            producer.recent.pop_front();
        }
        producer.recent.push_back(Appended {
            first_sequence: header.base_sequence,
            last_sequence: header.last_sequence(),
            base_offset: header.base_offset,
            append_time: if header.has_append_time() {
                header.max_timestamp
            } else {
                -1
            },
        });
    }
}

/// The sequence number after this one.
fn following(sequence: i32) -> i32 {
    sequence.checked_add(1).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::{place, testing};

    fn header(sequence: i32, epoch: i16, offset: i64) -> Header {
        let mut batch = testing::batch(&[1, 2], (7, epoch, sequence));
        place(&mut batch, offset);
        Header::read(&batch).unwrap()
    }

    /// Producer 7 at epoch 1 after `batches` batches of two records from sequence 0.
    fn after(batches: i32) -> Producers {
        let mut producers = Producers::default();
        for n in 0..batches {
            producers.appended(&header(2 * n, 1, 2 * i64::from(n)));
        }
        producers
    }

    #[test]
    fn the_next_batch_is_appended() {
        assert_eq!(after(3).judge(&header(6, 1, 0)), Verdict::Append);
    }

    #[test]
    fn the_last_five_batches_are_known_again() {
        let producers = after(7);
        for n in 2..7 {
            let verdict = producers.judge(&header(2 * n, 1, 0));
            let Verdict::Duplicate(batch) = verdict else {
                panic!("batch {n}: {verdict:?}")
            };
            assert_eq!(batch.base_offset, 2 * i64::from(n));
        }
        assert_eq!(
            producers.judge(&header(2, 1, 0)),
            Verdict::OutOfOrder,
            "long forgotten"
        );
    }

    #[test]
    fn a_gap_is_refused() {
        assert_eq!(after(1).judge(&header(4, 1, 0)), Verdict::OutOfOrder);
    }

    #[test]
    fn a_new_epoch_begins_at_zero_and_ends_the_old_one() {
        let mut producers = after(2);
        assert_eq!(producers.judge(&header(4, 2, 0)), Verdict::OutOfOrder);
        assert_eq!(producers.judge(&header(0, 2, 0)), Verdict::Append);
        producers.appended(&header(0, 2, 4));
        assert_eq!(producers.judge(&header(4, 1, 0)), Verdict::OldEpoch);
    }

    #[test]
    fn sequences_go_round() {
        let mut producers = Producers::default();
        producers.appended(&header(i32::MAX - 1, 1, 0));
        assert_eq!(producers.judge(&header(0, 1, 0)), Verdict::Append);
    }

    #[test]
    fn an_unknown_producer_may_begin_anywhere() {
        assert_eq!(
            Producers::default().judge(&header(17, 3, 0)),
            Verdict::Append
        );
    }
}
