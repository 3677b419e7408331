"""The future of `send_soon`."""

from __future__ import annotations

from concurrent.futures import CancelledError, wait

import pytest

import dlq


def test_a_wait_for_a_cancelled_send_ends() -> None:
    with dlq.Client("127.0.0.1:1", spool=False, on_dropped=lambda *_: None) as client:
        future = client.send_soon("q", "x")
        assert future.cancel()
        assert wait([future], timeout=0).not_done == set()
        assert future.cancel()
    with pytest.raises(CancelledError):
        future.result()
