"""Whose a spool file is, and whether that process still runs."""

from __future__ import annotations

import os
import socket
import sys
import time

from .v1.spool_pb2 import Owner

ORPHAN_AFTER_S = 120.0
"""A file that nothing has touched for so long is an orphan."""
TOUCH_EVERY_S = 20.0


def owner_of(target: str, service: str) -> Owner:
    """This process, now."""
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


def is_orphan(owner: Owner, me: Owner, holder: int, touched_at: float, now: float) -> bool:
    """`holder`: the process id in the file's name, which tells before the Owner does who has adopted
    it. `touched_at` and `now` by the wall clock, in seconds."""
    if now - touched_at > ORPHAN_AFTER_S:
        return True
    theirs = (owner.host, owner.boot_id, owner.pid_namespace)
    if not all(theirs) or theirs != (me.host, me.boot_id, me.pid_namespace):
        return False
    if not _runs(holder):
        return True
    if holder != owner.pid:
        return False
    started = process_start(owner.pid)
    return bool(started and owner.process_start and started != owner.process_start)


def process_start(pid: int) -> int | None:
    """In clock ticks after the machine's start; None where the platform does not tell."""
    stat = _read(f"/proc/{pid}/stat")
    fields = stat.rpartition(")")[2].split()
    return int(fields[19]) if len(fields) > 19 else None


def _runs(pid: int) -> bool:
    if sys.platform == "win32":
        return _runs_on_windows(pid)
    state = _read(f"/proc/{pid}/stat").rpartition(")")[2].split()[:1]
    if state in (["Z"], ["X"]):  # it has ended, and its parent has not looked
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True  # of another user
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
