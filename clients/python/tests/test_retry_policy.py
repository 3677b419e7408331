"""Options that do not exist are refused, and all fields of a retry policy are sent."""

from __future__ import annotations

from datetime import timedelta

import pytest
from google.protobuf.json_format import MessageToDict

import dlq
from dlq._core.retry_policy import policy_of
from dlq.testing import FakeServer


def test_a_policy_has_all_fields() -> None:
    policy = policy_of(
        {
            "max_retries": 4,
            "backoff": "schedule",
            "schedule": [1, timedelta(minutes=1)],
            "jitter": "equal",
            "max_elapsed": timedelta(hours=1),
            "windows": [
                {"start": "08:00", "end": "18:00", "time_zone": "Europe/Berlin", "days": ["monday"]}
            ],
        }
    )
    assert MessageToDict(policy, preserving_proto_field_name=True) == {
        "max_retries": 4,
        "backoff": "BACKOFF_SCHEDULE",
        "schedule": ["1s", "60s"],
        "jitter": "JITTER_EQUAL",
        "max_elapsed": "3600s",
        "windows": [
            {
                "start_time": "08:00",
                "end_time": "18:00",
                "time_zone": "Europe/Berlin",
                "days": ["DAY_OF_WEEK_MONDAY"],
            }
        ],
    }
    assert policy_of({"increment": 2}).increment.seconds == 2


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"scedule": [1]}, "did you mean schedule?"),
        ({"backoff": "square"}, "give one of exponential, linear, fixed, schedule"),
        ({"schedule": []}, "is empty"),
        ({"windows": [{"start": "1:00", "end": "2:00", "zone": "UTC"}]}, "has no option 'zone'"),
    ],
)
def test_a_wrong_policy_is_refused(given: dict, text: str) -> None:
    with pytest.raises((TypeError, ValueError), match=text.replace("?", r"\?")):
        policy_of(given)  # type: ignore[arg-type]


def test_a_send_with_an_unknown_option_is_dropped_as_invalid(fake: FakeServer) -> None:
    with dlq.Client(fake.target, spool=False) as client:
        result = client.send("q", "x", dealy=3)  # type: ignore[call-arg]
    assert isinstance(result, dlq.Dropped)
    assert result.error.kind == "invalid"
    assert "a send has no option 'dealy'; did you mean delay?" in str(result.error)
