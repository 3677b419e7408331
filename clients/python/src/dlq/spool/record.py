"""The frame around each record of a spool file; see clients/SPOOL.md."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

HEADER = b"DLQ-SPOOL 1\n"
MAGIC = b"\x89DLQ"
MAX_BODY_BYTES = 8 * 1024**2
_FRAME = struct.Struct(">4sBII")
FRAME_BYTES = _FRAME.size


class RecordType(IntEnum):
    OWNER = 1
    MESSAGE = 2
    DONE = 3


@dataclass(frozen=True)
class Record:
    offset: int
    """Of its first byte in the file."""
    type: int
    """May be unknown to this version."""
    body: bytes


def encode(type_: RecordType, body: bytes) -> bytes:
    checked = struct.pack(">BI", type_, len(body)) + body
    return _FRAME.pack(MAGIC, type_, len(body), zlib.crc32(checked)) + body


class Records:
    """The valid records of a file. Can be iterated over once; then `damaged_bytes` is known."""

    def __init__(self, data: bytes, offset: int = 0) -> None:
        self._data = data
        self._offset = offset
        self.damaged_bytes: int = 0
        """Bytes skipped between records. An incomplete record at the end does not count."""

    def __iter__(self) -> Iterator[Record]:
        at = self._offset
        if at == 0 and self._data.startswith(HEADER):
            at = len(HEADER)
        skipped = 0
        while at < len(self._data):
            record = read_at(self._data, at)
            if record is None:
                next_at = self._data.find(MAGIC, at + 1)
                if next_at < 0:
                    return  # the writing process ended before it confirmed the record
                skipped += next_at - at
                at = next_at
                continue
            self.damaged_bytes += skipped
            skipped = 0
            yield record
            at += FRAME_BYTES + len(record.body)


def read_at(data: bytes, offset: int) -> Record | None:
    """Returns the record that begins at the offset; None if there is no valid one."""
    if len(data) < offset + FRAME_BYTES:
        return None
    magic, type_, length, crc = _FRAME.unpack_from(data, offset)
    begin = offset + FRAME_BYTES
    if magic != MAGIC or length > MAX_BODY_BYTES or begin + length > len(data):
        return None
    body = data[begin : begin + length]
    if zlib.crc32(data[offset + 4 : offset + 9] + body) != crc:
        return None
    return Record(offset, type_, body)
