"""What this process keeps for the service, and what it has adopted."""

from __future__ import annotations

import re
import time
from collections import OrderedDict
from collections.abc import Container
from dataclasses import dataclass
from pathlib import Path

from dlq.v1.dlq_service_pb2 import SendToDlqRequest

from .._core.log import log as _log
from ..errors import DlqClientError
from ..options import SpoolOptions
from .folder import open_folder
from .owner import ORPHAN_AFTER_S, is_orphan, owner_of
from .record import MOST_BODY_BYTES
from .spool_file import SUFFIX, NotOursAnyMore, SpoolFile, read_owner
from .v1.spool_pb2 import Owner

_LEAST_FILE_BYTES = 25
"""A shorter one holds no record."""

_MOST_FILE_BYTES = 16 * 1024**2
"""Then another one is begun, so that what is delivered makes room."""

_MOST_HELD = 64
"""Each file that is held is a descriptor of this process; others wait until some are delivered."""


@dataclass(frozen=True)
class Kept:
    """A letter and where it is kept; `file` is None in memory."""

    file: SpoolFile | None
    offset: int
    request: SendToDlqRequest


class Spool:
    """Used by one thread at a time; each method does what it does at once, on the disk."""

    def __init__(self, options: SpoolOptions, target: str, service: str) -> None:
        self._options = options
        self._me = owner_of(target, service)
        self._folder: Path | None = open_folder(options.folder, service)
        self._files: list[SpoolFile] = []
        """Oldest first; the last one that is our own is appended to."""
        self._current: SpoolFile | None = None
        self._memory: OrderedDict[int, SendToDlqRequest] = OrderedDict()
        self._memory_bytes = 0
        self._memory_next = 0
        self._others_bytes = 0
        self._owners: dict[str, Owner] = {}
        if self._folder is None:
            self._say_memory_only()

    @property
    def is_empty(self) -> bool:
        return not self._files and not self._memory

    def append(self, request: SendToDlqRequest) -> bool:
        """Whether it is on the disk; False: in memory. Raises DlqClientError if there is no room."""
        size = request.ByteSize() + 64
        if size > MOST_BODY_BYTES:  # readers would pass over it
            raise DlqClientError(
                "spool-full",
                f"the message is longer than the {MOST_BODY_BYTES} bytes that a record of a "
                "spool file has room for",
            )
        if self._bytes + size > self._options.max_bytes:
            raise DlqClientError(
                "spool-full",
                f"the spool has its {self._options.max_bytes} bytes; "
                "raise spool.max_bytes, or see why the service takes nothing",
            )
        if self._folder is not None:
            try:
                self._append_to_file(self._folder, request)
            except OSError as error:
                _log.warning("dlq: %s can't be written (%s)", self._folder, error)
            else:
                return True
            self._say_memory_only()
        self._memory[self._memory_next] = request
        self._memory_next += 1
        self._memory_bytes += size
        return False

    def oldest(
        self, most: int, most_bytes: int, skipped: Container[tuple[SpoolFile | None, int]] = ()
    ) -> list[Kept]:
        """The letters to deliver next; at least one if there is any that is not skipped."""
        found: list[Kept] = []
        size = 0
        for file in list(self._files):
            for offset in list(file.open_offsets):
                if len(found) >= most:
                    return found
                if (file, offset) in skipped:
                    continue
                request = self._read(file, offset)
                if request is None:
                    continue
                size += request.ByteSize() + 64
                if found and size > most_bytes:
                    return found
                found.append(Kept(file, offset, request))
        for offset, request in self._memory.items():
            if (None, offset) in skipped:
                continue
            size += request.ByteSize() + 64
            if found and (len(found) >= most or size > most_bytes):
                return found
            found.append(Kept(None, offset, request))
        return found

    def done(self, letters: list[Kept]) -> None:
        """They need not be delivered any more."""
        offsets: dict[SpoolFile, list[int]] = {}
        for letter in letters:
            if letter.file is not None:
                offsets.setdefault(letter.file, []).append(letter.offset)
            elif self._memory.pop(letter.offset, None) is not None:
                self._memory_bytes -= letter.request.ByteSize() + 64
        for file, gone in offsets.items():
            if file not in self._files:
                continue
            try:
                file.done(gone)
                if not file.open_offsets:
                    self._forget(file)
                    file.remove()
            except NotOursAnyMore:
                self._forget(file)
                file.close()
            except OSError as error:  # they come again after this process, and are known there
                _log.warning("dlq: %s can't be written (%s)", file.path, error)

    def adopt(self) -> int:
        """Takes over files of processes that are gone; gives how many."""
        if self._folder is None:
            return 0
        adopted = 0
        others_bytes = 0
        ours = {file.path for file in self._files}
        for path in sorted(self._folder.glob(f"*{SUFFIX}")):
            if path in ours:
                continue
            try:
                stat = path.stat()
                owner = self._owner(path)
                if owner is None and stat.st_size < _LEAST_FILE_BYTES:
                    _remove_stump(path, stat.st_mtime)
                    continue
                is_room = len(self._files) < _MOST_HELD
                if is_room and self._is_for_us(owner, path, stat.st_mtime):
                    file = SpoolFile.adopt(path, self._me, self._options.sync)
                    if file is not None:
                        self._take(file)
                        adopted += 1
                        continue
                others_bytes += stat.st_size
            except (OSError, NotOursAnyMore):
                continue  # somebody else's, or gone meanwhile
        self._others_bytes = others_bytes
        return adopted

    def touch(self) -> None:
        """Shows that this process lives."""
        for file in self._files:
            try:
                file.touch()
            except OSError:
                continue

    def close(self) -> None:
        """What is left stays in its files, for another process."""
        for file in self._files:
            try:
                file.leave()
            except OSError:
                continue
        self._files = []
        self._current = None

    @property
    def memory_letters(self) -> int:
        return len(self._memory)

    @property
    def _bytes(self) -> int:
        return self._memory_bytes + self._others_bytes + sum(file.size for file in self._files)

    def _append_to_file(self, folder: Path, request: SendToDlqRequest) -> None:
        if self._current is not None and self._current.size >= _MOST_FILE_BYTES:
            self._current = None
        for _ in range(3):
            try:
                if self._current is None:
                    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                    self._current = SpoolFile.create(folder, self._me, self._options.sync)
                    self._files.append(self._current)
                return self._current.append(request)
            except NotOursAnyMore:
                lost = self._current
                if lost is not None:  # it was not taken while it was being made
                    self._forget(lost)
                    lost.close()
        raise OSError("others keep taking this process's files")

    def _read(self, file: SpoolFile, offset: int) -> SendToDlqRequest | None:
        try:
            request = file.read(offset)
        except OSError as error:
            _log.warning("dlq: %s can't be read (%s)", file.path, error)
            return None
        if request is None:
            _log.warning("dlq: a letter at byte %d of %s is damaged", offset, file.path)
            self.done([Kept(file, offset, SendToDlqRequest())])
        return request

    def _owner(self, path: Path) -> Owner | None:
        """Of one name it never changes, but for the moment after an adoption."""
        owner = self._owners.get(path.name)
        if owner is None or owner.pid != _holder_of(path):
            owner = read_owner(path)
            if owner is not None:
                self._owners = (
                    {**self._owners, path.name: owner} if len(self._owners) < 1000 else {}
                )
        return owner

    def _is_for_us(self, owner: Owner | None, path: Path, touched_at: float) -> bool:
        now = time.time()
        if owner is None:
            return False  # its first record is not complete: nobody was told of any letter
        if (owner.target, owner.service) != (self._me.target, self._me.service):
            return False
        return is_orphan(owner, self._me, _holder_of(path), touched_at, now)

    def _take(self, file: SpoolFile) -> None:
        if file.damaged_bytes:
            _log.warning("dlq: %d bytes of %s are damaged", file.damaged_bytes, file.path)
        if not file.open_offsets:
            file.remove()
            return
        self._files.append(file)
        self._files.sort(key=lambda one: one.path.name)

    def _forget(self, file: SpoolFile) -> None:
        self._files.remove(file)
        if file is self._current:
            self._current = None

    def _say_memory_only(self) -> None:
        if self._memory_next == 0:
            _log.warning(
                "dlq: no folder for spool files can be written; what can't be sent is kept in "
                "memory, and lost with this process. Set DLQ_SPOOL_DIR or spool.folder"
            )


def _holder_of(path: Path) -> int:
    """The process that has the file, by its name; 0 for a name that is not ours to read."""
    found = re.fullmatch(r"\d+-([0-9]{1,10})-[^-]*", path.name)
    pid = int(found[1]) if found else 0
    return pid if pid < 2**31 else 0


def _remove_stump(path: Path, touched_at: float) -> None:
    """Of a process that died before its first record was complete."""
    if time.time() - touched_at > ORPHAN_AFTER_S:
        path.unlink(missing_ok=True)
