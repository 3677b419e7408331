"""The real server of tests, when it does not start."""

from __future__ import annotations

import sys

import pytest

from dlq.testing import local_server


def test_a_server_that_ends_at_the_start_is_an_error_with_its_output() -> None:
    program = (
        "import os, time; os.write(1, b'needs a newer Node'); os.closerange(1, 3); time.sleep(60)"
    )
    with (
        pytest.raises(RuntimeError, match=r"did not start:\nneeds a newer Node"),
        local_server([sys.executable, "-c", program]),
    ):
        raise AssertionError("it is not reached")
