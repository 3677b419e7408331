"""The process that owns a spool file, and whether it still runs."""

from __future__ import annotations

import os
import socket
import sys
import time

from .v1.spool_pb2 import Owner

ORPHAN_AFTER_S = 120.0
"""A file that was not touched for this long is an orphan."""
TOUCH_EVERY_S = 20.0


def owner_of(target: str, service: str) -> Owner:
    """Returns this process as an owner."""
    owner = Owner(
        target=target,
        service=service,
        host=socket.gethostname(),
        boot_id=_read("/proc/sys/kernel/random/boot_id"),
        pid_namespace=_pid_namespace(),
        pid=os.getpid(),
        process_start=process_start(os.getpid()) or 0,
    )
    owner.create_time.FromNanoseconds(time.time_ns())
    return owner


def is_orphan(owner: Owner, me: Owner, holder_pid: int, touched_at: float, now: float) -> bool:
    """`holder_pid`: the process id in the file's name. After a recovery it changes before the Owner
    record does. `touched_at` and `now`: wall clock, in seconds."""
    if now - touched_at > ORPHAN_AFTER_S:
        return True
    theirs = (owner.host, owner.boot_id, owner.pid_namespace)
    if not all(theirs) or theirs != (me.host, me.boot_id, me.pid_namespace):
        return False
    if not _runs(holder_pid):
        return True
    if holder_pid != owner.pid:
        return False
    started = process_start(owner.pid)
    return bool(started and owner.process_start and started != owner.process_start)


def process_start(pid: int) -> int | None:
    """Clock ticks from the start of the machine to that of the process; None if unknown."""
    stat = _read(f"/proc/{pid}/stat")
    fields = stat.rpartition(")")[2].split()
    return int(fields[19]) if len(fields) > 19 else None


def _runs(pid: int) -> bool:
    if sys.platform == "win32":
        return _runs_on_windows(pid)
    state = _read(f"/proc/{pid}/stat").rpartition(")")[2].split()[:1]
    if state in (["Z"], ["X"]):  # ended, but not reaped by its parent
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True  # a process of another user
    return True


def _runs_on_windows(pid: int) -> bool:
    import ctypes

    kernel32 = getattr(ctypes, "windll").kernel32  # noqa: B009  # known on Windows only
    handle = kernel32.OpenProcess(0x1000, False, pid)
    if not handle:
        return False
    kernel32.CloseHandle(handle)
    return True


def _pid_namespace() -> str:
    try:
        return os.readlink("/proc/self/ns/pid")
    except OSError:
        return ""


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read().strip()
    except OSError:
        return ""
