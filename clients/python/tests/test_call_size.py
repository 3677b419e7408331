from __future__ import annotations

from dlq.spool.call_size import CallSize

KIB = 1024


def test_call_size_shrinks_to_a_quarter_without_answers_down_to_64_kib() -> None:
    size = CallSize()
    seen = []
    for _ in range(4):
        size.on_timeout()
        seen.append(size.bytes / KIB)
    assert seen == [768, 192, 64, 64]


def test_call_size_doubles_after_fast_answers_up_to_3_mib() -> None:
    size = CallSize()
    for _ in range(2):
        size.on_timeout()
    size.on_answer(4.0)
    assert size.bytes == 192 * KIB
    seen = []
    for _ in range(5):
        size.on_answer(0.1)
        seen.append(size.bytes / KIB)
    assert seen == [384, 768, 1536, 3072, 3072]
