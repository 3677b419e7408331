"""Which sends go in which call, and when; without a clock."""

from __future__ import annotations

from concurrent.futures import Future

from dlq import Coalesce
from dlq._core.call_error import CallError
from dlq._core.error_details import ErrorDetails
from dlq._core.letter import Letter
from dlq._core.send_book import PendingSend, SendBook
from dlq._core.send_error import late_error
from dlq.v1.dlq_service_pb2 import SendToDlqRequest, SendToDlqResponse

AWAY = CallError("UNAVAILABLE", "failed to connect to all addresses")


def send(number: int = 0, size: int = 10, deadline_at: float = 5.0) -> PendingSend:
    letter = Letter(SendToDlqRequest(source_id=str(number)), size)
    return PendingSend(letter, deadline_at, Future())


def book_of(*sends: PendingSend, **limits: float) -> SendBook:
    book = SendBook(Coalesce(**limits))  # type: ignore[arg-type]
    for one in sends:
        book.add(one, 0.0)
    return book


def test_the_first_goes_at_once_and_the_next_waits_for_others() -> None:
    book = book_of(send())
    assert len(book.next_call(0.0)) == 1
    book.add(send(), 0.0)
    assert book.next_call(0.001) == []
    assert book.wake_at() == 0.002
    assert len(book.next_call(0.002)) == 1


def test_a_full_call_waits_for_nothing() -> None:
    book = book_of(*map(send, range(5)), max_messages=2)
    assert [len(book.next_call(0.0)) for _ in range(3)] == [2, 2, 0]


def test_a_call_is_bounded_by_bytes_and_a_larger_one_goes_alone() -> None:
    book = book_of(send(size=200), send(size=60), send(size=60), max_bytes=100)
    assert [one.letter.bytes for one in book.next_call(0.0)] == [200]
    assert [one.letter.bytes for one in book.next_call(0.0)] == [60]


def test_at_most_so_many_calls_are_out() -> None:
    book = book_of(*map(send, range(9)), max_messages=1, max_calls=4)
    assert [len(book.next_call(0.0)) for _ in range(5)] == [1, 1, 1, 1, 0]


def test_what_failed_goes_again_before_what_is_new_and_after_a_pause() -> None:
    book = book_of(send(1), send(2))
    sends = book.next_call(0.0)
    assert book.failed(sends, AWAY, 0.0) == ([], [])
    book.add(send(3), 0.0)
    wake_at = book.wake_at()
    assert wake_at is not None
    assert wake_at <= 0.02
    again = book.next_call(wake_at)
    assert [one.letter.request.source_id for one in again] == ["1", "2", "3"]


def test_a_late_send_says_what_an_earlier_try_knew() -> None:
    book = book_of(send())
    for now, error in (
        (0.0, CallError("UNAVAILABLE", "certificate verify failed")),
        (2.0, CallError("DEADLINE_EXCEEDED", "Deadline Exceeded")),
    ):
        [one] = book.next_call(now)
        book.failed([one], error, now)
    assert "certificate verify failed" in str(late_error(one))


def test_the_service_is_away_after_two_failures_until_it_answers() -> None:
    book = book_of(send())
    for now in (1.0, 2.0):
        assert not book.is_away(now)
        book.failed(book.next_call(now), AWAY, now)
    assert book.is_away(2.0)
    sends = book.next_call(10.0)
    assert book.is_away(10.0), "what still tries must not make new sends wait with it"
    book.answered(sends, [SendToDlqResponse(id="x")], 10.0)
    assert not book.is_away(10.0)


def test_a_service_that_nothing_has_asked_for_long_is_not_taken_to_be_away() -> None:
    """Where nothing finds room in the spool, nothing in it finds out that the service is back."""
    book = book_of(send())
    for now in (1.0, 2.0):
        book.failed(book.next_call(now), AWAY, now)
    assert book.is_away(37.0)
    assert not book.is_away(47.0)
    book.failed(book.next_call(47.0), AWAY, 47.0)
    assert book.is_away(48.0)


