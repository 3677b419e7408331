"""When letters that are refused for now are tried again; without a clock."""

from __future__ import annotations

from dlq.spool.deferred import Deferred


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


def test_they_wait_no_longer_than_that_for_the_others() -> None:
    clock = Clock()
    deferred = Deferred(0.1, 30.0, clock)
    deferred.add((None, 1))
    clock.now += 20
    deferred.add((None, 2))
    assert deferred.skipped() == {(None, 1), (None, 2)}
    clock.now += 10
    assert deferred.skipped() == set()


def test_once_there_are_no_others_they_are_tried_sooner_and_later_each_time() -> None:
    clock = Clock()
    deferred = Deferred(0.1, 30.0, clock)
    waits = []
    for _ in range(20):
        deferred.add((None, 1))
        deferred.rest()
        waits.append(deferred.wait_s)
        clock.now += waits[-1] / 2
        deferred.rest()
        assert deferred.skipped() == {(None, 1)}, "to rest once more must not put it off"
        clock.now += waits[-1]
        assert deferred.skipped() == set()
    assert waits[0] <= 0.1
    assert max(waits) <= 30
    assert max(waits) > 5
    deferred.rest()
    deferred.add((None, 1))
    deferred.rest()
    assert deferred.wait_s <= 0.1, "all had been taken meanwhile"


def test_however_many_they_are_the_others_are_tried_too() -> None:
    clock = Clock()
    deferred = Deferred(0.1, 30.0, clock)
    tried: set[int] = set()
    for _ in range(200):  # calls of one letter each, the oldest first; it takes 20 s to go over all
        skipped = deferred.skipped()
        letter = next((at for at in range(20) if (None, at) not in skipped), None)
        if letter is None:
            break
        clock.now += 5
        tried.add(letter)
        deferred.tried(1)
        deferred.add((None, letter))
    assert tried == set(range(20))
