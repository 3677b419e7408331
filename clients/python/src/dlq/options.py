"""What a client and a send can be told."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypedDict

from ._core.durations import Seconds
from ._core.names import PolicyPreset, ReasonName
from .errors import DlqClientError


class RetryPolicy(TypedDict, total=False):
    """When the next attempt is made, and how many there are; absent: as the queue and reason say."""

    preset: PolicyPreset
    max_retries: int
    initial_delay: Seconds
    max_delay: Seconds
    multiplier: float
    jitter: Literal["none", "proportional", "full", "equal", "decorrelated"]


class SendOptions(TypedDict, total=False):
    """Options of `send`; each is optional."""

    source_id: str
    """Your own identity of the message; poison detection counts its sends."""
    dedup_key: str
    """Sends with the same key and payload within the queue's dedup window join one message."""
    reason: ReasonName
    """Why it failed, if you know; else the server reads it from the error."""
    attributes: Mapping[str, str]
    """Headers of the message."""
    content_type: str
    """A media type; `application/json` where the payload was made JSON."""
    delay: Seconds
    """First retry this long from now. Default: the error's `retry_after`, else the policy's."""
    due_time: datetime
    """First retry then; wins over `delay`."""
    ttl: Seconds
    """Time to live, from now or from the due time. Default: the queue's (24 h)."""
    max_retries: int
    """Failed attempts after which the message is quarantined; wins over every policy."""
    retry_policy: RetryPolicy
    priority: int
    """-100 to 100, larger is sooner."""
    ordering_key: str
    coordinates: Mapping[str, str]
    """Where the message is in your system: topic, partition, offset."""
    trace_context: Mapping[str, str]
    """`traceparent` and `tracestate`. Default: OpenTelemetry's current one, where it is installed."""
    request_id: str
    """Identity of this send, shared by all its tries. Default: a random UUID."""
    timeout: Seconds
    """How long to try; below 10 min, for which a request id is known. Default: the client's."""


@dataclass(frozen=True)
class Coalesce:
    """How sends share calls, and how much may be pending."""

    max_delay: float = 0.002
    """Seconds that a send waits for others, while a call is under way."""
    max_messages: int = 100
    max_bytes: int = 3 * 1024**2
    """Of one call."""
    max_calls: int = 4
    max_pending_messages: int = 10_000
    max_pending_bytes: int = 64 * 1024**2
    """A send beyond goes to the spool at once, or is dropped where there is none."""


@dataclass(frozen=True)
class SpoolOptions:
    """Where messages are kept while the service is away."""

    folder: str | os.PathLike[str] | None = None
    """Default: the environment's `DLQ_SPOOL_DIR`, else the platform's place for state."""
    max_bytes: int = 256 * 1024**2
    """Of all files of the service together."""
    sync: bool = False
    """Whether each write is synced to the disk: else it survives the process, not the machine."""


@dataclass(frozen=True)
class Tls:
    """PEM files' contents. Default: the certificates that grpcio brings."""

    ca: bytes | None = None
    cert: bytes | None = None
    key: bytes | None = None
    server_name: str | None = None


class ClientSettings(TypedDict, total=False):
    """What a client takes; each is optional."""

    token: str | None
    """A bearer token of the server. Space around it does not count, as a file's last line break."""
    tls: Tls | None
    service: str
    """Who sends, shown with each message; also names the folder of the spool."""
    instance: str
    version: str
    timeout: float
    """Seconds that a send tries. Default 5."""
    try_timeout: float
    """Seconds that one try of it waits. Default 2."""
    coalesce: Coalesce
    spool: SpoolOptions | bool
    """Where messages are kept while the service is away; False for nowhere."""
    on_dropped: Callable[[DlqClientError, str], object] | None
    """Called with the error and the queue of each dropped message, in a thread of the client; `flush` and
    `close` wait for it, for each call 5 s at most. Default: a log line."""


@dataclass(frozen=True)
class ClientOptions:
    """All options of a client, checked."""

    target: str = "localhost:50051"
    token: str | None = None
    tls: Tls | None = None
    service: str = ""
    instance: str = ""
    version: str = ""
    timeout: float = 5.0
    try_timeout: float = 2.0
    coalesce: Coalesce = field(default_factory=Coalesce)
    spool: SpoolOptions | None = field(default_factory=SpoolOptions)
    on_dropped: Callable[[DlqClientError, str], object] | None = None

    def __post_init__(self) -> None:
        for name in ("timeout", "try_timeout"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} is {getattr(self, name)}; give seconds above 0")


def client_options_of(target: str, settings: ClientSettings) -> ClientOptions:
    """None is as good as nothing; a `spool` that is None is none."""
    spool = settings.get("spool", True)
    given = {name: one for name, one in settings.items() if one is not None and name != "spool"}
    if spool is True:
        spool = SpoolOptions()
    target_of(target, settings.get("tls"))
    return ClientOptions(target, spool=spool or None, **given)  # type: ignore[arg-type]


def target_of(text: str, tls: Tls | None) -> tuple[str, Tls | None]:
    """`host:port`, and TLS where the URL says https."""
    scheme, separator, rest = text.partition("://")
    if separator and scheme in ("http", "https"):
        secure = scheme == "https"
        host = rest.rstrip("/")
        if ":" not in host.rpartition("]")[2]:
            host += ":443" if secure else ":80"
        return host, (tls or Tls()) if secure else None
    if not text or (separator and scheme not in ("dns", "unix", "ipv4", "ipv6", "xds")):
        raise ValueError(f"target is {text!r}; give one such as localhost:50051")
    return text, tls


def spool_target_of(text: str) -> str:
    """The name of the server in spool files, the same in all languages: `host:port`, without a scheme.

    A socket has its whole path: others have files of the same name.
    """
    address, _ = target_of(text, None)
    if address.startswith(("unix:", "unix-abstract:")):
        return address
    host = address.rpartition("/")[2] if "://" in address else address
    return host if ":" in host.rpartition("]")[2] else f"{host}:443"  # as gRPC does
