"""Calls through plain stubs that switch to another server or connection after a failure."""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import grpc
from dlq.v1 import dlq_service_pb2_grpc

# Of each unary call, in seconds.
DEADLINE_S = 2.0
# A channel with this many unanswered calls in a row is stuck.
STUCK_AFTER = 3
# A younger channel may still be connecting.
STUCK_AGE_S = 1.0

OPTIONS = [
    # Without this, channels to one address share a connection.
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.enable_retries", 0),
    ("grpc.service_config_disable_resolution", 1),
    ("grpc.enable_http_proxy", 0),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 2_000),  # also the timeout of a connection attempt
    ("grpc.max_reconnect_backoff_ms", 500),
    ("grpc.keepalive_time_ms", 5_000),
    ("grpc.keepalive_timeout_ms", 5_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_pings_without_data", 0),
]

# With these codes, if they come from the server, nothing has changed.
REFUSALS = {"RESOURCE_EXHAUSTED", "INVALID_ARGUMENT", "UNAUTHENTICATED", "UNIMPLEMENTED"}


class CallFailed(Exception):
    """A call failed. `by_server`: the error comes from the server, not from the network."""

    def __init__(self, code: str, by_server: bool):
        super().__init__(code)
        self.code = code
        self.by_server = by_server

    @property
    def refused(self) -> bool:
        """The call has changed nothing. Otherwise its effect is unknown."""
        return self.by_server and self.code in REFUSALS

    @property
    def worth_retrying(self) -> bool:
        return not self.refused or self.code == "RESOURCE_EXHAUSTED"


def call_failed(error: grpc.RpcError) -> CallFailed:
    keys = (entry.key for entry in error.trailing_metadata() or ())
    return CallFailed(error.code().name, "grpc-status-details-bin" in keys)


CODES = {code.value[0]: code.name for code in grpc.StatusCode}


def result_failed(code: int) -> CallFailed:
    """The failure of one message of a batch."""
    return CallFailed(CODES[code], by_server=True)


class Channel:
    """One channel. After `retire` it is closed when its last call has ended."""

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
        self._close_if_unused()

    def retire(self) -> None:
        self._retired = True
        self._close_if_unused()

    def _close_if_unused(self) -> None:
        if self._retired and self._calls == 0:
            self._channel.close()


class Servers:
    """The servers of a deployment. Calls go to one of them, and to the next one after a failure."""

    def __init__(self, addresses: Sequence[str], first: int):
        self._addresses = addresses
        self._channels = [Channel(address) for address in addresses]
        self._index = first % len(addresses)
        self._lock = threading.Lock()

    @contextmanager
    def calling(self) -> Iterator[Channel]:
        """Provides a channel for one call. @raises CallFailed if the call fails"""
        with self._lock:
            index = self._index
            channel = self._channels[index]
            channel.begin()
        try:
            yield channel
            channel.answered()
        except grpc.RpcError as error:
            failure = call_failed(error)
            self._on_failure(index, channel, failure)
            raise failure from error
        finally:
            with self._lock:
                channel.end()

    def use_next(self) -> None:
        """Sends later calls to the next server."""
        with self._lock:
            self._index = (self._index + 1) % len(self._addresses)

    def _on_failure(self, index: int, channel: Channel, failure: CallFailed) -> None:
        with self._lock:
            if failure.by_server:
                channel.answered()
            else:
                channel.unanswered()
            # If many calls fail together, only the first one switches.
            if self._index == index and not failure.refused:
                self._index = (index + 1) % len(self._addresses)
            if channel.is_stuck and self._channels[index] is channel:
                self._channels[index] = Channel(self._addresses[index])
                channel.retire()
