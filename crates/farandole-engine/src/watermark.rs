use std::collections::BTreeSet;

/// How far one assignment of a partition has been handled without a gap. Its memory is bounded by the unfinished
/// records, however many finished ones lie beyond them.
#[derive(Debug, Default)]
pub(crate) struct Watermark {
    unfinished: BTreeSet<i64>,
    /// The offset after the last accepted record.
    next: Option<i64>,
    /// What [`Watermark::moved`] answered last; the first record's offset before that.
    reported: Option<i64>,
}

impl Watermark {
    /// Counts a record as read; false when it was read before in this assignment.
    pub(crate) fn accept(&mut self, offset: i64) -> bool {
        if self.next.is_some_and(|next| offset < next) {
            return false;
        }
        self.next = Some(offset + 1);
        self.reported.get_or_insert(offset);
        self.unfinished.insert(offset)
    }

    /// Counts a record as handled.
    pub(crate) fn finish(&mut self, offset: i64) {
        self.unfinished.remove(&offset);
    }

    /// The offset to read next after a restart; `None` before the first record.
    pub(crate) fn position(&self) -> Option<i64> {
        self.unfinished.first().copied().or(self.next)
    }

    /// The position, if it has moved since the last call or since the first record.
    pub(crate) fn moved(&mut self) -> Option<i64> {
        let position = self
            .position()
            .filter(|_| self.position() != self.reported)?;
        self.reported = Some(position);
        Some(position)
    }

    /// How many offsets lie between the first unfinished record and the last accepted one.
    pub(crate) fn ahead(&self) -> i64 {
        self.next
            .zip(self.position())
            .map_or(0, |(next, position)| next - position)
    }
}

#[cfg(test)]
mod tests {
    use super::Watermark;

    fn reading(offsets: impl IntoIterator<Item = i64>) -> Watermark {
        let mut watermark = Watermark::default();
        for offset in offsets {
            assert!(watermark.accept(offset), "offset {offset} was read before");
        }
        watermark
    }

    #[test]
    fn stays_at_the_first_unfinished_record_however_much_is_done_beyond() {
        let mut watermark = reading(10..20);
        (11..20).for_each(|offset| watermark.finish(offset));
        assert_eq!(watermark.moved(), None);
        assert_eq!(watermark.ahead(), 10);

        watermark.finish(10);
        assert_eq!(watermark.moved(), Some(20));
        assert_eq!(watermark.moved(), None, "nothing moved since");
    }

    #[test]
    fn goes_over_gaps_that_compaction_left() {
        let mut watermark = reading([3, 7, 8, 100]);
        watermark.finish(3);
        assert_eq!(watermark.moved(), Some(7));
        watermark.finish(8);
        watermark.finish(7);
        assert_eq!(watermark.moved(), Some(100));
        watermark.finish(100);
        assert_eq!(watermark.moved(), Some(101));
    }

    #[test]
    fn refuses_what_was_read_before() {
        let mut watermark = reading([5, 6]);
        watermark.finish(5);
        assert!(!watermark.accept(5));
        assert!(!watermark.accept(6));
        assert!(watermark.accept(7));
        assert_eq!(watermark.position(), Some(6));
    }
}
