//! Record batches (magic 2): their header, and nothing of their records.
//!
//! A batch stays the bytes its producer made. The broker reads the header, checks the CRC and
//! writes the two fields that the CRC leaves out: the base offset and the leader epoch.

use bytes::{Buf, BufMut};

/// Length of a batch's header in bytes, up to and with the number of records.
pub(crate) const HEADER: usize = 61;
/// The part of the header that the batch's length field doesn't count: base offset and length.
pub(crate) const PREFIX: usize = 12;
/// Where the bytes that the CRC covers begin.
const CRC_FROM: usize = 21;

const COMPRESSION: i16 = 0x07;
const LOG_APPEND_TIME: i16 = 0x08;
const TRANSACTIONAL: i16 = 0x10;
const CONTROL: i16 = 0x20;

/// The header of a record batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) base_offset: i64,
    /// Size of the whole batch in bytes.
    pub(crate) size: usize,
    crc: u32,
    attributes: i16,
    last_offset_delta: i32,
    pub(crate) base_timestamp: i64,
    pub(crate) max_timestamp: i64,
    pub(crate) producer_id: i64,
    pub(crate) producer_epoch: i16,
    pub(crate) base_sequence: i32,
    records: i32,
}

/// Why bytes are not a batch that can be appended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Malformed {
    #[error("the batch is cut short")]
    Short,
    #[error("the record format is older than record batches (magic 2)")]
    OldFormat,
    #[error("the checksum does not match")]
    Checksum,
    #[error("the number of records contradicts the offsets")]
    Count,
    #[error("transactional and control records are not supported")]
    Transactional,
}

impl Header {
    /// Reads the header at the start of `bytes`; the batch itself may reach beyond them.
    pub(crate) fn read(mut bytes: &[u8]) -> Result<Header, Malformed> {
        if bytes.len() < HEADER {
            return Err(Malformed::Short);
        }
        let base_offset = bytes.get_i64();
        let length = usize::try_from(bytes.get_i32()).map_err(|_| Malformed::Short)?;
        let _leader_epoch = bytes.get_i32();
        if bytes.get_i8() != 2 {
            return Err(Malformed::OldFormat);
        }
        if length < HEADER - PREFIX {
            return Err(Malformed::Short);
        }
        Ok(Header {
            base_offset,
            size: length + PREFIX,
            crc: bytes.get_u32(),
            attributes: bytes.get_i16(),
            last_offset_delta: bytes.get_i32(),
            base_timestamp: bytes.get_i64(),
            max_timestamp: bytes.get_i64(),
            producer_id: bytes.get_i64(),
            producer_epoch: bytes.get_i16(),
            base_sequence: bytes.get_i32(),
            records: bytes.get_i32(),
        })
    }

    /// Checks a whole batch as a producer sends it.
    pub(crate) fn check(&self, batch: &[u8]) -> Result<(), Malformed> {
        if batch.len() != self.size {
            return Err(Malformed::Short);
        }
        if !self.is_intact(batch) {
            return Err(Malformed::Checksum);
        }
        if self.records < 1 || self.last_offset_delta != self.records - 1 {
            return Err(Malformed::Count);
        }
        if self.attributes & (TRANSACTIONAL | CONTROL) != 0 {
            return Err(Malformed::Transactional);
        }
        Ok(())
    }

    /// Whether the checksum of the whole batch matches.
    pub(crate) fn is_intact(&self, batch: &[u8]) -> bool {
        crc32c::crc32c(&batch[CRC_FROM..]) == self.crc
    }

    /// The offset after the batch's last record.
    pub(crate) fn next_offset(&self) -> i64 {
        self.base_offset + i64::from(self.last_offset_delta) + 1
    }

    /// How many offsets the batch takes.
    pub(crate) fn offsets(&self) -> i64 {
        i64::from(self.last_offset_delta) + 1
    }

    /// The sequence number of the last record; sequences wrap to 0 after `i32::MAX`.
    pub(crate) fn last_sequence(&self) -> i32 {
        let last = i64::from(self.base_sequence) + i64::from(self.last_offset_delta);
        (last % (i64::from(i32::MAX) + 1)) as i32
    }

    pub(crate) fn is_compressed(&self) -> bool {
        self.attributes & COMPRESSION != 0
    }

    pub(crate) fn has_append_time(&self) -> bool {
        self.attributes & LOG_APPEND_TIME != 0
    }

    /// Whether a producer that counts its records made it.
    pub(crate) fn is_idempotent(&self) -> bool {
        self.producer_id >= 0
    }

    pub(crate) fn plausible(&self) -> bool {
        self.base_offset >= 0 && self.last_offset_delta >= 0
    }
}

/// Gives a batch its place in the log.
pub(crate) fn place(batch: &mut [u8], base_offset: i64) {
    (&mut batch[0..8]).put_i64(base_offset);
    (&mut batch[12..16]).put_i32(0);
}

/// Gives all records of a batch the broker's time.
pub(crate) fn stamp(batch: &mut [u8], now_ms: i64) {
    let attributes = (&batch[21..23]).get_i16() | LOG_APPEND_TIME;
    (&mut batch[21..23]).put_i16(attributes);
    (&mut batch[35..43]).put_i64(now_ms);
    let crc = crc32c::crc32c(&batch[CRC_FROM..]);
    (&mut batch[17..21]).put_u32(crc);
}

