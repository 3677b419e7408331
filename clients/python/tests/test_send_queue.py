"""Which sends share a call, and when it is made; without a clock."""

from __future__ import annotations

from concurrent.futures import Future

from dlq import Coalesce
from dlq._core.call_error import CallError
from dlq._core.error_details import ErrorDetails
from dlq._core.send_error import deadline_error
from dlq._core.send_queue import PendingSend, SendQueue
from dlq._core.send_request import SendRequest
from dlq.v1.dlq_service_pb2 import SendToDlqRequest, SendToDlqResponse

UNAVAILABLE = CallError("UNAVAILABLE", "failed to connect to all addresses")


def send(number: int = 0, size: int = 10, deadline_at: float = 5.0) -> PendingSend:
    request = SendRequest(SendToDlqRequest(source_id=str(number)), size)
    return PendingSend(request, deadline_at, Future(), lambda *_: None)


def queue_of(*sends: PendingSend, **limits: float) -> SendQueue:
    queue = SendQueue(Coalesce(**limits))  # type: ignore[arg-type]
    for one in sends:
        queue.add(one, 0.0)
    return queue


def test_the_first_send_goes_at_once_and_the_next_waits_for_others() -> None:
    queue = queue_of(send())
    assert len(queue.next_call(0.0)) == 1
    queue.add(send(), 0.0)
    assert queue.next_call(0.001) == []
    assert queue.wake_at() == 0.002
    assert len(queue.next_call(0.002)) == 1


def test_a_full_call_is_made_at_once() -> None:
    queue = queue_of(*map(send, range(5)), max_messages=2)
    assert [len(queue.next_call(0.0)) for _ in range(3)] == [2, 2, 0]


def test_a_call_is_limited_in_bytes_and_a_larger_message_goes_alone() -> None:
    queue = queue_of(send(size=200), send(size=60), send(size=60), max_bytes=100)
    assert [one.request.size_bytes for one in queue.next_call(0.0)] == [200]
    assert [one.request.size_bytes for one in queue.next_call(0.0)] == [60]


def test_the_number_of_open_calls_is_limited() -> None:
    queue = queue_of(*map(send, range(9)), max_messages=1, max_calls=4)
    assert [len(queue.next_call(0.0)) for _ in range(5)] == [1, 1, 1, 1, 0]


def test_failed_sends_are_retried_after_a_backoff_before_new_ones() -> None:
    queue = queue_of(send(1), send(2))
    sends = queue.next_call(0.0)
    assert queue.on_call_failed(sends, UNAVAILABLE, 0.0) == ([], [])
    queue.add(send(3), 0.0)
    wake_at = queue.wake_at()
    assert wake_at is not None
    assert wake_at <= 0.02
    again = queue.next_call(wake_at)
    assert [one.request.proto.source_id for one in again] == ["1", "2", "3"]


def test_a_deadline_error_has_the_most_specific_call_error() -> None:
    queue = queue_of(send())
    for now, error in (
        (0.0, CallError("UNAVAILABLE", "certificate verify failed")),
        (2.0, CallError("DEADLINE_EXCEEDED", "Deadline Exceeded")),
    ):
        [one] = queue.next_call(now)
        queue.on_call_failed([one], error, now)
    assert "certificate verify failed" in str(deadline_error(one))


def test_the_service_is_unavailable_after_two_failures_until_it_answers() -> None:
    queue = queue_of(send())
    for now in (1.0, 2.0):
        assert not queue.reachability.is_unavailable(now)
        queue.on_call_failed(queue.next_call(now), UNAVAILABLE, now)
    assert queue.reachability.is_unavailable(2.0)
    sends = queue.next_call(10.0)
    assert queue.reachability.is_unavailable(10.0), "an open call must not make new sends wait"
    queue.on_answers(sends, [SendToDlqResponse(id="x")], 10.0)
    assert not queue.reachability.is_unavailable(10.0)


def test_a_send_probes_the_service_after_45_s() -> None:
    """A full spool with other services' messages does not probe the service."""
    queue = queue_of(send())
    for now in (1.0, 2.0):
        queue.on_call_failed(queue.next_call(now), UNAVAILABLE, now)
    assert queue.reachability.is_unavailable(37.0)
    assert not queue.reachability.is_unavailable(47.0)
    queue.on_call_failed(queue.next_call(47.0), UNAVAILABLE, 47.0)
    assert queue.reachability.is_unavailable(48.0)


