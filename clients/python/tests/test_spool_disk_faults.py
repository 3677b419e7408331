"""Spools on a full disk, and spool files with unexpected content."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from test_spool_files import files, request, store_in, texts

import dlq
from dlq.spool.record import MAX_BODY_BYTES, RecordType, encode
from dlq.spool.spool_file import SpoolFile


def refuse(*_: object) -> int:
    raise OSError(errno.ENOSPC, "no space left on device")


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def orphan_in(folder: Path) -> Path:
    """Creates an orphan with the message `a`, which can be recovered at once."""
    left = store_in(folder)
    left.append(request("a"))
    left.close()
    [path] = files(folder)
    return path


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="counts descriptors")
def test_a_full_disk_leaks_neither_descriptors_nor_files(
    spool_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = store_in(spool_folder)
    before = descriptors()
    monkeypatch.setattr(os, "write", refuse)
    assert [store.append(request("x")) for _ in range(5)] == [False] * 5
    assert descriptors() == before
    assert files(spool_folder) == []


def test_a_full_disk_is_logged_once(
    spool_folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Until no message is in memory."""
    store = store_in(spool_folder)
    monkeypatch.setattr(os, "write", refuse)
    for _ in range(2):
        caplog.clear()
        for _ in range(3):
            store.append(request("x"))
        [line] = [one.message for one in caplog.records]
        assert "no space left on device); keeping messages in memory" in line
        store.remove(store.oldest(10, 1 << 20))


def test_an_orphan_is_recovered_on_a_full_disk(
    spool_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    orphan_in(spool_folder)
    store = store_in(spool_folder)
    monkeypatch.setattr(os, "write", refuse)
    assert store.recover_orphans() == 1
    assert texts(store) == ["a"]
    store.remove(store.oldest(1, 1 << 20))
    assert files(spool_folder) == []


def test_a_file_taken_over_during_creation_is_created_again(
    spool_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For example by a machine with a wrong clock."""
    store = store_in(spool_folder)
    results = iter([False])
    is_owned = SpoolFile.is_owned
    monkeypatch.setattr(
        SpoolFile, "is_owned", property(lambda file: next(results, True) and is_owned.fget(file))
    )
    assert store.append(request("a")) is True
    assert texts(store) == ["a"]


def test_a_message_longer_than_a_record_is_refused(
    spool_folder: Path,
) -> None:
    store = store_in(spool_folder)
    with pytest.raises(dlq.DlqClientError) as caught:
        store.append(request("x" * MAX_BODY_BYTES))
    assert caught.value.kind == "spool-full"
    assert store.append(request("x" * (MAX_BODY_BYTES - 1_000)))
    assert len(texts(store)) == 1


@pytest.mark.parametrize("type_", RecordType)
def test_a_record_with_an_invalid_body_is_skipped(spool_folder: Path, type_: RecordType) -> None:
    path = orphan_in(spool_folder)
    with path.open("ab") as file:
        file.write(encode(type_, b"\xff\xff"))
    os.utime(path, (0, 0))
    store = store_in(spool_folder)
    assert store.recover_orphans() == 1
    assert texts(store) == ["a"]
    store.remove(store.oldest(10, 1 << 20))
    assert files(spool_folder) == []


@pytest.mark.parametrize("holder", ["²", "99999999999999999999"])
def test_a_file_name_without_process_id_does_not_stop_recovery(
    spool_folder: Path, holder: str
) -> None:
    path = orphan_in(spool_folder)
    path = path.rename(path.with_name(f"1700000000000-{holder}-{'a' * 16}.spool"))
    os.utime(path)
    store = store_in(spool_folder)
    store.append(request("b"))
    store.close()
    assert store_in(spool_folder).recover_orphans() >= 1