/// The offset delta and timestamp of the first record of an uncompressed batch that `wanted`
/// accepts. `None` when there is none or the records don't parse.
pub(crate) fn find_record(
    header: &Header,
    batch: &[u8],
    wanted: impl Fn(i64) -> bool,
) -> Option<(i64, i64)> {
    let mut rest = batch.get(HEADER..)?;
    for _ in 0..header.records {
        let length = usize::try_from(varint(&mut rest)?).ok()?;
        let mut record = rest.get(..length)?;
        rest = &rest[length..];
        record = record.get(1..)?; // the record's attributes, unused
        let timestamp = header.base_timestamp.wrapping_add(varint(&mut record)?);
        let delta = varint(&mut record)?;
        if wanted(timestamp) {
            return Some((delta, timestamp));
        }
    }
    None
}

/// Reads a zigzag varint.
fn varint(bytes: &mut &[u8]) -> Option<i64> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let byte = bytes.try_get_u8().ok()?;
        value |= u64::from(byte & 0x7F) << shift;
        if byte < 0x80 {
            return Some((value >> 1) as i64 ^ -((value & 1) as i64));
        }
    }
    None
}

#[cfg(test)]
pub(crate) mod testing {
    use bytes::BufMut;

    /// A batch of records with these timestamps, keyless, with no value.
    pub(crate) fn batch(timestamps: &[i64], producer: (i64, i16, i32)) -> Vec<u8> {
        let base = timestamps[0];
        let mut records = Vec::new();
        for (delta, time) in timestamps.iter().enumerate() {
            let mut record = vec![0];
            varint(&mut record, time - base);
            varint(&mut record, delta as i64);
            varint(&mut record, -1); // no key
            varint(&mut record, -1); // no value
            varint(&mut record, 0); // no headers
            varint(&mut records, record.len() as i64);
            records.extend(record);
        }
        let mut tail = Vec::new();
        tail.put_i16(0);
        tail.put_i32(timestamps.len() as i32 - 1);
        tail.put_i64(base);
        tail.put_i64(*timestamps.iter().max().unwrap());
        tail.put_i64(producer.0);
        tail.put_i16(producer.1);
        tail.put_i32(producer.2);
        tail.put_i32(timestamps.len() as i32);
        tail.extend(records);
        let mut batch = Vec::new();
        batch.put_i64(0);
        batch.put_i32(9 + tail.len() as i32);
        batch.put_i32(-1);
        batch.put_i8(2);
        batch.put_u32(crc32c::crc32c(&tail));
        batch.extend(tail);
        batch
    }

    fn varint(to: &mut Vec<u8>, value: i64) {
        let mut value = ((value << 1) ^ (value >> 63)) as u64;
        while value >= 0x80 {
            to.push(value as u8 | 0x80);
            value >>= 7;
        }
        to.push(value as u8);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_producers_batch_passes() {
        let batch = testing::batch(&[10, 30, 20], (7, 1, 5));
        let header = Header::read(&batch).unwrap();
        assert_eq!(header.check(&batch), Ok(()));
        assert_eq!(
            (
                header.producer_id,
                header.producer_epoch,
                header.base_sequence
            ),
            (7, 1, 5)
        );
        assert_eq!((header.last_sequence(), header.offsets()), (7, 3));
    }

    #[test]
    fn placing_keeps_the_checksum_and_stamping_renews_it() {
        let mut batch = testing::batch(&[10, 30], (-1, -1, -1));
        place(&mut batch, 42);
        let header = Header::read(&batch).unwrap();
        assert_eq!(header.check(&batch), Ok(()));
        assert_eq!((header.base_offset, header.next_offset()), (42, 44));

        stamp(&mut batch, 99);
        let header = Header::read(&batch).unwrap();
        assert_eq!(header.check(&batch), Ok(()));
        assert!(header.has_append_time());
        assert_eq!(header.max_timestamp, 99);
    }

    #[test]
    fn damage_is_noticed() {
        let good = testing::batch(&[10], (-1, -1, -1));
        let check = |batch: &[u8]| Header::read(batch).and_then(|h| h.check(batch));
        let mut flipped = good.clone();
        *flipped.last_mut().unwrap() ^= 1;
        assert_eq!(check(&flipped), Err(Malformed::Checksum));
        assert_eq!(check(&good[..good.len() - 1]), Err(Malformed::Short));
        assert_eq!(check(&good[..20]), Err(Malformed::Short));
        let mut old = good.clone();
        old[16] = 1;
        assert_eq!(check(&old), Err(Malformed::OldFormat));
    }

    #[test]
    fn a_record_is_found_by_its_time() {
        let batch = testing::batch(&[10, 30, 20], (-1, -1, -1));
        let header = Header::read(&batch).unwrap();
        assert_eq!(find_record(&header, &batch, |t| t >= 15), Some((1, 30)));
        assert_eq!(find_record(&header, &batch, |t| t == 20), Some((2, 20)));
        assert_eq!(find_record(&header, &batch, |t| t > 30), None);
    }

    #[test]
    fn sequences_wrap() {
        let batch = testing::batch(&[1, 2, 3], (7, 0, i32::MAX - 1));
        assert_eq!(Header::read(&batch).unwrap().last_sequence(), 0);
    }
}
