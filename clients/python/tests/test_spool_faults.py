"""A spool on a disk that is full, and with files that no client of ours has written."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from test_spool_files import files, request, spool_in, texts

import dlq
from dlq.spool.record import MOST_BODY_BYTES, RecordType, encode
from dlq.spool.spool_file import SpoolFile


def refuse(*_: object) -> int:
    raise OSError(errno.ENOSPC, "no space left on device")


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def left_by_another(folder: Path) -> Path:
    """A file with the letter `a` that anybody may adopt at once."""
    left = spool_in(folder)
    left.append(request("a"))
    left.close()
    [path] = files(folder)
    return path


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="counts descriptors")
def test_a_full_disk_costs_no_descriptor_and_leaves_no_stump(
    spool_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = spool_in(spool_folder)
    before = descriptors()
    monkeypatch.setattr(os, "write", refuse)
    assert [spool.append(request("x")) for _ in range(5)] == [False] * 5
    assert descriptors() == before
    assert files(spool_folder) == []


def test_what_is_adopted_is_delivered_although_the_disk_is_full(
    spool_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left_by_another(spool_folder)
    mine = spool_in(spool_folder)
    monkeypatch.setattr(os, "write", refuse)
    assert mine.adopt() == 1
    assert texts(mine) == ["a"]
    mine.done(mine.oldest(1, 1 << 20))
    assert files(spool_folder) == []


def test_a_file_that_is_taken_while_it_is_made_is_made_anew(
    spool_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a machine of another time, say: to it the file is old at once."""
    spool = spool_in(spool_folder)
    looks = iter([False])
    own = SpoolFile.is_ours
    monkeypatch.setattr(
        SpoolFile, "is_ours", property(lambda file: next(looks, True) and own.fget(file))
    )
    assert spool.append(request("a")) is True
    assert texts(spool) == ["a"]


def test_a_letter_longer_than_a_record_is_refused_and_not_said_to_be_kept(
    spool_folder: Path,
) -> None:
    spool = spool_in(spool_folder)
    with pytest.raises(dlq.DlqClientError) as caught:
        spool.append(request("x" * MOST_BODY_BYTES))
    assert caught.value.kind == "spool-full"
    assert spool.append(request("x" * (MOST_BODY_BYTES - 1_000)))
    assert len(texts(spool)) == 1


def test_a_file_of_another_format_is_left_alone(spool_folder: Path) -> None:
    path = left_by_another(spool_folder)
    path.write_bytes(path.read_bytes().replace(b"DLQ-SPOOL 1\n", b"DLQ-SPOOL 2\n"))
    os.utime(path, (0, 0))
    assert spool_in(spool_folder).adopt() == 0
    assert files(spool_folder) == [path]


@pytest.mark.parametrize("type_", RecordType)
def test_a_record_whose_body_nobody_can_read_holds_up_nothing(
    spool_folder: Path, type_: RecordType
) -> None:
    path = left_by_another(spool_folder)
    with path.open("ab") as file:
        file.write(encode(type_, b"\xff\xff"))
    os.utime(path, (0, 0))
    mine = spool_in(spool_folder)
    assert mine.adopt() == 1
    assert texts(mine) == ["a"]
    mine.done(mine.oldest(10, 1 << 20))
    assert files(spool_folder) == []


@pytest.mark.parametrize("holder", ["²", "99999999999999999999"])
def test_a_name_that_is_no_process_id_holds_up_nothing(spool_folder: Path, holder: str) -> None:
    odd = left_by_another(spool_folder)
    odd = odd.rename(odd.with_name(f"1700000000000-{holder}-{'a' * 16}.spool"))
    os.utime(odd)
    spool = spool_in(spool_folder)
    spool.append(request("b"))
    spool.close()
    assert spool_in(spool_folder).adopt() >= 1
