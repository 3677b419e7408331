"""Options of a client and of a send."""

from __future__ import annotations

import os
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import ip_address
from typing import Literal, TypeAlias, TypedDict, get_args

import grpc
import grpc.aio

from ._core.durations import Seconds, seconds
from ._core.log import log as _log
from ._core.names import PolicyPreset, ReasonName
from ._core.option_checks import (
    require_count,
    require_known,
    require_plain_function,
    require_type,
)
from .errors import DlqClientError
from .outcome_event import OutcomeCallback

MAX_TIMEOUT_S = 600
"""The server remembers a request id for 10 min. A later try would be a second message."""


class _RetryWindowTimes(TypedDict):
    start: str
    """`HH:MM`, 00:00 to 23:59."""
    end: str
    """`HH:MM`, 00:01 to 24:00. At or before `start`, it is on the next day."""


class RetryWindowOptions(_RetryWindowTimes, total=False):
    """A part of the day in a time zone, with daylight saving time."""

    time_zone: str
    """An IANA time zone, such as `Europe/Berlin`. Default: UTC."""
    days: Sequence[
        Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
    ]
    """The days on which it begins. Default: every day."""


class RetryPolicy(TypedDict, total=False):
    """When the next attempt is made, and how many there are. Absent fields: as configured for the queue and
    the reason."""

    preset: PolicyPreset
    max_retries: int
    """Failed attempts after which the message is quarantined: 0 to 1000."""
    initial_delay: Seconds
    """Delay after the first failure. Not used with a schedule."""
    max_delay: Seconds
    """Limit of a delay, before jitter."""
    backoff: Literal["exponential", "linear", "fixed", "schedule"]
    """Default: the kind to which `multiplier`, `increment` or `schedule` belongs."""
    multiplier: float
    """Exponential: factor from one delay to the next, 1 to 100."""
    increment: Seconds
    """Linear: difference of one delay to the next."""
    schedule: Sequence[Seconds]
    """Schedule: the delays in order, 1 to 100. The last one repeats."""
    jitter: Literal["none", "proportional", "full", "equal", "decorrelated"]
    max_elapsed: Seconds
    """Time after the send when attempts end: at least 1 s, or 0 for no limit."""
    windows: Sequence[RetryWindowOptions]
    """Attempts become due only within one of these windows; at most 16."""


class SendOptions(TypedDict, total=False):
    """Options of `send`. All are optional."""

    source_id: str
    """Your own id of the message. Poison detection counts its sends."""
    dedup_key: str
    """Sends with the same key and payload within the queue's dedup window become one message."""
    reason: ReasonName
    """Why it failed. Default: the server derives it from the error."""
    fingerprint: str
    """Failures with the same one are one group, such as `card-declined`. It replaces the one that the service forms of
    reason, type, message and frame. Up to 256 bytes; a longer one is cut."""
    attributes: Mapping[str, str]
    """Headers of the message."""
    content_type: str
    """A media type. Default: `application/json` if the payload is encoded as JSON, else none."""
    delay: Seconds
    """Time until the first retry; a negative one is 0. Default: the error's `retry_after`, else the policy's delay."""
    due_time: datetime
    """Time of the first retry. Overrides `delay`."""
    ttl: Seconds
    """Time to live, from now or from the due time. Default: the queue's (24 h)."""
    max_retries: int
    """Failed attempts after which the message is quarantined. Overrides every policy."""
    retry_policy: RetryPolicy
    priority: int
    """-100 to 100. Higher values are delivered first. Default 0."""
    ordering_key: str
    coordinates: Mapping[str, str]
    """Where the message is in your system, for example topic, partition and offset."""
    trace_context: Mapping[str, str]
    """`traceparent` and `tracestate`. Default: the current trace of OpenTelemetry, if installed."""
    request_id: str
    """Id of this send. The server stores two sends with one id, within 10 min, once. Default: random."""
    timeout: Seconds
    """How long to try, below 10 min, for which the server remembers request ids; more counts as that. Default: the
    client's."""


_COALESCE_LIMITS: Mapping[str, int | None] = {
    "max_messages": 1_000,
    "max_bytes": 3_584 * 1024,
    "max_calls": None,
    "max_pending_messages": None,
    "max_pending_bytes": None,
}
"""The largest values: those of the server for one call."""


