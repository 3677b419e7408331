"""The spooled messages of this process: its own, and those recovered from ended processes."""

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
from .record import MAX_BODY_BYTES
from .spool_file import SUFFIX, FileTakenOver, SpoolFile, read_owner
from .v1.spool_pb2 import Owner

_MIN_FILE_BYTES = 25
"""A shorter file holds no record."""

_MAX_FILE_BYTES = 16 * 1024**2
"""A larger file is not appended to. Many files free space earlier than one."""

_MAX_OPEN_FILES = 64
"""Each open file takes a descriptor. Other orphans wait until some files are sent."""

_RECORD_OVERHEAD = 64


@dataclass(frozen=True)
class SpooledMessage:
    file: SpoolFile | None
    """None: in memory."""
    offset: int
    request: SendToDlqRequest


class SpoolStore:
    """Must be used by one thread at a time. Every method works on the disk before it returns."""

    def __init__(self, options: SpoolOptions, target: str, service: str) -> None:
        self._options = options
        self._me = owner_of(target, service)
        self._folder: Path | None = None
        self._files: list[SpoolFile] = []
        """Oldest first."""
        self._current: SpoolFile | None = None
        """The file that new messages are appended to."""
        self._memory: OrderedDict[int, SendToDlqRequest] = OrderedDict()
        self._memory_bytes = 0
        self._memory_next = 0
        self._others_bytes = 0
        self._owners: dict[str, Owner] = {}
        try:
            self._folder = open_folder(options.folder, service)
        except OSError as error:
            _warn_memory_only(error)

    @property
    def is_empty(self) -> bool:
        return not self._files and not self._memory

    @property
    def message_count(self) -> int:
        return len(self._memory) + sum(len(file.open_offsets) for file in self._files)

    @property
    def in_memory_count(self) -> int:
        return len(self._memory)

    def append(self, request: SendToDlqRequest) -> bool:
        """Returns whether the message is on disk; False: in memory. Raises DlqClientError if the spool is
        full or the message is too long."""
        size = request.ByteSize() + _RECORD_OVERHEAD
        if size > MAX_BODY_BYTES:
            raise DlqClientError(
                "spool-full",
                f"the message is longer than {MAX_BODY_BYTES} bytes, the limit of a spool file's record",
            )
        if self._bytes + size > self._options.max_bytes:
            raise DlqClientError(
                "spool-full",
                f"the spool is full ({self._options.max_bytes} bytes); raise spool.max_bytes, or find "
                "out why the service accepts nothing",
            )
        if self._folder is not None:
            try:
                self._append_to_file(self._folder, request)
                return True
            except OSError as error:
                if self._memory_next == 0:
                    _warn_memory_only(error)
                else:
                    _log.warning("dlq: cannot write to spool folder %s: %s", self._folder, error)
        self._memory[self._memory_next] = request
        self._memory_next += 1
        self._memory_bytes += size
        return False

    def oldest(
        self,
        max_count: int,
        max_bytes: int,
        skipped: Container[tuple[SpoolFile | None, int]] = (),
    ) -> list[SpooledMessage]:
        """Returns the messages to send next; at least one, if any is not skipped."""
        found: list[SpooledMessage] = []
        size = 0
        for file in list(self._files):
            for offset in list(file.open_offsets):
                if len(found) >= max_count:
                    return found
                if (file, offset) in skipped:
                    continue
                request = self._read(file, offset)
                if request is None:
                    continue
                size += request.ByteSize() + _RECORD_OVERHEAD
                if found and size > max_bytes:
                    return found
                found.append(SpooledMessage(file, offset, request))
        for offset, request in self._memory.items():
            if (None, offset) in skipped:
                continue
            size += request.ByteSize() + _RECORD_OVERHEAD
            if found and (len(found) >= max_count or size > max_bytes):
                return found
            found.append(SpooledMessage(None, offset, request))
        return found

    def remove(self, messages: list[SpooledMessage]) -> None:
        """Removes messages that need not be sent any more, and files without messages."""
        offsets: dict[SpoolFile, list[int]] = {}
        for message in messages:
            if message.file is not None:
                offsets.setdefault(message.file, []).append(message.offset)
            elif self._memory.pop(message.offset, None) is not None:
                self._memory_bytes -= message.request.ByteSize() + _RECORD_OVERHEAD
        for file, done in offsets.items():
            if file not in self._files:
                continue
            try:
                file.mark_done(done)
                if not file.open_offsets:
                    self._forget(file)
                    file.remove()
            except FileTakenOver:
                self._forget(file)
                file.close()
            except OSError as error:
                # Another process may send them again. The service recognizes them.
                _log.warning("dlq: cannot write spool file %s: %s", file.path, error)

    def recover(self) -> int:
        """Takes over the files of ended processes. Returns their number."""
        if self._folder is None:
            return 0
        recovered = 0
        others_bytes = 0
        own = {file.path for file in self._files}
        for path in sorted(self._folder.glob(f"*{SUFFIX}")):
            if path in own:
                continue
            try:
                stat = path.stat()
                owner = self._owner(path)
                if owner is None and stat.st_size < _MIN_FILE_BYTES:
                    _remove_empty_orphan(path, stat.st_mtime)
                    continue
                has_room = len(self._files) < _MAX_OPEN_FILES
                if has_room and self._is_recoverable(owner, path, stat.st_mtime):
                    file = SpoolFile.recover(path, self._me, self._options.sync)
                    if file is not None:
                        self._add_recovered(file)
                        recovered += 1
                        continue
                others_bytes += stat.st_size
            except (OSError, FileTakenOver):
                continue  # removed or taken over by another process meanwhile
        self._others_bytes = others_bytes
        return recovered

    def touch(self) -> None:
        """Sets the modification time of the files, which shows that this process runs."""
        for file in self._files:
            try:
                file.touch()
            except OSError:
                continue

    def close(self) -> None:
        """Leaves the messages in their files, to be recovered by another client at once."""
        for file in self._files:
            try:
                file.release()
            except OSError:
                continue
        self._files = []
        self._current = None

    @property
    def _bytes(self) -> int:
        return self._memory_bytes + self._others_bytes + sum(file.size for file in self._files)

    def _append_to_file(self, folder: Path, request: SendToDlqRequest) -> None:
        if self._current is not None and self._current.size >= _MAX_FILE_BYTES:
            self._current = None
        for _ in range(3):
            try:
                if self._current is None:
                    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                    self._current = SpoolFile.create(folder, self._me, self._options.sync)
                    self._files.append(self._current)
                return self._current.append(request)
            except FileTakenOver:
                lost = self._current
                if lost is not None:  # None if it was taken over during its creation
                    self._forget(lost)
                    lost.close()
        raise OSError("other processes keep taking over the spool files of this process")

    def _read(self, file: SpoolFile, offset: int) -> SendToDlqRequest | None:
        try:
            request = file.read(offset)
        except OSError as error:
            _log.warning("dlq: cannot read spool file %s: %s", file.path, error)
            return None
        if request is None:
            _log.warning(
                "dlq: skipped a damaged message at byte %d of spool file %s", offset, file.path
            )
            self.remove([SpooledMessage(file, offset, SendToDlqRequest())])
        return request

    def _owner(self, path: Path) -> Owner | None:
        """Cached by file name: the owner of a name changes only right after a recovery."""
        owner = self._owners.get(path.name)
        if owner is None or owner.pid != _holder_pid_of(path):
            owner = read_owner(path)
            if owner is not None:
                self._owners = (
                    {**self._owners, path.name: owner} if len(self._owners) < 1000 else {}
                )
        return owner

    def _is_recoverable(self, owner: Owner | None, path: Path, touched_at: float) -> bool:
        now = time.time()
        if owner is None:
            return False  # its first record is not complete, so it has no message
        if (owner.target, owner.service) != (self._me.target, self._me.service):
            return False
        return is_orphan(owner, self._me, _holder_pid_of(path), touched_at, now)

    def _add_recovered(self, file: SpoolFile) -> None:
        if file.damaged_bytes:
            _log.warning(
                "dlq: skipped %d damaged bytes in spool file %s", file.damaged_bytes, file.path
            )
        if not file.open_offsets:
            file.remove()
            return
        self._files.append(file)
        self._files.sort(key=lambda one: one.path.name)

    def _forget(self, file: SpoolFile) -> None:
        self._files.remove(file)
        if file is self._current:
            self._current = None


def _warn_memory_only(reason: OSError) -> None:
    _log.warning(
        "dlq: cannot write a spool folder (%s); keeping messages in memory, which are lost if the "
        "process ends. Set DLQ_SPOOL_DIR or spool.folder to a writable folder",
        reason,
    )


def _holder_pid_of(path: Path) -> int:
    """The process id in the file's name; 0 if the name has another form."""
    found = re.fullmatch(r"\d+-([0-9]{1,10})-[^-]*", path.name)
    pid = int(found[1]) if found else 0
    return pid if pid < 2**31 else 0


def _remove_empty_orphan(path: Path, touched_at: float) -> None:
    """Its process ended before the first record was complete."""
    if time.time() - touched_at > ORPHAN_AFTER_S:
        path.unlink(missing_ok=True)
