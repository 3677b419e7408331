"""The frame around each record of a spool file; see clients/SPOOL.md."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

HEADER = b"DLQ-SPOOL 1\n"
MAGIC = b"\x89DLQ"
MOST_BODY_BYTES = 8 * 1024**2
_FRAME = struct.Struct(">4sBII")


class RecordType(IntEnum):
    OWNER = 1
    LETTER = 2
    DONE = 3


@dataclass(frozen=True)
class Record:
    offset: int
    """Where it begins in the file."""
    type: int
    """May be one that this reader does not know."""
    body: bytes


def encode(type_: RecordType, body: bytes) -> bytes:
    checked = struct.pack(">BI", type_, len(body)) + body
    return _FRAME.pack(MAGIC, type_, len(body), zlib.crc32(checked)) + body


class Records:
    """What is in a file; iterated over once. `damaged_bytes` is known at the end."""

    def __init__(self, data: bytes, offset: int = 0) -> None:
        self._data = data
        self._offset = offset
        self.damaged_bytes: int = 0
        """Passed over between records; what was cut off at the end is not counted."""

    def __iter__(self) -> Iterator[Record]:
        at = self._offset
        if at == 0 and self._data.startswith(HEADER):
            at = len(HEADER)
        skipped = 0
        while at < len(self._data):
            record = read_at(self._data, at)
            if record is None:
                ahead = self._data.find(MAGIC, at + 1)
                if ahead < 0:
                    return  # cut off: whoever wrote it died, and told nobody that it was kept
                skipped += ahead - at
                at = ahead
                continue
            self.damaged_bytes += skipped
            skipped = 0
            yield record
            at += _FRAME.size + len(record.body)


def read_at(data: bytes, offset: int) -> Record | None:
    """The record that begins there, if a valid one does."""
    if len(data) < offset + _FRAME.size:
        return None
    magic, type_, length, crc = _FRAME.unpack_from(data, offset)
    begin = offset + _FRAME.size
    if magic != MAGIC or length > MOST_BODY_BYTES or begin + length > len(data):
        return None
    body = data[begin : begin + length]
    if zlib.crc32(data[offset + 4 : offset + 9] + body) != crc:
        return None
    return Record(offset, type_, body)
