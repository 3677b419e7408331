from __future__ import annotations

from dlq.spool.call_size import CallSize

KIB = 1024


def test_it_shrinks_while_nobody_answers_down_to_64_kib() -> None:
    size = CallSize()
    seen = []
    for _ in range(4):
        size.unanswered()
        seen.append(size.bytes / KIB)
    assert seen == [768, 192, 64, 64]


def test_it_is_doubled_by_quick_answers_only_up_to_3_mib() -> None:
    size = CallSize()
    for _ in range(2):
        size.unanswered()
    size.answered(4.0)
    assert size.bytes == 192 * KIB
    seen = []
    for _ in range(5):
        size.answered(0.1)
        seen.append(size.bytes / KIB)
    assert seen == [384, 768, 1536, 3072, 3072]
