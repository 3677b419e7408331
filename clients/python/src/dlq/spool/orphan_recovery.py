"""Claims the spool files of ended processes."""

from __future__ import annotations

import os
import re
import stat
import sys
import time
from collections.abc import Collection, Iterator
from pathlib import Path

from .owner import ORPHAN_AFTER_S, is_orphan
from .spool_file import SUFFIX, FileTakenOver, SpoolFile, read_owner
from .v1.spool_pb2 import Owner

_MIN_FILE_BYTES = 25
"""A shorter file holds no record."""

_MAX_OPEN_FILES = 64
"""Each open file takes a descriptor. Other orphans wait until some files are sent."""


class OrphanRecovery:
    def __init__(self, me: Owner, sync: bool) -> None:
        self._me = me
        self._sync = sync
        self._owners: dict[str, Owner] = {}
        self.others_bytes: int = 0
        """Size of the files of other processes, as of the last `claim_orphans`."""

    def claim_orphans(self, folder: Path, own: Collection[Path]) -> Iterator[SpoolFile]:
        """Yields each claimed file. `own`: the files that this process has."""
        room = _MAX_OPEN_FILES - len(own)
        others_bytes = 0
        for path in sorted(folder.glob(f"*{SUFFIX}")):
            if path in own:
                continue
            try:
                found = path.lstat()
                if not _is_own(found):
                    others_bytes += found.st_size
                    continue
                owner = self._owner(path)
                if owner is None and found.st_size < _MIN_FILE_BYTES:
                    _remove_empty_orphan(path, found.st_mtime)
                    continue
                file = None
                if room > 0 and self._is_claimable(owner, path, found.st_mtime):
                    file = SpoolFile.claim(path, self._me, self._sync)
            except (OSError, FileTakenOver):
                continue  # removed or taken over by another process meanwhile
            if file is None:
                others_bytes += found.st_size
                continue
            room -= 1
            yield file
        self.others_bytes = others_bytes

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

    def _is_claimable(self, owner: Owner | None, path: Path, touched_at: float) -> bool:
        if owner is None:
            return False  # its first record is not complete, so it has no message
        if (owner.target, owner.service) != (self._me.target, self._me.service):
            return False
        return is_orphan(owner, self._me, _holder_pid_of(path), touched_at, time.time())


def _is_own(found: os.stat_result) -> bool:
    """Whether it is a regular file of this user that others can't write to. Another user may have made other files, to
    have them sent, or a file of this user changed. On Windows each user has a folder of their own."""
    if not stat.S_ISREG(found.st_mode):
        return False
    if sys.platform == "win32":
        return True
    return found.st_uid == os.geteuid() and found.st_mode & 0o022 == 0


def _holder_pid_of(path: Path) -> int:
    """The process id in the file's name; 0 if the name has another form."""
    found = re.fullmatch(r"\d+-([0-9]{1,10})-[^-]*", path.name)
    pid = int(found[1]) if found else 0
    return pid if pid < 2**31 else 0


def _remove_empty_orphan(path: Path, touched_at: float) -> None:
    """Its process ended before the first record was complete."""
    if time.time() - touched_at > ORPHAN_AFTER_S:
        path.unlink(missing_ok=True)
