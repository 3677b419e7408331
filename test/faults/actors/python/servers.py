"""Calls of the service through plain stubs, which go on when a server or a connection is gone."""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import grpc
from dlq.v1 import dlq_service_pb2_grpc

# Of each unary call, in seconds.
DEADLINE_S = 2.0
# Unanswered calls in a row after which a channel is taken for stuck.
STUCK_AFTER = 3
# A younger channel is still connecting: another one would not be quicker.
STUCK_AGE_S = 1.0

OPTIONS = [
    # Without this a new channel to the same address shares the connection of the old one.
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.enable_retries", 0),
    ("grpc.service_config_disable_resolution", 1),
    ("grpc.enable_http_proxy", 0),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 2_000),  # also how long a try to connect may take
    ("grpc.max_reconnect_backoff_ms", 500),
    ("grpc.keepalive_time_ms", 10_000),
    ("grpc.keepalive_timeout_ms", 5_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_pings_without_data", 0),
]

# Codes by which the server itself says that nothing has changed.
REFUSALS = {"RESOURCE_EXHAUSTED", "INVALID_ARGUMENT", "UNAUTHENTICATED", "UNIMPLEMENTED"}


class CallFailed(Exception):
    """A call ended without an answer; `by_server`: with the server's own words, not a network's."""

    def __init__(self, code: str, by_server: bool):
        super().__init__(code)
        self.code = code
        self.by_server = by_server

    @property
    def refused(self) -> bool:
        """It has surely changed nothing. Else nobody knows."""
        return self.by_server and self.code in REFUSALS

    @property
    def worth_retrying(self) -> bool:
        return not self.refused or self.code == "RESOURCE_EXHAUSTED"


def call_failed(error: grpc.RpcError) -> CallFailed:
    keys = (entry.key for entry in error.trailing_metadata() or ())
    return CallFailed(error.code().name, "grpc-status-details-bin" in keys)


CODES = {code.value[0]: code.name for code in grpc.StatusCode}


def part_failed(code: int) -> CallFailed:
    """Of one message of a batch: the server's own words."""
    return CallFailed(CODES[code], by_server=True)


class Channel:
    """One channel. Retired, it is closed when the last call on it has ended."""

    def __init__(self, address: str):
        self._channel = grpc.insecure_channel(address, options=OPTIONS)
        self._opened_at = time.monotonic()
        self._unanswered = 0
        self._calls = 0
        self._retired = False
        self.stub = dlq_service_pb2_grpc.DlqServiceStub(self._channel)

    @property
    def is_stuck(self) -> bool:
        old_enough = time.monotonic() - self._opened_at > STUCK_AGE_S
        return old_enough and self._unanswered >= STUCK_AFTER

    def answered(self) -> None:
        self._unanswered = 0

    def unanswered(self) -> None:
        self._unanswered += 1

    def begin(self) -> None:
        self._calls += 1

    def end(self) -> None:
        self._calls -= 1
        self._close_if_idle()

    def retire(self) -> None:
        self._retired = True
        self._close_if_idle()

    def _close_if_idle(self) -> None:
        if self._retired and self._calls == 0:
            self._channel.close()


class Servers:
    """The servers of a deployment: calls go to one of them, and to the next when it fails."""

    def __init__(self, addresses: Sequence[str], first: int):
        self._addresses = addresses
        self._channels = [Channel(address) for address in addresses]
        self._place = first % len(addresses)
        self._lock = threading.Lock()

    @contextmanager
    def calling(self) -> Iterator[Channel]:
        """Lends a channel for one call. @raises CallFailed for what gRPC raises inside"""
        with self._lock:
            place = self._place
            channel = self._channels[place]
            channel.begin()
        try:
            yield channel
            channel.answered()
        except grpc.RpcError as error:
            failure = call_failed(error)
            self._note(place, channel, failure)
            raise failure from error
        finally:
            with self._lock:
                channel.end()

    def go_on(self) -> None:
        """Takes the next server for the calls to come."""
        with self._lock:
            self._place = (self._place + 1) % len(self._addresses)

    def _note(self, place: int, channel: Channel, failure: CallFailed) -> None:
        with self._lock:
            if failure.by_server:
                channel.answered()
            else:
                channel.unanswered()
            # Of many calls that fail together, the first decides.
            if self._place == place and not failure.refused:
                self._place = (place + 1) % len(self._addresses)
            if channel.is_stuck and self._channels[place] is channel:
                self._channels[place] = Channel(self._addresses[place])
                channel.retire()
