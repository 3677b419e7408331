"""One spool file that this process owns."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from pathlib import Path

from google.protobuf.message import DecodeError

from dlq.v1.dlq_service_pb2 import SendToDlqRequest

from .record import HEADER, Records, RecordType, encode, read_at
from .v1.spool_pb2 import Done, Owner, SpooledMessage

SUFFIX = ".spool"


def name_of(millis: str | None = None) -> str:
    """Names sort by age; an adopted file keeps its own."""
    made = millis or f"{time.time_ns() // 1_000_000:013d}"
    return f"{made}-{os.getpid()}-{os.urandom(8).hex()}{SUFFIX}"


class NotOursAnyMore(Exception):
    """Somebody has adopted the file, because this process was slow to show that it lives."""


class SpoolFile:
    """Appended to by one write for each record, and read where a letter begins."""

    def __init__(self, path: Path, descriptor: int, sync: bool) -> None:
        self.path = path
        self._descriptor = descriptor
        self._sync = sync
        self.open_offsets: dict[int, int] = {}
        """Letters that are not done yet, oldest first, each with its length in the file."""
        self.size: int = os.fstat(descriptor).st_size
        self.damaged_bytes: int = 0

    @classmethod
    def create(cls, folder: Path, owner: Owner, sync: bool) -> SpoolFile:
        path = folder / name_of()
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND | getattr(os, "O_BINARY", 0)
        file = cls(path, os.open(path, flags, 0o600), sync)
        try:
            file._write(HEADER + encode(RecordType.OWNER, owner.SerializeToString()))
            if sync:
                _sync_folder(folder)
        except BaseException:
            file.remove()  # else each letter would leave one while the disk is full
            raise
        return file

    @classmethod
    def adopt(cls, orphan: Path, owner: Owner, sync: bool) -> SpoolFile | None:
        """None if somebody else was faster."""
        path = orphan.with_name(name_of(orphan.name.partition("-")[0]))
        try:
            os.utime(orphan)  # so that nobody takes it while its Owner is not written
            os.rename(orphan, path)
            flags = os.O_RDWR | os.O_APPEND | getattr(os, "O_BINARY", 0)
            file = cls(path, os.open(path, flags), sync)
        except FileNotFoundError:
            return None
        try:
            file._index()
            try:
                file._write(encode(RecordType.OWNER, owner.SerializeToString()))
            except OSError:
                pass  # the disk is full: its name says whose it is, and delivery makes room
        except BaseException:
            file.close()
            raise
        return file

    def append(self, request: SendToDlqRequest) -> None:
        """Raises NotOursAnyMore if whoever has the file now may not have seen this letter."""
        letter = SpooledMessage(request=request)
        letter.spool_time.FromNanoseconds(time.time_ns())
        record = encode(RecordType.LETTER, letter.SerializeToString())
        offset = self.size
        self._write(record)
        self.open_offsets[offset] = len(record)

    def read(self, offset: int) -> SendToDlqRequest | None:
        """None if what is there is damaged."""
        length = self.open_offsets[offset]
        os.lseek(self._descriptor, offset, os.SEEK_SET)  # appending goes to the end all the same
        record = read_at(os.read(self._descriptor, length), 0)
        try:
            return None if record is None else SpooledMessage.FromString(record.body).request
        except DecodeError:
            return None

    def done(self, offsets: Iterable[int]) -> None:
        gone = [offset for offset in offsets if self.open_offsets.pop(offset, None) is not None]
        if not self.open_offsets:
            return  # the whole file goes
        if gone:
            self._write(encode(RecordType.DONE, Done(offsets=gone).SerializeToString()))

    def touch(self) -> None:
        os.utime(self._descriptor if os.utime in os.supports_fd else self.path)

    def leave(self) -> None:
        """For another process, at once, although this one may live on."""
        if self.is_ours:
            os.utime(self.path, (0, 0))
        self.close()

    def remove(self) -> None:
        is_ours = self.is_ours
        self.close()  # before: Windows removes no file that is open
        if is_ours:
            self.path.unlink(missing_ok=True)

    def close(self) -> None:
        os.close(self._descriptor)

    @property
    def is_ours(self) -> bool:
        """Whether it still has the name that we gave it."""
        try:
            named, opened = os.stat(self.path), os.fstat(self._descriptor)
        except OSError:
            return False
        return (named.st_ino, named.st_dev) == (opened.st_ino, opened.st_dev)

    def _write(self, data: bytes) -> None:
        written = os.write(self._descriptor, data)
        self.size += written
        if written != len(data):
            # The disk is full. What was cut off ends before the next record, as readers know.
            raise OSError(f"only {written} of {len(data)} bytes could be written")
        if self._sync:
            os.fsync(self._descriptor)
        if not self.is_ours:
            raise NotOursAnyMore(str(self.path))

    def _index(self) -> None:
        data = self.path.read_bytes()
        records = Records(data)
        for record in records:
            if record.type == RecordType.LETTER:
                self.open_offsets[record.offset] = 13 + len(record.body)
            elif record.type == RecordType.DONE:
                for offset in _done_in(record.body):
                    self.open_offsets.pop(offset, None)
        self.damaged_bytes = records.damaged_bytes
        self.size = len(data)


def read_owner(path: Path) -> Owner | None:
    """The last one in the file: an adopter says that it is his. None if it has none yet, or is of
    another format."""
    owner = None
    data = path.read_bytes()
    if not data.startswith(HEADER):
        return None
    for record in Records(data):
        if record.type == RecordType.OWNER:
            try:
                owner = Owner.FromString(record.body)
            except DecodeError:
                continue
    return owner


def _done_in(body: bytes) -> Iterable[int]:
    try:
        return Done.FromString(body).offsets
    except DecodeError:
        return ()  # these come again, and are known by their numbers


def _sync_folder(folder: Path) -> None:
    """So that the file's name survives, too."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