def test_calls_that_fail_together_are_one_failure() -> None:
    book = book_of(*map(send, range(4)), max_messages=1)
    calls = [book.next_call(1.0) for _ in range(4)]
    for call in calls:
        book.failed(call, AWAY, 2.0)
    assert not book.is_away(2.0)
    book.failed(book.next_call(10.0), AWAY, 10.0)
    assert book.is_away(10.0)


def test_a_half_that_is_out_may_be_stored() -> None:
    refused = CallError("INVALID_ARGUMENT", "no", ErrorDetails("X", is_empty=False))
    book = book_of(*map(send, range(2)))
    _, [[one], _] = book.failed(book.next_call(0.0), refused, 0.0)
    assert one.maybe_stored


def test_one_that_spoils_the_call_of_all_is_found_by_halves() -> None:
    refused = CallError("INVALID_ARGUMENT", "no", ErrorDetails("X", is_empty=False))
    book = book_of(*map(send, range(4)))
    verdicts, halves = book.failed(book.next_call(0.0), refused, 0.0)
    assert verdicts == []
    assert [len(half) for half in halves] == [2, 2]
    [(_, error)], [] = book.failed(halves[0][:1], refused, 0.0)
    assert error is refused


def test_what_has_left_meanwhile_does_not_go_again_in_halves() -> None:
    refused = CallError("INVALID_ARGUMENT", "no", ErrorDetails("X", is_empty=False))
    book = book_of(*map(send, range(3)))
    sends = book.next_call(0.0)
    book.settled(sends[0])
    _, halves = book.failed(sends, refused, 0.0)
    assert halves == [sends[1:2], sends[2:]]
    assert not sends[0].is_out
    for half in halves:
        book.settled(half[0])
        assert book.failed(half, refused, 0.0) == ([(half[0], refused)], [])
    both = book_of(send(), send())
    sends = both.next_call(0.0)
    for one in sends:
        both.settled(one)
    assert both.failed(sends, refused, 0.0) == ([], [])
    both.add(send(), 0.0)
    assert len(both.next_call(0.0)) == 1, "no call is counted that is not made"


def test_a_part_that_may_be_tried_again_is() -> None:
    exhausted = ErrorDetails("BUSY", retry_after_s=1.0, is_empty=False)
    book = book_of(send(1), send(2))
    sends = book.next_call(0.0)
    answers = [SendToDlqResponse(id="x"), CallError("RESOURCE_EXHAUSTED", "busy", exhausted)]
    assert [one.letter.request.source_id for one, _ in book.answered(sends, answers, 0.0)] == ["1"]
    assert len(book.next_call(10.0)) == 1


def test_deadlines_are_told_once() -> None:
    book = book_of(send(1, deadline_at=1.0), send(2, deadline_at=2.0))
    assert book.late(0.5) == []
    [late] = book.late(1.5)
    assert late.letter.request.source_id == "1"
    assert book.settled(late)
    assert not book.settled(late)
    assert len(book.pending) == 1


def test_a_refused_connection_leaves_no_doubt_and_a_broken_one_does() -> None:
    for message, maybe in (("failed to connect to all addresses", False), ("Socket closed", True)):
        book = book_of(send())
        [one] = book.next_call(0.0)
        assert one.maybe_stored
        book.failed([one], CallError("UNAVAILABLE", message), 0.0)
        assert one.maybe_stored is maybe


def test_memory_is_bounded_by_count_and_bytes() -> None:
    book = book_of(send(), max_pending_messages=1)
    assert not book.has_room_for(Letter(SendToDlqRequest(), 1))
    book = book_of(send(size=90), max_pending_bytes=100)
    assert not book.has_room_for(Letter(SendToDlqRequest(), 11))
    assert book.has_room_for(Letter(SendToDlqRequest(), 10))