@dataclass(frozen=True)
class Coalesce:
    """How sends share calls, and how many may be pending."""

    max_delay: Seconds = 0.002
    """Time that a send waits for others while a call is in progress."""
    max_messages: int = 100
    """Of one call: 1 to 1,000."""
    max_bytes: int = 3 * 1024**2
    """Of one call: 1 to 3.5 MiB."""
    max_calls: int = 4
    """At a time."""
    max_pending_messages: int = 10_000
    max_pending_bytes: int = 64 * 1024**2
    """A send above these limits goes to the spool at once, or is dropped if there is none."""

    def __post_init__(self) -> None:
        if seconds("max_delay", self.max_delay) < 0:
            raise ValueError(f"max_delay is {self.max_delay}; give 0 or more seconds")
        for name, most in _COALESCE_LIMITS.items():
            require_count(name, getattr(self, name), 1, most)


@dataclass(frozen=True)
class SpoolOptions:
    """How messages are stored while the service is unavailable."""

    folder: str | os.PathLike[str] | None = None
    """Default: `DLQ_SPOOL_DIR`, else the platform's folder for application state."""
    max_bytes: int = 256 * 1024**2
    """Of all spool files of one `service`."""
    sync: bool = False
    """Sync each write to the disk. Without it, messages survive a crash of the process, but maybe not of
    the machine."""

    def __post_init__(self) -> None:
        require_type("folder", self.folder, (str, os.PathLike, type(None)), "the path of a folder")
        require_count("max_bytes", self.max_bytes, 1)


@dataclass(frozen=True)
class Tls:
    """Contents of PEM files. Default of `ca`: the root certificates of grpcio."""

    ca: bytes | None = None
    cert: bytes | None = None
    key: bytes | None = None
    server_name: str | None = None

    def __post_init__(self) -> None:
        for name in ("ca", "cert", "key"):
            given = getattr(self, name)
            if given is not None and not isinstance(given, bytes):  # it may be secret
                raise TypeError(f"{name} is a {type(given).__name__}; give the bytes of a PEM file")
        if (self.cert is None) != (self.key is None):
            raise ValueError("cert and key belong together; give both or none")


Token: TypeAlias = "str | Callable[[], str] | Callable[[], Awaitable[str]]"

Interceptor: TypeAlias = (
    grpc.UnaryUnaryClientInterceptor
    | grpc.UnaryStreamClientInterceptor
    | grpc.aio.UnaryUnaryClientInterceptor
    | grpc.aio.UnaryStreamClientInterceptor
)


class ClientSettings(TypedDict, total=False):
    """Settings of a client. All are optional."""

    token: Token | None
    """A bearer token of the server. Surrounding whitespace is removed, such as the line break of a file. A function
    is called for each call, in a thread; for `dlq.aio.Client` it may be async, and is awaited in the event loop. It
    should keep the token that it returns."""
    tls: Tls | None
    service: str
    """Name of your program, shown with each message. Also the name of the spool's folder."""
    instance: str
    version: str
    timeout: Seconds
    """Time until a send gives up. Below 10 min. Default 5."""
    try_timeout: Seconds
    """Time until one try of a send gives up. Default 2."""
    coalesce: Coalesce
    spool: SpoolOptions | bool
    """How messages are stored while the service is unavailable. False: not at all."""
    interceptors: Sequence[Interceptor]
    """Of all calls of the client; the first is the outermost. They must not block. Those of `grpc.aio` are for
    `dlq.aio.Client.stub()` only, which does not use the others."""
    channel_options: Sequence[tuple[str, int | str]]
    """Of gRPC, such as `("grpc.keepalive_time_ms", 60_000)`. They replace the client's own."""
    on_dropped: Callable[[DlqClientError, str], object] | None
    """Called with the error and the queue of each dropped message, in a thread of the client. `flush` and
    `close` wait for it, 5 s at most for each call. Drops of what it sends itself are logged only. Default: a log
    line."""
    on_succeeded: OutcomeCallback | None
    """Called when a worker has processed a message that this client sent, in this process or another. The client
    follows its latest 10,000 messages, also spooled ones once it has sent them, until they are gone or the process ends.
    A thread of the client calls it, for a queue one after another; it may be called before `send` returns. The log has
    what it raises. `close` waits for it, 5 s at most."""
    on_failed: OutcomeCallback | None
    """The same, for each failed attempt."""
    on_quarantined: OutcomeCallback | None
    """The same, when a message came into quarantine, where it stays until an operator decides."""


_OUTCOME_CALLBACKS = ("on_succeeded", "on_failed", "on_quarantined")


