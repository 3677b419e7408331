"""Parsing and conversion of old messages; without Redis and a server."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from old_redis import START, message_of

from dlq.migrate.convert import Converted, Place, convert
from dlq.migrate.history import failures_of
from dlq.migrate.key_pattern import KeyNames, KeyPattern
from dlq.migrate.old_message import CannotMigrate, moment_of, parse
from dlq.migrate.old_store import shown_url

NOON = datetime(2024, 5, 1, 12, tzinfo=timezone.utc)
TRACE = """Traceback (most recent call last):
  File "/app/pay.py", line 12, in charge
    raise Closed(order)
shop.bank.Closed: the bank is closed:
try again later
"""


def read(**fields: Any) -> Any:
    return parse(json.dumps(message_of("m1", "orders", **fields)).encode())


def converted(is_poison: bool = False, ttl_s: float | None = None, **fields: Any) -> Converted:
    place = Place("dlq:orders:m1", "dlq.orders", "m1", is_poison, ttl_s)
    return convert(read(**fields), place, START + timedelta(hours=6))


@pytest.mark.parametrize(
    "given",
    [
        "2024-05-01T12:00:00+00:00",
        "2024-05-01T14:00:00+02:00",
        "2024-05-01T12:00:00Z",
        "2024-05-01T12:00:00",
        "2024-05-01 12:00:00",
        1714564800,
        1714564800.0,
        1714564800000,
        1714564800000000,
        "1714564800",
    ],
)
def test_times_are_iso_8601_or_epoch(given: object) -> None:
    assert moment_of(given) == NOON


@pytest.mark.parametrize(
    "given", ["soon", "", None, True, -5, [], "1969-01-01T00:00:00", 1e300, "nan"]
)
def test_invalid_times_are_none(given: object) -> None:
    assert moment_of(given) is None


@pytest.mark.parametrize("given", [b"", b"{", b"[]", b"null", b"\xff", b"{}", b"[" * 100_000])
def test_an_invalid_message_has_a_reason(given: bytes) -> None:
    with pytest.raises(CannotMigrate, match=r"^(is not|has no)"):
        parse(given)


def test_only_original_message_is_required() -> None:
    found = convert(parse(b'{"original_message": null}'), Place("k", "q", "i", False, None))
    assert found.request.payload.text == "null"
    assert found.request.imported_history.attempts == 0
    assert not found.request.HasField("max_retries")
    assert not found.request.HasField("due_time")
    assert not found.request.HasField("ttl")
    assert found.notes == []


def test_the_trace_of_a_single_failure_is_kept_with_it() -> None:
    latest, earlier = failures_of(
        read(error_details="the bank is closed:\ntry again later", stack_trace=TRACE)
    )
    assert earlier == []
    assert latest.type == "shop.bank.Closed"
    assert latest.stack_trace == TRACE


def test_the_trace_of_a_retried_message_belongs_to_the_first_failure() -> None:
    history = [{"error": "b", "timestamp": NOON.isoformat()}, {"error": "c", "retry_count": 2}]
    latest, earlier = failures_of(read(error_details="c", stack_trace=TRACE, error_history=history))
    assert (latest.message, latest.stack_trace) == ("c", "")
    assert [one.message for one in earlier] == ["the bank is closed:\ntry again later", "b"]
    assert (earlier[0].type, earlier[0].at) == ("shop.bank.Closed", START)
    assert earlier[1].at == NOON


def test_history_entries_of_any_type_are_read() -> None:
    entries = ["text", 7, {"error_message": "m", "error_type": "T", "reason": "timeout"}, None]
    latest, earlier = failures_of(read(error_details="last", error_history=entries))
    assert latest.message == "last"
    assert [one.message for one in earlier] == ["text", "7", "m", "null"]
    assert earlier[2].failure.type == "T"


def test_only_the_latest_15_earlier_failures_are_sent() -> None:
    history = [{"error": str(number)} for number in range(20)]
    found = converted(error_details="latest", error_history=history)
    assert [one.failure.message for one in found.request.imported_history.failures] == [
        str(number) for number in range(5, 20)
    ]
    assert found.notes == ["error_history: the oldest 5 entries are left out"]


def test_an_empty_trace_is_left_out() -> None:
    latest, earlier = failures_of(read(stack_trace="NoneType: None\n"))
    assert (latest.type, latest.stack_trace, earlier) == ("", "", [])


def test_ids_depend_only_on_queue_and_message_id() -> None:
    one, other = converted().request, converted(is_poison=True, retry_count=3).request
    assert one.send_number == other.send_number
    assert len(one.send_number.client_id) == 16
    other_queue = Place("dlq:other:m1", "dlq.other", "m1", False, None)
    assert convert(read(), other_queue).request.send_number != one.send_number


def test_poison_messages_have_no_due_time() -> None:
    later = (START + timedelta(days=1)).isoformat()
    assert converted(next_retry_time=later).request.HasField("due_time")
    assert not converted(is_poison=True, next_retry_time=later).request.HasField("due_time")


def test_the_time_to_live_begins_at_the_first_failure() -> None:
    assert converted(ttl_s=60).request.ttl.seconds == 6 * 3600 + 60
    assert converted(ttl_s=0.001, first_failure_time=None).request.ttl.seconds == 1


def test_keys_are_parsed_by_patterns() -> None:
    pattern = KeyPattern("{prefix}:{queue}:{id}", "d*q")
    assert pattern.glob == "d\\*q:*:*"
    assert pattern.names(b"d*q:orders:orders:17:-1") == KeyNames("orders", "orders:17:-1")
    assert pattern.names(b"d*q:orders:eu:17", "orders:eu") == KeyNames("orders:eu", "17")
    assert pattern.names(b"d*q:orders:eu:17", "other") is None
    assert pattern.names(b"dlq:orders:1") is None
    assert KeyPattern("{prefix}:index:{queue}", "dlq").names(b"dlq:index:a:b") == KeyNames(
        "a:b", None
    )
    for wrong in ("{prefix}:x", "{queue}:{name}"):
        with pytest.raises(ValueError, match="the pattern"):
            KeyPattern(wrong, "dlq")


def test_urls_are_shown_without_passwords() -> None:
    assert (
        shown_url("redis://user:secret@host:6379/1?password=x&db=2") == "redis://host:6379/1?db=2"
    )
    assert shown_url("redis://:sec@ret@host:6379/1") == "redis://host:6379/1"
    assert shown_url("unix:///run/redis.sock") == "unix:///run/redis.sock"


LONE = "\ud800"
"""Valid in JSON, but not in UTF-8."""


def test_lone_surrogates_are_escaped_everywhere() -> None:
    found = read(
        queue_name=LONE,
        message_id=LONE,
        error_details=LONE,
        error_history=[{LONE: LONE, "error": LONE, "details": {LONE: LONE}}, LONE],
        metadata={LONE: LONE},
        **{LONE: LONE},
    )
    text = r"\ud800"
    assert (found.queue, found.id, found.unknown_fields) == (text, text, [text])
    request = convert(found, Place("k", "q", found.id, False, None)).request
    [earlier] = request.imported_history.failures
    assert earlier.failure.attributes == {text: text}
    assert (request.failure.message, earlier.failure.message) == (text, text)
    assert request.attributes == {text: text}
    assert found.notes == [
        r"lone surrogates are sent as text such as \ud800; UTF-8 does not have them"
    ]


@pytest.mark.parametrize(
    ("given", "content_type", "text", "notes"),
    [
        ({"a": "é" + LONE}, "application/json", '{"a":"é\\ud800"}', []),
        ("plain é", "text/plain", "plain é", []),
        (
            *("a" + LONE, "application/json", '"a\\ud800"'),
            ["original_message is text with lone surrogates; it is sent as a JSON string"],
        ),
        (
            *([float("nan"), {"a": float("-inf")}], "application/json", '[null,{"a":null}]'),
            ["NaN is no number in JSON; such values are sent as null"],
        ),
    ],
)
def test_the_payload_is_text_or_valid_json(
    given: object, content_type: str, text: str, notes: list[str]
) -> None:
    found = converted(original_message=given)
    payload = found.request.payload
    assert (payload.content_type, payload.text, found.notes) == (content_type, text, notes)


def test_numbers_that_are_too_large_are_sent_as_null() -> None:
    found = convert(parse(b'{"original_message": [1e999, 1.5]}'), Place("k", "q", "i", False, None))
    assert found.request.payload.text == "[null,1.5]"
    assert found.notes == ["1e999 is no number in JSON; such values are sent as null"]


def test_a_long_id_becomes_a_source_id_with_a_hash() -> None:
    ids = ["é" * 200, "é" * 200 + "2"]
    found = [convert(read(), Place("k", "q", id, False, None)) for id in ids]
    sources = [one.request.source_id for one in found]
    assert len(set(sources)) == 2
    assert all(one.startswith("é" * 100) and len(one.encode()) <= 256 for one in sources)
    assert found[0].request.origin.coordinates["message_id"] == ids[0]
    assert found[0].notes == ["message_id has 400 bytes; source_id is its beginning and a hash"]
