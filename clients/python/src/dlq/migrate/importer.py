"""Sends to the service, until each message is taken or refused."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import grpc

from .._core.backoff import Backoff
from .._core.call_error import NO_RESULT, CallError, call_error_of, part_error_of
from .._core.names import state_name
from .._engine.connection import Connection
from ..options import ClientOptions
from ..v1.dlq_service_pb2 import SendToDlqBatchRequest, SendToDlqRequest, SendToDlqResponse

MOST_MESSAGES = 100
MOST_BYTES = 3 * 1024**2
"""Of one call."""

_TRY_TIMEOUT_S = 10.0


class OutOfReach(Exception):
    """The service can't be reached, or takes nothing from us."""


@dataclass(frozen=True)
class Taken:
    """The service has it."""

    state: str
    was_there: bool
    """It had it before, under the number of this message."""


@dataclass(frozen=True)
class Refused:
    why: str


class Importer:
    def __init__(
        self,
        options: ClientOptions,
        patience_s: float,
        wait: Callable[[float], object] = time.sleep,
    ) -> None:
        self._connection = Connection(options)
        self._patience_s = patience_s
        self._wait = wait

    def send(self, requests: Sequence[SendToDlqRequest]) -> list[Taken | Refused]:
        """One result for each, in order. A try that fails is made again under the same ids, so that
        nothing comes twice. Raises OutOfReach."""
        results: dict[int, Taken | Refused] = {}
        backoff = Backoff(0.1, 5.0)
        give_up_at = time.monotonic() + self._patience_s
        while len(results) < len(requests):
            open_ones = [n for n in range(len(requests)) if n not in results]
            error = self._try(requests, open_ones, results)
            if error is None:
                continue
            if time.monotonic() >= give_up_at:
                raise OutOfReach(f"{error.message or error.code} ({error.code})")
            self._wait(error.details.retry_after_s or backoff.next_s())
        return [results[n] for n in range(len(requests))]

    def close(self) -> None:
        self._connection.close()

    def _try(
        self,
        requests: Sequence[SendToDlqRequest],
        open_ones: Sequence[int],
        results: dict[int, Taken | Refused],
    ) -> CallError | None:
        """What of it is worth another try, if anything."""
        try:
            response = self._connection.stub.SendToDlqBatch(
                SendToDlqBatchRequest(requests=[requests[n] for n in open_ones]),
                timeout=_TRY_TIMEOUT_S,
                metadata=self._connection.metadata,
            )
        except grpc.RpcError as raised:
            return self._call_failed(call_error_of(raised), requests, open_ones, results)
        again: CallError | None = None if len(response.results) >= len(open_ones) else NO_RESULT
        for n, result in zip(open_ones, response.results):
            if result.WhichOneof("outcome") == "response":
                results[n] = _taken(result.response)
                continue
            error = part_error_of(result.error)
            if error.is_worth_again:
                again = error
            else:
                results[n] = Refused(str(error.refusal()))
        return again

    def _call_failed(
        self,
        error: CallError,
        requests: Sequence[SendToDlqRequest],
        open_ones: Sequence[int],
        results: dict[int, Taken | Refused],
    ) -> CallError | None:
        if error.is_worth_again:
            return error
        if not error.is_of_the_whole_call and not error.is_final:
            raise OutOfReach(str(error.refusal()))
        if error.code == "UNIMPLEMENTED":
            raise OutOfReach(str(error.refusal()))
        if len(open_ones) == 1:
            results[open_ones[0]] = Refused(str(error.refusal()))
            return None
        for n in open_ones:  # one of them spoils the call
            again = self._try(requests, [n], results)
            if again is not None:
                return again
        return None


def _taken(response: SendToDlqResponse) -> Taken:
    was_there = response.duplicate and not response.id
    return Taken("" if was_there else state_name(response.state), was_there)
