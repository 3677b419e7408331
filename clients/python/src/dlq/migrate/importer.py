"""Sends batches until each message is accepted or refused."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import grpc

from .._core.backoff import Backoff
from .._core.call_error import NO_RESULT, CallError, call_error_of, result_error_of
from .._core.names import state_name
from .._engine.connection import Connection
from ..options import ClientOptions, warn_of_plaintext_token
from ..v1.dlq_service_pb2 import SendToDlqBatchRequest, SendToDlqRequest, SendToDlqResponse

MAX_MESSAGES = 100
MAX_BYTES = 3 * 1024**2
"""Of one call."""

_TRY_TIMEOUT_S = 10.0


class ServiceUnreachable(Exception):
    """The service can't be reached, or refuses all calls."""


@dataclass(frozen=True)
class Accepted:
    """The service has stored the message."""

    state: str
    was_stored_before: bool
    """By an earlier run."""


@dataclass(frozen=True)
class Refused:
    reason: str


class Importer:
    def __init__(
        self,
        options: ClientOptions,
        patience_s: float,
        wait: Callable[[float], object] = time.sleep,
    ) -> None:
        warn_of_plaintext_token(options)
        self._connection = Connection(options)
        self._patience_s = patience_s
        self._wait = wait

    def send(self, requests: Sequence[SendToDlqRequest]) -> list[Accepted | Refused]:
        """Returns one result for each request, in order. Retries failed calls under the same ids, so that no message
        is stored twice. Raises ServiceUnreachable after `patience_s`."""
        results: dict[int, Accepted | Refused] = {}
        backoff = Backoff(0.1, 5.0)
        give_up_at = time.monotonic() + self._patience_s
        while len(results) < len(requests):
            unanswered = [n for n in range(len(requests)) if n not in results]
            error = self._try(requests, unanswered, results)
            if error is None:
                continue
            if time.monotonic() >= give_up_at:
                raise ServiceUnreachable(f"{error.text} ({error.code})")
            self._wait(error.details.retry_after_s or backoff.next_s())
        return [results[n] for n in range(len(requests))]

    def close(self) -> None:
        self._connection.close()

    def _try(
        self,
        requests: Sequence[SendToDlqRequest],
        unanswered: Sequence[int],
        results: dict[int, Accepted | Refused],
    ) -> CallError | None:
        """Adds results. Returns an error if some requests must be sent again."""
        try:
            response = self._connection.stub.SendToDlqBatch(
                SendToDlqBatchRequest(requests=[requests[n] for n in unanswered]),
                timeout=_TRY_TIMEOUT_S,
                metadata=self._connection.metadata,
            )
        except grpc.RpcError as raised:
            return self._call_failed(call_error_of(raised), requests, unanswered, results)
        retry_error: CallError | None = (
            None if len(response.results) >= len(unanswered) else NO_RESULT
        )
        for n, result in zip(unanswered, response.results):
            if result.WhichOneof("outcome") == "response":
                results[n] = _accepted(result.response)
                continue
            error = result_error_of(result.error)
            if error.is_retryable:
                retry_error = error
            else:
                results[n] = Refused(str(error.as_client_error()))
        return retry_error

    def _call_failed(
        self,
        error: CallError,
        requests: Sequence[SendToDlqRequest],
        unanswered: Sequence[int],
        results: dict[int, Accepted | Refused],
    ) -> CallError | None:
        if error.is_retryable:
            return error
        if not error.is_worth_splitting and not error.is_final:
            raise ServiceUnreachable(str(error.as_client_error()))
        if error.code == "UNIMPLEMENTED":
            raise ServiceUnreachable(str(error.as_client_error()))
        if len(unanswered) == 1:
            results[unanswered[0]] = Refused(str(error.as_client_error()))
            return None
        for n in unanswered:  # one message may be the reason: send each alone
            retry_error = self._try(requests, [n], results)
            if retry_error is not None:
                return retry_error
        return None


def _accepted(response: SendToDlqResponse) -> Accepted:
    was_stored_before = response.duplicate and not response.id
    return Accepted("" if was_stored_before else state_name(response.state), was_stored_before)
