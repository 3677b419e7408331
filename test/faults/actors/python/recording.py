"""Records the calls of a client, below its retries and batches.

The client uses plain channels of grpcio, which an interceptor can wrap.
"""

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

import grpc
from dlq.v1 import dlq_service_pb2 as dlq

from acks import result_entry, status_name
from stream_events import write_delivered, write_opened
from history import History, ms_of
from send_events import write_sending, write_sent, write_unsent
from servers import CallFailed, call_failed, result_failed

POLL_S = 0.01
# Calls have deadlines of a few seconds.
ENDED_WITHIN_S = 20.0

OUTCOMES = ("succeeded", "failed", "released", "quarantined", "discarded")

# Called at the end of a call, with its response or failure.
End = Callable[[Any, CallFailed | None], None]


def record_channels(
    history: History, on_sent: Callable[[str], None] = lambda _: None
) -> "Recording":
    """Records all channels that are created from now on. `on_sent` is called with each answered request."""
    recording = Recording(history, on_sent)
    plain = grpc.insecure_channel

    def recorded(*args: Any, **kwargs: Any) -> grpc.Channel:
        return grpc.intercept_channel(plain(*args, **kwargs), recording)

    grpc.insecure_channel = recorded
    return recording


class Recording(grpc.UnaryUnaryClientInterceptor, grpc.UnaryStreamClientInterceptor):
    def __init__(self, history: History, on_sent: Callable[[str], None]):
        self._history = history
        self._on_sent = on_sent
        self._lock = threading.Lock()
        self._open = 0
        self._last_number = 0

    def intercept_unary_unary(self, continuation: Any, details: Any, request: Any) -> Any:
        end = self._begin(request)
        if end is None:
            return continuation(details, request)
        self._count(1)
        try:
            call = continuation(details, request)
        except BaseException:  # the channel was closed
            end(None, CallFailed("CANCELLED", by_server=False))
            self._count(-1)
            raise
        call.add_done_callback(partial(self._ended, end))
        return call

    def intercept_unary_stream(self, continuation: Any, details: Any, request: Any) -> Any:
        frames = continuation(details, request)
        self._count(1)
        return RecordedStream(frames, self._new_name("stream"), self._history, self._count)

    def wait_until_ended(self) -> None:
        """Waits until the history has the end of each call and stream. Some end after their client."""
        give_up_at = time.monotonic() + ENDED_WITHIN_S
        while self._open > 0:
            if time.monotonic() > give_up_at:
                raise TimeoutError(f"{self._open} calls of the client did not end")
            time.sleep(POLL_S)

    def _begin(self, request: object) -> End | None:
        if isinstance(request, dlq.SendToDlqRequest):
            return self._begin_sends([request])
        if isinstance(request, dlq.SendToDlqBatchRequest):
            return self._begin_sends(request.requests)
        if isinstance(request, dlq.AckRequest):
            return self._begin_ack(request)
        if isinstance(request, dlq.ExtendLeaseRequest):
            return self._begin_extend(request)
        return None

    def _begin_sends(self, requests: Iterable[dlq.SendToDlqRequest]) -> End:
        for request in requests:
            write_sending(self._history, request)
        ids = [request.request_id for request in requests]

        def end(response: Any, failure: CallFailed | None) -> None:
            if failure is not None:
                for request in ids:
                    write_unsent(self._history, request, failure)
            elif isinstance(response, dlq.SendToDlqResponse):
                self._sent(ids[0], response)
            else:
                for request, result in zip(ids, response.results, strict=True):
                    if result.HasField("response"):
                        self._sent(request, result.response)
                    else:
                        write_unsent(self._history, request, result_failed(result.error.code))

        return end

    def _sent(self, request: str, response: dlq.SendToDlqResponse) -> None:
        write_sent(self._history, request, response)
        self._on_sent(request)

    def _begin_ack(self, ack: dlq.AckRequest) -> End:
        write, request = self._history.write, ack.request_id
        write("acking", request=request, outcomes=[outcome_entry(one) for one in ack.outcomes])

        def end(response: Any, failure: CallFailed | None) -> None:
            if failure is None:
                write("acked", request=request, results=[*map(result_entry, response.results)])
            else:
                write("unacked", request=request, code=failure.code, refused=failure.refused)

        return end

    def _begin_extend(self, extend: dlq.ExtendLeaseRequest) -> End:
        write, request = self._history.write, self._new_name("extension")
        write("extending", request=request, tokens=[*extend.lease_tokens])

        def end(response: Any, failure: CallFailed | None) -> None:
            if failure is None:
                write("extended", request=request, leases=[*leases_of(response)])
            else:
                write("unextended", request=request, code=failure.code)

        return end

    def _ended(self, end: End, call: Any) -> None:
        if call.code() is grpc.StatusCode.OK:
            end(call.result(), None)
        else:
            end(None, call_failed(call))
        self._count(-1)

    def _new_name(self, kind: str) -> str:
        with self._lock:
            self._last_number += 1
            return f"{kind}-{self._last_number}"

    def _count(self, change: int) -> None:
        with self._lock:
            self._open += change


class RecordedStream:
    """The frames of one stream, each recorded before its reader gets it."""

    def __init__(self, call: Any, name: str, history: History, count: Callable[[int], None]):
        self._call, self._name, self._history, self._count = call, name, history, count
        self._is_open = False
        self._why = ""

    def __iter__(self) -> Iterator[dlq.StreamDueResponse]:
        return self

    def __next__(self) -> dlq.StreamDueResponse:
        try:
            frame: dlq.StreamDueResponse = next(self._call)
        except StopIteration:
            self._end("end")
            raise
        except grpc.RpcError as error:
            self._end(error.code().name)
            raise
        self._write(frame)
        return frame

    def cancel(self) -> None:
        self._call.cancel()

    def _write(self, frame: dlq.StreamDueResponse) -> None:
        kind = frame.WhichOneof("frame")
        if kind == "opened":
            self._is_open = True
            write_opened(self._history, self._name, frame.opened)
        elif kind == "deliveries":
            for delivery in frame.deliveries.deliveries:
                write_delivered(self._history, self._name, delivery)
        elif kind == "drain":
            self._why = "drain"

    def _end(self, why: str) -> None:
        if self._is_open:
            self._history.write("closed", stream=self._name, why=self._why or why)
        self._count(-1)


def outcome_entry(outcome: dlq.Outcome) -> dict[str, object]:
    kind = outcome.WhichOneof("result")
    assert kind in OUTCOMES, f"the history has no such outcome: {kind}"
    entry: dict[str, object] = {"token": outcome.lease_token, "outcome": kind}
    return entry | ({"nonRetryable": True} if outcome.failed.non_retryable else {})


def leases_of(response: dlq.ExtendLeaseResponse) -> Iterator[dict[str, object]]:
    for result in response.results:
        if status_name(result.status) == "APPLIED" and result.HasField("lease_expire_time"):
            yield {"token": result.lease_token, "expires": ms_of(result.lease_expire_time)}
