"""The folder of spool files."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path


def candidates(option: str | os.PathLike[str] | None) -> Iterator[Path]:
    """Yields folders in order of preference."""
    if option is not None:
        yield Path(option)
    if os.environ.get("DLQ_SPOOL_DIR"):
        yield Path(os.environ["DLQ_SPOOL_DIR"])
    try:
        home = Path.home()
    except RuntimeError:  # no entry for this user
        home = None
    if sys.platform == "win32":
        if os.environ.get("LOCALAPPDATA"):
            yield Path(os.environ["LOCALAPPDATA"], "dlq", "spool")
    elif sys.platform == "darwin":
        if home is not None:
            yield home / "Library/Application Support/dlq/spool"
    else:
        if os.environ.get("XDG_STATE_HOME"):
            yield Path(os.environ["XDG_STATE_HOME"], "dlq", "spool")
        if home is not None:
            yield home / ".local/state/dlq/spool"


def folder_name(service: str) -> str:
    """Replaces each byte of the service's name that is unsafe in a folder name by `_`."""
    if service == "":
        return "default"
    if service in (".", ".."):
        return "_"
    return re.sub(rb"[^A-Za-z0-9._-]", b"_", service.encode()).decode()


def open_folder(option: str | os.PathLike[str] | None, service: str) -> Path:
    """Returns the first writable folder, creating it if necessary. Raises OSError if there is none."""
    reason: Exception | str = "no folder is configured, and the platform has none"
    for candidate in candidates(option):
        folder = candidate / folder_name(service)
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder, prefix=".try-"):
                return folder
        except (OSError, ValueError) as error:  # ValueError: an invalid path
            reason = error
    raise OSError(str(reason))
