"""The state of a client, for health checks and metrics of the program."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, TypeAlias

SendStatus: TypeAlias = Literal["sent", "joined", "spooled", "delivery", "dropped"]


@dataclass(frozen=True)
class SpoolUsage:
    """The messages that this client still has to send."""

    messages: int = 0
    bytes: int = 0
    oldest_age: timedelta = timedelta(0)
    """Age of the oldest file or message in memory; 0 if there is none."""


@dataclass(frozen=True)
class ClientStatus:
    """See `Client.status`."""

    is_available: bool
    """False while calls fail, so that sends go to the spool at once. True before the first call."""
    last_error: str | None
    """Why it is unavailable; None if it is not."""
    spool: SpoolUsage | None
    """None without a spool."""
    sends: Mapping[SendStatus, int]
    """Number of sends of this process, by their status."""