def test_calls_that_fail_together_count_once() -> None:
    queue = queue_of(*map(send, range(4)), max_messages=1)
    calls = [queue.next_call(1.0) for _ in range(4)]
    for call in calls:
        queue.on_call_failed(call, UNAVAILABLE, 2.0)
    assert not queue.reachability.is_unavailable(2.0)
    queue.on_call_failed(queue.next_call(10.0), UNAVAILABLE, 10.0)
    assert queue.reachability.is_unavailable(10.0)


def test_a_send_in_a_split_call_may_be_stored() -> None:
    refused = CallError("INVALID_ARGUMENT", "no", ErrorDetails("X", is_empty=False))
    queue = queue_of(*map(send, range(2)))
    _, [[one], _] = queue.on_call_failed(queue.next_call(0.0), refused, 0.0)
    assert one.maybe_stored


def test_a_refused_call_is_split_until_the_message_is_found() -> None:
    refused = CallError("INVALID_ARGUMENT", "no", ErrorDetails("X", is_empty=False))
    queue = queue_of(*map(send, range(4)))
    decided, halves = queue.on_call_failed(queue.next_call(0.0), refused, 0.0)
    assert decided == []
    assert [len(half) for half in halves] == [2, 2]
    [(_, error)], [] = queue.on_call_failed(halves[0][:1], refused, 0.0)
    assert error is refused


def test_settled_sends_are_not_part_of_a_split_call() -> None:
    refused = CallError("INVALID_ARGUMENT", "no", ErrorDetails("X", is_empty=False))
    queue = queue_of(*map(send, range(3)))
    sends = queue.next_call(0.0)
    queue.settle(sends[0])
    _, halves = queue.on_call_failed(sends, refused, 0.0)
    assert halves == [sends[1:2], sends[2:]]
    assert not sends[0].is_in_call
    for half in halves:
        queue.settle(half[0])
        assert queue.on_call_failed(half, refused, 0.0) == ([(half[0], refused)], [])
    both = queue_of(send(), send())
    sends = both.next_call(0.0)
    for one in sends:
        both.settle(one)
    assert both.on_call_failed(sends, refused, 0.0) == ([], [])
    both.add(send(), 0.0)
    assert len(both.next_call(0.0)) == 1, "a call that was not made must not count"


def test_a_retryable_message_of_a_batch_is_retried() -> None:
    exhausted = ErrorDetails("BUSY", retry_after_s=1.0, is_empty=False)
    queue = queue_of(send(1), send(2))
    sends = queue.next_call(0.0)
    answers = [SendToDlqResponse(id="x"), CallError("RESOURCE_EXHAUSTED", "busy", exhausted)]
    assert [one.request.proto.source_id for one, _ in queue.on_answers(sends, answers, 0.0)] == [
        "1"
    ]
    assert len(queue.next_call(10.0)) == 1


def test_each_late_send_is_returned_once() -> None:
    queue = queue_of(send(1, deadline_at=1.0), send(2, deadline_at=2.0))
    assert queue.late(0.5) == []
    [late] = queue.late(1.5)
    assert late.request.proto.source_id == "1"
    assert queue.settle(late)
    assert not queue.settle(late)
    assert len(queue.sends) == 1


def test_a_broken_call_may_have_stored_the_message_and_a_refused_connection_not() -> None:
    for message, maybe in (("failed to connect to all addresses", False), ("Socket closed", True)):
        queue = queue_of(send())
        [one] = queue.next_call(0.0)
        assert one.maybe_stored
        queue.on_call_failed([one], CallError("UNAVAILABLE", message), 0.0)
        assert one.maybe_stored is maybe


def test_pending_sends_are_limited_by_count_and_bytes() -> None:
    queue = queue_of(send(), max_pending_messages=1)
    assert not queue.has_room_for(SendRequest(SendToDlqRequest(), 1))
    queue = queue_of(send(size=90), max_pending_bytes=100)
    assert not queue.has_room_for(SendRequest(SendToDlqRequest(), 11))
    assert queue.has_room_for(SendRequest(SendToDlqRequest(), 10))
