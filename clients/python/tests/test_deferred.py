"""When refused spooled messages are tried again; with a fake clock."""

from __future__ import annotations

from dlq.spool.deferred import DeferredMessages


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


def test_deferred_messages_wait_at_most_the_longest_backoff_for_others() -> None:
    clock = Clock()
    deferred = DeferredMessages(0.1, 30.0, clock)
    deferred.add((None, 1))
    clock.now += 20
    deferred.add((None, 2))
    assert deferred.skipped() == {(None, 1), (None, 2)}
    clock.now += 10
    assert deferred.skipped() == set()


def test_the_wait_without_other_messages_starts_short_and_grows() -> None:
    clock = Clock()
    deferred = DeferredMessages(0.1, 30.0, clock)
    waits = []
    for _ in range(20):
        deferred.add((None, 1))
        deferred.rest()
        waits.append(deferred.wait_s)
        clock.now += waits[-1] / 2
        deferred.rest()
        assert deferred.skipped() == {(None, 1)}, "a second rest must not delay the retry"
        clock.now += waits[-1]
        assert deferred.skipped() == set()
    assert waits[0] <= 0.1
    assert max(waits) <= 30
    assert max(waits) > 5
    deferred.rest()
    deferred.add((None, 1))
    deferred.rest()
    assert deferred.wait_s <= 0.1, "the backoff starts over after all messages were accepted"


def test_many_deferred_messages_do_not_block_others() -> None:
    clock = Clock()
    deferred = DeferredMessages(0.1, 30.0, clock)
    tried: set[int] = set()
    for _ in range(200):  # calls of one message each, oldest first
        skipped = deferred.skipped()
        message = next((at for at in range(20) if (None, at) not in skipped), None)
        if message is None:
            break
        clock.now += 5
        tried.add(message)
        deferred.on_tried(1)
        deferred.add((None, message))
    assert tried == set(range(20))
