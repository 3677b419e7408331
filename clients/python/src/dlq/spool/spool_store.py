"""The spooled messages of this process: its own, and those recovered from ended processes."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from pathlib import Path

from dlq.v1.dlq_service_pb2 import SendToDlqRequest

from .._core.log import log as _log
from ..errors import DlqClientError
from ..options import SpoolOptions
from .folder import open_folder
from .memory_fallback import MemoryFallback
from .orphan_recovery import OrphanRecovery
from .owner import owner_of
from .record import MAX_BODY_BYTES
from .spool_file import FileTakenOver, SpoolFile

_MAX_FILE_BYTES = 16 * 1024**2
"""A larger file is not appended to. Many files free space earlier than one."""

_RECORD_OVERHEAD = 64


@dataclass(frozen=True)
class SpooledMessage:
    file: SpoolFile | None
    """None: in memory."""
    offset: int
    request: SendToDlqRequest


@dataclass(frozen=True)
class StoredNow:
    """What a store has at a moment."""

    messages: int = 0
    bytes: int = 0
    oldest_at: float | None = None
    """When the oldest file or message in memory was created, in seconds since 1970; None if there is none."""


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
        self._memory = MemoryFallback()
        self._recovery = OrphanRecovery(self._me, options.sync)
        try:
            self._folder = open_folder(options.folder, service)
        except OSError as error:
            _warn_memory_only(error)

    @property
    def is_empty(self) -> bool:
        return not self._files and not self._memory

    @property
    def stored_now(self) -> StoredNow:
        files = [file for file in self._files if file.open_offsets]
        times = [self._memory.oldest_at, *(file.created_at for file in files)]
        return StoredNow(
            messages=len(self._memory) + sum(len(file.open_offsets) for file in files),
            bytes=self._memory.bytes + sum(file.size for file in files),
            oldest_at=min((one for one in times if one is not None), default=None),
        )

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
                if not self._memory:
                    _warn_memory_only(error)
        self._memory.add(request, size)
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
        for position, request, request_size in self._memory:
            if (None, position) in skipped:
                continue
            size += request_size
            if found and (len(found) >= max_count or size > max_bytes):
                return found
            found.append(SpooledMessage(None, position, request))
        return found

    def remove(self, messages: list[SpooledMessage]) -> None:
        """Removes messages that need not be sent any more, and files without messages."""
        offsets: dict[SpoolFile, list[int]] = {}
        for message in messages:
            if message.file is not None:
                offsets.setdefault(message.file, []).append(message.offset)
            else:
                self._memory.remove(message.offset)
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

    def recover_orphans(self) -> int:
        """Claims the files of ended processes. Returns their number."""
        if self._folder is None:
            return 0
        own = {file.path for file in self._files}
        claimed = 0
        for file in self._recovery.claim_orphans(self._folder, own):
            self._add_claimed(file)
            claimed += 1
        return claimed

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
        own = self._memory.bytes + sum(file.size for file in self._files)
        return own + self._recovery.others_bytes

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
            _log.warning("dlq: cannot read spool file %s: %s; skipping it", file.path.name, error)
            return None
        if request is None:
            _log.warning(
                "dlq: lost 1 spooled messages: their records in spool file %s are damaged",
                file.path.name,
            )
            self.remove([SpooledMessage(file, offset, SendToDlqRequest())])
        return request

    def _add_claimed(self, file: SpoolFile) -> None:
        if file.damaged_bytes:
            _log.warning(
                "dlq: skipped %d damaged bytes in spool file %s", file.damaged_bytes, file.path.name
            )
        if file.open_offsets:
            self._files.append(file)
            self._files.sort(key=lambda one: one.path.name)
            return
        try:
            file.remove()
        except OSError:
            pass  # removed meanwhile

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
