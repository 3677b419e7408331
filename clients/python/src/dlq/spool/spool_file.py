"""One spool file that this process owns; see clients/SPOOL.md."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from pathlib import Path

from google.protobuf.message import DecodeError

from dlq.v1.dlq_service_pb2 import SendToDlqRequest

from .record import FRAME_BYTES, HEADER, Records, RecordType, encode, read_at
from .v1.spool_pb2 import Done, Owner, SpooledMessage

SUFFIX = ".spool"


def _file_name(millis: str | None = None) -> str:
    """Names sort by age. A recovered file keeps its `millis`."""
    created = millis or f"{time.time_ns() // 1_000_000:013d}"
    return f"{created}-{os.getpid()}-{os.urandom(8).hex()}{SUFFIX}"


class FileTakenOver(Exception):
    """Another process recovered the file, because this one did not touch it in time."""


class SpoolFile:
    """Each record is appended by one write. Messages are read by their offset."""

    def __init__(self, path: Path, descriptor: int, sync: bool) -> None:
        self.path = path
        self._descriptor = descriptor
        self._sync = sync
        self.open_offsets: dict[int, int] = {}
        """Messages that are not done, oldest first: offset and length of each record."""
        self.size: int = os.fstat(descriptor).st_size
        self.damaged_bytes: int = 0

    @classmethod
    def create(cls, folder: Path, owner: Owner, sync: bool) -> SpoolFile:
        path = folder / _file_name()
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND | getattr(os, "O_BINARY", 0)
        file = cls(path, os.open(path, flags, 0o600), sync)
        try:
            file._write(HEADER + encode(RecordType.OWNER, owner.SerializeToString()))
            if sync:
                _sync_folder(folder)
        except BaseException:
            file.remove()  # otherwise each message on a full disk would leave an empty file
            raise
        return file

    @classmethod
    def claim(cls, orphan: Path, owner: Owner, sync: bool) -> SpoolFile | None:
        """Takes over the file of an ended process. Returns None if another process was faster."""
        path = orphan.with_name(_file_name(orphan.name.partition("-")[0]))
        try:
            os.utime(orphan)  # until the Owner is written, others see a file in use
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
                pass  # the disk is full; the name has our process id, and sending frees space
        except BaseException:
            file.close()
            raise
        return file

    def append(self, request: SendToDlqRequest) -> None:
        """Raises FileTakenOver if the new owner may have read the file before this message."""
        message = SpooledMessage(request=request)
        message.spool_time.FromNanoseconds(time.time_ns())
        record = encode(RecordType.MESSAGE, message.SerializeToString())
        offset = self.size
        self._write(record)
        self.open_offsets[offset] = len(record)

    def read(self, offset: int) -> SendToDlqRequest | None:
        """Returns None if the record is damaged."""
        length = self.open_offsets[offset]
        os.lseek(self._descriptor, offset, os.SEEK_SET)  # O_APPEND writes at the end nevertheless
        record = read_at(os.read(self._descriptor, length), 0)
        try:
            return None if record is None else SpooledMessage.FromString(record.body).request
        except DecodeError:
            return None

    def mark_done(self, offsets: Iterable[int]) -> None:
        done = [offset for offset in offsets if self.open_offsets.pop(offset, None) is not None]
        if not self.open_offsets:
            return  # the caller removes the file
        if done:
            self._write(encode(RecordType.DONE, Done(offsets=done).SerializeToString()))

    def touch(self) -> None:
        os.utime(self._descriptor if os.utime in os.supports_fd else self.path)

    def release(self) -> None:
        """Closes the file, which other clients may recover at once, while this process runs."""
        if self.is_owned:
            os.utime(self.path, (0, 0))
        self.close()

    def remove(self) -> None:
        is_owned = self.is_owned
        self.close()  # first: Windows can't remove an open file
        if is_owned:
            self.path.unlink(missing_ok=True)

    def close(self) -> None:
        os.close(self._descriptor)

    @property
    def created_at(self) -> float | None:
        """In seconds since 1970; None if the name does not say it."""
        millis = self.path.name.partition("-")[0]
        return int(millis) / 1000 if millis.isdecimal() else None

    @property
    def is_owned(self) -> bool:
        """The file still has the name that this process gave it."""
        try:
            named, opened = os.stat(self.path), os.fstat(self._descriptor)
        except OSError:
            return False
        return (named.st_ino, named.st_dev) == (opened.st_ino, opened.st_dev)

    def _write(self, data: bytes) -> None:
        written = os.write(self._descriptor, data)
        self.size += written
        if written != len(data):
            # The disk is full. Readers skip an incomplete record.
            raise OSError(f"only {written} of {len(data)} bytes could be written")
        if self._sync:
            os.fsync(self._descriptor)
        if not self.is_owned:
            raise FileTakenOver(str(self.path))

    def _index(self) -> None:
        """Finds the messages that are not done, and removes the Owners at the end: otherwise each recovery would make the
        file longer."""
        data = self.path.read_bytes()
        self.size = len(data)
        records = Records(data)
        owners_at: int | None = None
        for number, record in enumerate(records):
            if record.type == RecordType.MESSAGE:
                self.open_offsets[record.offset] = FRAME_BYTES + len(record.body)
            elif record.type == RecordType.DONE:
                for offset in _done_offsets(record.body):
                    self.open_offsets.pop(offset, None)
            if record.type != RecordType.OWNER:
                owners_at = None
            elif owners_at is None and number > 0:  # the first record of the file stays
                owners_at = record.offset
        self.damaged_bytes = records.damaged_bytes
        if owners_at is not None and self.is_owned:
            try:
                os.ftruncate(self._descriptor, owners_at)
                self.size = owners_at
            except OSError:
                pass  # it stays longer


def read_owner(path: Path) -> Owner | None:
    """Returns the last Owner in the file: each recovery appends one. None if the file has no Owner yet,
    or another format."""
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


def _done_offsets(body: bytes) -> Iterable[int]:
    try:
        return Done.FromString(body).offsets
    except DecodeError:
        return ()  # those messages are sent again; the service recognizes them by their send numbers


def _sync_folder(folder: Path) -> None:
    """Syncs the name of a new file to the disk."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
