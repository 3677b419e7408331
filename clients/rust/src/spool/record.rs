//! Encodes and decodes the records of a spool file.

pub(crate) const HEADER: &[u8] = b"DLQ-SPOOL 1\n";
pub(crate) const MAX_BODY_BYTES: usize = 8 * 1024 * 1024;

const MAGIC: [u8; 4] = [0x89, 0x44, 0x4C, 0x51];
/// Bytes of magic, type, length and checksum.
pub(crate) const HEAD_BYTES: usize = 13;

pub(crate) const OWNER: u8 = 1;
pub(crate) const SPOOLED_MESSAGE: u8 = 2;
pub(crate) const DONE: u8 = 3;

/// One record and its offset in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Record<'a> {
    pub(crate) offset: usize,
    pub(crate) kind: u8,
    pub(crate) body: &'a [u8],
}

pub(crate) fn encode(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut record = Vec::with_capacity(HEAD_BYTES + body.len());
    record.extend_from_slice(&MAGIC);
    record.push(kind);
    record.extend_from_slice(&u32::try_from(body.len()).unwrap_or(u32::MAX).to_be_bytes());
    let sum = checksum(&record[4..9], body);
    record.extend_from_slice(&sum.to_be_bytes());
    record.extend_from_slice(body);
    record
}

fn checksum(head: &[u8], body: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(head);
    hasher.update(body);
    hasher.finalize()
}

/// Returns the record at an offset, if there is a valid one.
pub(crate) fn decode(data: &[u8], offset: usize) -> Option<Record<'_>> {
    let rest = data.get(offset..)?;
    let head = rest.get(..HEAD_BYTES)?;
    if head[..4] != MAGIC {
        return None;
    }
    let number = |at: usize| u32::from_be_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
    let length = usize::try_from(number(5))
        .ok()
        .filter(|&length| length <= MAX_BODY_BYTES)?;
    let body = rest.get(HEAD_BYTES..HEAD_BYTES + length)?;
    (checksum(&head[4..9], body) == number(9)).then_some(Record {
        offset,
        kind: head[4],
        body,
    })
}

/// Returns the records of a file and the number of damaged bytes between them, or `None` for a file of another
/// format. A cut record at the end is not damage: its write was never confirmed.
pub(crate) fn read_all(data: &[u8]) -> Option<(Vec<Record<'_>>, usize)> {
    if !data.starts_with(HEADER) {
        return None;
    }
    let mut records = Vec::new();
    let mut offset = HEADER.len();
    let mut valid_until = offset;
    let mut damaged = 0;
    while offset < data.len() {
        if let Some(record) = decode(data, offset) {
            damaged += offset - valid_until;
            offset += HEAD_BYTES + record.body.len();
            valid_until = offset;
            records.push(record);
            continue;
        }
        let next = data[offset + 1..]
            .windows(MAGIC.len())
            .position(|window| window == MAGIC);
        match next {
            Some(next) => offset += 1 + next,
            None => break,
        }
    }
    Some((records, damaged))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(bodies: &[&[u8]]) -> Vec<u8> {
        bodies.iter().fold(HEADER.to_vec(), |mut data, body| {
            data.extend(encode(SPOOLED_MESSAGE, body));
            data
        })
    }

    fn bodies(data: &[u8]) -> (Vec<&[u8]>, usize) {
        let (records, damaged) = read_all(data).unwrap();
        (records.iter().map(|record| record.body).collect(), damaged)
    }

    #[test]
    fn records_are_read_back() {
        let data = file(&[b"one", b"", b"three"]);
        assert_eq!(bodies(&data), (vec![&b"one"[..], b"", b"three"], 0));
        assert_eq!(read_all(b"something else"), None);
    }

    #[test]
    fn a_record_begins_with_magic_type_and_length() {
        let record = encode(SPOOLED_MESSAGE, b"a");
        assert_eq!(record[..9], [0x89, 0x44, 0x4C, 0x51, 2, 0, 0, 0, 1]);
        assert_eq!(record.len(), 14);
    }

    #[test]
    fn a_damaged_record_is_skipped() {
        let mut data = file(&[b"one", b"two", b"three"]);
        let second = HEADER.len() + HEAD_BYTES + 3;
        data[second + HEAD_BYTES] ^= 0xff;
        assert_eq!(bodies(&data), (vec![&b"one"[..], b"three"], HEAD_BYTES + 3));
    }

    #[test]
    fn a_cut_record_at_the_end_is_ignored() {
        let data = file(&[b"one", b"two"]);
        assert_eq!(bodies(&data[..data.len() - 1]), (vec![&b"one"[..]], 0));
    }
}