@dataclass(frozen=True)
class ClientOptions:
    """The validated options of a client."""

    target: str = "localhost:50051"
    token: Token | None = None
    tls: Tls | None = None
    service: str = ""
    instance: str = ""
    version: str = ""
    timeout: float = 5.0
    try_timeout: float = 2.0
    coalesce: Coalesce = field(default_factory=Coalesce)
    spool: SpoolOptions | None = field(default_factory=SpoolOptions)
    on_dropped: Callable[[DlqClientError, str], object] | None = None
    on_succeeded: OutcomeCallback | None = None
    on_failed: OutcomeCallback | None = None
    on_quarantined: OutcomeCallback | None = None
    interceptors: Sequence[Interceptor] = ()
    channel_options: Sequence[tuple[str, int | str]] = ()

    def __post_init__(self) -> None:
        for one in self.interceptors:
            if not isinstance(one, get_args(Interceptor)):
                found = type(one).__name__
                raise TypeError(f"interceptors has a {found}; give client interceptors of grpc")
        for name in ("timeout", "try_timeout"):
            given = seconds(name, getattr(self, name))
            if not 0 < given < MAX_TIMEOUT_S:
                raise ValueError(
                    f"{name} is {given:g}; give seconds above 0 and below {MAX_TIMEOUT_S}"
                )
            object.__setattr__(self, name, given)
        for name in ("service", "instance", "version"):
            require_type(name, getattr(self, name), str, "text")
        require_type("coalesce", self.coalesce, Coalesce, "a dlq.Coalesce")
        spool_advice = "True, False, or a dlq.SpoolOptions, such as SpoolOptions(folder=...)"
        require_type("spool", self.spool, (SpoolOptions, type(None)), spool_advice)
        require_type("tls", self.tls, (Tls, type(None)), "a dlq.Tls, or a target with https://")
        for name in ("on_dropped", *_OUTCOME_CALLBACKS):
            if getattr(self, name) is not None:
                require_plain_function(name, getattr(self, name))

    @property
    def outcome_callbacks(self) -> dict[str, OutcomeCallback]:
        """Those that are given, by name."""
        given = {name: getattr(self, name) for name in _OUTCOME_CALLBACKS}
        return {name: one for name, one in given.items() if one is not None}


def client_options_of(target: str, settings: ClientSettings) -> ClientOptions:
    """A setting that is None has its default, except `spool`: None means no spool."""
    require_known("a client", settings, ClientSettings)
    spool: SpoolOptions | bool | None = settings.get("spool", True)
    given = {name: one for name, one in settings.items() if one is not None and name != "spool"}
    if spool is True:
        spool = SpoolOptions()
    elif spool is False:
        spool = None
    options = ClientOptions(target, spool=spool, **given)  # type: ignore[arg-type]
    target_of(target, options.tls)
    return options


_HOST_AND_PORT = re.compile(r"(?:\[[^][/@]+\]|[^][/?#@:\s]+):(\d{1,5})")
_OTHER_TARGET = re.compile(r"(?:dns|unix|unix-abstract|ipv4|ipv6|xds|vsock):.")
"""Names of gRPC that are passed on as they are."""


def target_of(text: str, tls: Tls | None) -> tuple[str, Tls | None]:
    """Returns `host:port`, and TLS if the URL has the scheme `https`. Raises ValueError."""
    require_type("target", text, str, "one such as localhost:50051")
    scheme, separator, rest = text.partition("://")
    host, scheme = text, scheme.lower()
    if separator and scheme in ("http", "https"):
        secure = scheme == "https"
        if tls is not None and not secure:
            raise ValueError(
                f"target is {text!r}, which is plaintext, but tls is given; use https://{rest}"
            )
        host, tls = rest.removesuffix("/"), (tls or Tls()) if secure else None
        if ":" not in host.rpartition("]")[2]:
            host += ":443" if secure else ":80"
    elif _OTHER_TARGET.match(text) and not _HOST_AND_PORT.fullmatch(text):
        return text, tls
    found = _HOST_AND_PORT.fullmatch(host)
    if found is None or int(found[1]) > 65535:
        raise ValueError(f"target is {text!r}; give one such as localhost:50051")
    return host, tls


def warn_of_plaintext_token(options: ClientOptions) -> None:
    """Logs it if the token is readable on the network."""
    address, tls = target_of(options.target, options.tls)
    if options.token is None or tls is not None or address.startswith(("unix:", "unix-abstract:")):
        return
    address = spool_target_of(options.target)
    if not _is_loopback(address.rpartition(":")[0].strip("[]")):
        _log.warning(
            "dlq: the token goes to %s in plaintext; use https://%s and a server with TLS",
            address,
            address,
        )


def _is_loopback(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:  # a name
        return False


def spool_target_of(text: str) -> str:
    """Returns the server's name in spool files, the same in all languages: `host:port` without a scheme, or
    the whole path of a unix socket.
    """
    address, _ = target_of(text, None)
    if address.startswith(("unix:", "unix-abstract:")):
        return address
    host = address.rpartition("/")[2] if "://" in address else address
    return host if ":" in host.rpartition("]")[2] else f"{host}:443"  # the default of gRPC
