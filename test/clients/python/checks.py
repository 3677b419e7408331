"""Helpers of all checks: the registry of checks, a client, and assertions.

A check is a function that calls the server through plain stubs, as a user's program does, and raises
AssertionError if a response violates the contract. Each check uses its own queues.
"""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import grpc
from dlq.v1 import dlq_service_pb2 as dlq
from dlq.v1 import dlq_service_pb2_grpc, failure_pb2, message_pb2, state_pb2
from google.protobuf.any_pb2 import Any
from google.protobuf.duration_pb2 import Duration
from google.rpc import error_details_pb2
from grpc_status import rpc_status

# Seconds. A longer call means that the server is broken.
CALL_TIMEOUT = 10
STREAM_TIMEOUT = 30


class Client:
    """One channel to the server under test."""

    def __init__(self, address: str):
        self.channel = grpc.insecure_channel(address)
        self.stub = dlq_service_pb2_grpc.DlqServiceStub(self.channel)

    def send(self, queue: str, text: str = "{}", **fields) -> dlq.SendToDlqResponse:
        return self.stub.SendToDlq(sending(queue, text, **fields), timeout=CALL_TIMEOUT)

    def ack(self, *outcomes: dlq.Outcome, request_id: str = "") -> list[dlq.AckResult]:
        request = dlq.AckRequest(request_id=request_id, outcomes=outcomes)
        return list(self.stub.Ack(request, timeout=CALL_TIMEOUT).results)

    def stats(self, queue: str) -> dlq.QueueStats:
        answer = self.stub.Stats(dlq.StatsRequest(queues=[queue]), timeout=CALL_TIMEOUT)
        equal([q.queue for q in answer.queues], [queue], "queues in Stats")
        return answer.queues[0]

    @contextmanager
    def work(self, *queues: str, timeout: float = STREAM_TIMEOUT, **fields) -> Iterator["Worker"]:
        """Opens a stream, and cancels it at the end of the block."""
        request = dlq.StreamDueRequest(queues=queues, **fields)
        worker = Worker(self.stub.StreamDue(request, timeout=timeout))
        try:
            yield worker
        finally:
            worker.call.cancel()


class Worker:
    """One open StreamDue call. `receive` waits until the stream's deadline."""

    def __init__(self, call):
        self.call = call
        first = next(call)
        equal(first.WhichOneof("frame"), "opened", "first frame")
        self.opened: dlq.Opened = first.opened
        self._received: list[dlq.Delivery] = []

    def receive(self) -> dlq.Delivery:
        while not self._received:
            frame = next(self.call)
            self._received.extend(frame.deliveries.deliveries)
        return self._received.pop(0)


def sending(queue: str, text: str = "{}", **fields) -> dlq.SendToDlqRequest:
    """Builds a request that is due at once, unless `fields` have another time."""
    fields.setdefault("payload", message_pb2.Payload(text=text))
    fields.setdefault("failure", failure_pb2.Failure(reason=state_pb2.REASON_EXECUTION_FAILED))
    if "due_time" not in fields:
        fields.setdefault("delay", Duration())
    return dlq.SendToDlqRequest(queue=queue, **fields)


def new_queue(name: str) -> str:
    return f"{name}-{uuid.uuid4().hex[:8]}"


def new_id() -> str:
    return str(uuid.uuid4())


def succeeded(delivery: dlq.Delivery) -> dlq.Outcome:
    return dlq.Outcome(lease_token=delivery.lease_token, succeeded=dlq.Succeeded())


def failed(delivery: dlq.Delivery, message: str = "again", **fields) -> dlq.Outcome:
    """Builds a failed outcome whose retry is due at once, unless `fields` have another time."""
    fields.setdefault("retry_after", Duration())
    fields.setdefault(
        "failure", failure_pb2.Failure(reason=state_pb2.REASON_EXECUTION_FAILED, message=message)
    )
    return dlq.Outcome(lease_token=delivery.lease_token, failed=dlq.Failed(**fields))


CHECKS: dict[str, Callable[[Client], None]] = {}


def check(name: str):
    """Registers a check. The name states the behavior; it is the name of the test."""

    def register(function: Callable[[Client], None]):
        if name in CHECKS:
            raise ValueError(f"two checks are named {name!r}")
        CHECKS[name] = function
        return function

    return register


def expect(condition: object, what: str) -> None:
    if not condition:
        raise AssertionError(what)


def equal(actual: object, expected: object, what: str) -> None:
    expect(actual == expected, f"{what}: {actual!r}, expected {expected!r}")


def applied(result: dlq.AckResult, state: int, what: str) -> None:
    """Expects that the outcome counts and that the message is in this state."""
    equal(dlq.AckStatus.Name(result.status), "ACK_STATUS_APPLIED", f"status of {what}")
    equal(state_name(result.state), state_name(state), f"state after {what}")


def state_name(state: int) -> str:
    return state_pb2.MessageState.Name(state)


def quarantine_name(reason: int) -> str:
    return state_pb2.QuarantineReason.Name(reason)


@contextmanager
def refused(code: grpc.StatusCode, what: str) -> Iterator["Refusal"]:
    """Expects that the block's call fails with this code and with details."""
    refusal = Refusal()
    try:
        yield refusal
    except grpc.RpcError as error:
        equal(error.code(), code, f"code of {what} ({error.details()})")
        status = rpc_status.from_call(error)
        expect(status is not None, f"{what} has no google.rpc details")
        refusal.read(status.details)
        equal(refusal.domain, "dlq.v1", f"ErrorInfo.domain of {what}")
        expect(refusal.reason, f"ErrorInfo.reason of {what} is empty")
        return
    raise AssertionError(f"{what} was accepted, expected {code.name}")


class Refusal:
    """The google.rpc details of a refused call, or of a refused request of a batch."""

    def __init__(self):
        self.domain = ""
        self.reason = ""
        self.fields: list[str] = []

    def read(self, details: list[Any]) -> None:
        info, bad = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
        for detail in details:
            if detail.Unpack(info):
                self.domain, self.reason = info.domain, info.reason
            if detail.Unpack(bad):
                self.fields = [violation.field for violation in bad.field_violations]
