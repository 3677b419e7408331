"""Which events are about sent messages."""

from __future__ import annotations

import pytest

from dlq._core import early_events, followed_messages
from dlq._core.followed_messages import FollowedMessages, accepted_at
from dlq.v1 import event_pb2 as pb
from dlq.v1 import state_pb2


def event(id: str, type: str, state: str = "SCHEDULED", **fields: str) -> pb.Event:
    return pb.Event(
        id=id,
        type=pb.EventType.Value(f"EVENT_TYPE_{type}"),
        state=state_pb2.MessageState.Value(f"MESSAGE_STATE_{state}"),
        **{"queue": "q", "message_id": "m", **fields},  # type: ignore[arg-type]
    )


def followed(*ids: str) -> FollowedMessages:
    found = FollowedMessages()
    for id in ids:
        assert found.add(id, "q", "", 0.0) == []
    return found


def taken(messages: FollowedMessages, *events: pb.Event, now: float = 0.0) -> list[str]:
    return [one.id for given in events for _, one in messages.take(given, now)]


def test_each_event_of_a_followed_message_comes_once() -> None:
    messages = followed("m")
    failed = event("1", "RETRY_FAILED")
    assert taken(messages, failed, failed, event("2", "RETRY_FAILED")) == ["1", "2"]


def test_repeated_events_of_a_message_that_is_gone_do_not_come_with_a_joined_send() -> None:
    messages = followed("m")
    life = event("1", "RETRY_FAILED"), event("2", "RETRY_SUCCESS", "SUCCEEDED")
    assert taken(messages, *life) == ["1", "2"]
    assert taken(messages, *life) == []
    assert messages.add("m", "q", "", 0.0) == []


def test_the_latest_5_000_events_are_remembered() -> None:
    messages = followed("m")
    events = [event(str(number), "RETRY_FAILED") for number in range(10_000)]
    assert len(taken(messages, *events)) == 10_000
    assert taken(messages, *events[5_000:]) == []


def test_events_of_other_messages_do_not_come() -> None:
    assert taken(followed("m"), event("1", "RETRY_FAILED", message_id="other")) == []


_UNKNOWN = 99
STORED = {"SCHEDULED", "IN_FLIGHT", "QUARANTINED"}
STATES = [
    name.removeprefix("MESSAGE_STATE_") for name in state_pb2.MessageState.DESCRIPTOR.values_by_name
]


@pytest.mark.parametrize("type", ["RETRY_SUCCESS", "EXPIRED", "DISCARDED", "PURGED"])
@pytest.mark.parametrize("state", [*STATES, _UNKNOWN])
def test_a_message_is_followed_until_it_is_gone(type: str, state: str | int) -> None:
    messages = followed("m")
    given = event("1", type)
    given.state = _UNKNOWN if state == _UNKNOWN else event("1", type, str(state)).state
    is_gone = type in ("DISCARDED", "PURGED") or state not in STORED
    assert taken(messages, given) == ["1"]
    assert messages.is_empty("q") is is_gone
    assert taken(messages, event("2", "RETRY_FAILED")) == ([] if is_gone else ["2"])


@pytest.mark.parametrize("type", ["RETRY_FAILED", "MOVED_TO_POISON"])
def test_a_message_is_followed_after_other_events(type: str) -> None:
    messages = followed("m")
    assert taken(messages, event("1", type, "DISCARDED")) == ["1"]
    assert not messages.is_empty("q")


def test_events_before_the_send_returned_come_with_it() -> None:
    messages = FollowedMessages()
    failed, succeeded = event("1", "RETRY_FAILED"), event("2", "RETRY_SUCCESS", "SUCCEEDED")
    assert taken(messages, failed, succeeded, failed) == []
    assert [one.id for _, one in messages.add("m", "q", "s", 59.0)] == ["1", "2"]
    assert messages.is_empty("q")


def test_early_events_are_remembered_for_a_minute() -> None:
    messages = FollowedMessages()
    taken(messages, event("1", "RETRY_FAILED"), now=0.0)
    assert messages.add("m", "q", "", 60.1) == []


def test_the_latest_early_events_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(early_events, "MAX_EVENTS", 2)
    messages = FollowedMessages()
    for number in range(3):
        taken(messages, event(str(number), "RETRY_FAILED", message_id=f"m{number}"))
    assert messages.add("m0", "q", "", 0.0) == []
    assert [one.id for _, one in messages.add("m1", "q", "", 0.0)] == ["1"]
    assert [one.id for _, one in messages.add("m2", "q", "", 0.0)] == ["2"]


def test_early_events_of_a_queue_that_is_not_watched_are_forgotten() -> None:
    messages = FollowedMessages()
    taken(messages, event("1", "RETRY_FAILED"))
    messages.forget_queue("q")
    assert messages.add("m", "q", "", 0.0) == []


def test_a_message_is_followed_across_moves() -> None:
    messages = followed("m")
    early = event("2", "RETRY_FAILED", queue="r")
    moved = event("1", "MOVED_AWAY", other_queue="r")
    assert taken(messages, early) == [], "it is in q"
    assert taken(messages, moved) == ["1", "2"]
    assert (messages.is_empty("q"), messages.is_empty("r")) == (True, False)
    assert taken(messages, event("3", "RETRY_FAILED")) == [], "of q, which it left"
    assert taken(messages, event("4", "RETRY_SUCCESS", "SUCCEEDED", queue="r")) == ["4"]
    assert messages.is_empty("r")


def test_the_oldest_message_is_no_longer_followed_above_the_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(followed_messages, "MAX_FOLLOWED", 2)
    messages = followed("a", "b")
    assert messages.drop_oldest() is None
    messages.add("c", "r", "", 0.0)
    assert messages.drop_oldest() == "q"
    assert taken(messages, event("1", "RETRY_FAILED", message_id="a")) == []
    assert taken(messages, event("2", "RETRY_FAILED", message_id="b")) == ["2"]


def test_a_joined_send_gives_its_source_id() -> None:
    messages = followed("m")
    messages.add("m", "q", "order-7", 0.0)
    [(message, _)] = messages.take(event("1", "RETRY_FAILED"), 0.0)
    assert message.source_id == "order-7"


def test_ids_say_when_a_message_was_accepted() -> None:
    assert accepted_at("01a22c02-bf3b-7000-8000-0005d362f2f5", 1.0) == 0x01A22C02BF3B / 1_000
    assert accepted_at("01A22C02-BF3B-7000-BFFF-0005D362F2F5", 1.0) == 0x01A22C02BF3B / 1_000


@pytest.mark.parametrize(
    "id",
    [
        "01a22c02-bf3b-4000-8000-0005d362f2f5",  # another version
        "01a22c02-bf3b-7000-7000-0005d362f2f5",  # another variant
        "01a22c02-bf3b-7000-8000-0005d362f2f",
        "01a22c02-bf3b-7000-8000-0005d362f2f5\n",
        "01a22c02bf3b70008000-0005d362f2f5",
        "01a2_c02-bf3b-7000-8000-0005d362f2f5",
        "message-7",
    ],
)
def test_a_message_with_another_id_is_accepted_now(id: str) -> None:
    assert accepted_at(id, 1.0) == 1.0
