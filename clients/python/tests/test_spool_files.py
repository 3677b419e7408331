"""Spool files: format, ownership, recovery and size limit; see clients/SPOOL.md."""

from __future__ import annotations

import os
import re
import zlib
from pathlib import Path

import pytest

import dlq
from dlq._core.send_request import send_request_of
from dlq.options import spool_target_of
from dlq.spool.folder import folder_name
from dlq.spool.owner import owner_of, process_start
from dlq.spool.record import HEADER, Records, RecordType, encode
from dlq.spool.spool_file import SpoolFile
from dlq.spool.spool_store import SpoolStore
from dlq.spool.v1.spool_pb2 import Owner, SpooledMessage
from dlq.v1.dlq_service_pb2 import SendToDlqRequest

TARGET = "127.0.0.1:1"


def request(text: str) -> SendToDlqRequest:
    found = send_request_of("q", text, None, {}, None).proto
    found.send_number.client_id = b"c" * 16
    found.send_number.number = 1
    return found


def store_in(folder: Path, **options: object) -> SpoolStore:
    return SpoolStore(dlq.SpoolOptions(folder=folder, **options), TARGET, "shop")  # type: ignore[arg-type]


def texts(store: SpoolStore) -> list[str]:
    return [one.request.payload.text for one in store.oldest(1_000, 1 << 30)]


def files(folder: Path) -> list[Path]:
    return sorted(folder.glob("shop/*.spool"))


def end_owner(path: Path) -> None:
    """Appends an Owner whose process does not exist."""
    data = path.read_bytes()
    gone = owner_of(TARGET, "shop")
    gone.process_start += 1
    path.write_bytes(data + encode(RecordType.OWNER, gone.SerializeToString()))


def test_a_file_has_the_documented_format(spool_folder: Path) -> None:
    store = store_in(spool_folder)
    assert store.append(request("a"))
    [path] = files(spool_folder)
    assert re.fullmatch(rf"\d{{13}}-{os.getpid()}-[0-9a-f]{{16}}\.spool", path.name)
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    data = path.read_bytes()
    assert data.startswith(b"DLQ-SPOOL 1\n\x89DLQ\x01")
    length = int.from_bytes(data[17:21], "big")
    body = data[25 : 25 + length]
    assert int.from_bytes(data[21:25], "big") == zlib.crc32(data[16:21] + body)
    owner = Owner.FromString(body)
    assert (owner.target, owner.service, owner.pid) == (TARGET, "shop", os.getpid())
    assert owner.process_start == process_start(os.getpid())
    [_, message] = Records(data)
    assert message.type == RecordType.MESSAGE
    assert SpooledMessage.FromString(message.body).request.send_number.number == 1


def test_open_messages_of_an_ended_process_are_recovered(spool_folder: Path) -> None:
    orphaned = store_in(spool_folder)
    for text in "abc":
        orphaned.append(request(text))
    orphaned.remove(orphaned.oldest(1, 1 << 20))
    [path] = files(spool_folder)
    assert store_in(spool_folder).recover_orphans() == 0, "its process runs"
    end_owner(path)
    store = store_in(spool_folder)
    assert store.recover_orphans() == 1
    assert texts(store) == ["b", "c"]
    [renamed] = files(spool_folder)
    assert renamed.name != path.name
    assert renamed.name.split("-")[0] == path.name.split("-")[0]
    assert store_in(spool_folder).recover_orphans() == 0, "it has a running owner"


def test_recoveries_do_not_make_a_file_longer(spool_folder: Path) -> None:
    """While the service is unavailable, a short program may run thousands of times."""
    store = store_in(spool_folder)
    store.append(request("a"))
    sizes: list[int] = []
    for _ in range(5):
        store.close()
        store = store_in(spool_folder)
        assert store.recover_orphans() == 1
        [path] = files(spool_folder)
        sizes.append(path.stat().st_size)
        assert (texts(store), store.stored_now.bytes) == (["a"], sizes[-1])
    assert max(sizes) - min(sizes) < 10, "the time takes more or fewer bytes"


def test_at_most_64_files_are_open_at_a_time(spool_folder: Path) -> None:
    for text in range(100):
        orphaned = store_in(spool_folder)
        orphaned.append(request(str(text)))
        orphaned.close()
    store = store_in(spool_folder)
    assert store.recover_orphans() == 64, "each open file takes a descriptor"
    assert store.recover_orphans() == 0
    store.remove(store.oldest(100, 1 << 20))
    assert store.recover_orphans() == 36


def test_one_of_two_recoveries_succeeds(spool_folder: Path) -> None:
    orphaned = store_in(spool_folder)
    orphaned.append(request("a"))
    [path] = files(spool_folder)
    owner = owner_of(TARGET, "shop")
    assert SpoolFile.claim(path, owner, sync=False) is not None
    assert SpoolFile.claim(path, owner, sync=False) is None


def test_an_owner_whose_file_was_taken_over_writes_to_a_new_file(spool_folder: Path) -> None:
    slow = store_in(spool_folder)
    slow.append(request("a"))
    [path] = files(spool_folder)
    other = SpoolFile.claim(path, owner_of(TARGET, "shop"), sync=False)
    assert other is not None
    assert slow.append(request("b"))
    assert texts(slow) == ["b"], "in a new file"
    assert len(other.open_offsets) == 1


def test_files_of_a_closed_client_are_recovered_at_once(spool_folder: Path) -> None:
    orphaned = store_in(spool_folder)
    orphaned.append(request("a"))
    orphaned.close()
    assert store_in(spool_folder).recover_orphans() == 1, "while the process runs"


def test_a_renamed_file_without_a_new_owner_is_not_recovered(spool_folder: Path) -> None:
    orphaned = store_in(spool_folder)
    orphaned.append(request("a"))
    [path] = files(spool_folder)
    end_owner(path)
    path.rename(path.with_name(path.name.replace(f"-{os.getpid()}-", f"-{os.getppid()}-")))
    assert store_in(spool_folder).recover_orphans() == 0


def test_an_old_file_without_record_is_removed(spool_folder: Path) -> None:
    store = store_in(spool_folder)
    empty = spool_folder / "shop" / f"1700000000000-{os.getpid()}-{'a' * 16}.spool"
    empty.write_bytes(HEADER)
    store.recover_orphans()
    assert empty.exists()
    os.utime(empty, (1, 1))
    store.recover_orphans()
    assert not empty.exists()


def test_damaged_bytes_are_skipped_and_counted_except_at_the_end(spool_folder: Path) -> None:
    orphaned = store_in(spool_folder)
    for text in "abc":
        orphaned.append(request(text))
    orphaned.close()
    [path] = files(spool_folder)
    end_owner(path)
    data = bytearray(path.read_bytes())
    [_, _, second, third, _] = Records(bytes(data))
    data[second.offset + 20] ^= 0xFF
    path.write_bytes(bytes(data) + encode(RecordType.MESSAGE, b"x" * 50)[:-7])
    records = Records(path.read_bytes())
    offsets = [one.offset for one in records]
    assert third.offset in offsets
    assert second.offset not in offsets
    assert records.damaged_bytes == third.offset - second.offset
    store = store_in(spool_folder)
    assert store.recover_orphans() == 1
    assert texts(store) == ["a", "c"]
    store.append(request("d"))
    assert texts(store) == ["a", "c", "d"]


def test_an_unknown_record_type_does_not_stop_reading() -> None:
    data = HEADER + encode(7, b"new") + encode(RecordType.MESSAGE, b"x")  # type: ignore[arg-type]
    assert [one.type for one in Records(data)] == [7, RecordType.MESSAGE]


@pytest.mark.parametrize(
    ("service", "name"),
    [("", "default"), ("shop", "shop"), ("..", "_"), (".", "_"), ("a/b", "a_b"), ("é", "__")],
)
def test_service_names_become_safe_folder_names(service: str, name: str) -> None:
    assert folder_name(service) == name


def test_an_incomplete_write_does_not_damage_later_records(
    spool_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = store_in(spool_folder)
    store.append(request("a"))
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: write(descriptor, data[:30]))
    assert store.append(request("b")) is False, "in memory"
    monkeypatch.setattr(os, "write", write)
    assert store.append(request("c")) is True
    assert texts(store) == ["a", "c", "b"]
    store.close()
    store = store_in(spool_folder)
    assert store.recover_orphans() == 1
    assert texts(store) == ["a", "c"]


def test_a_file_is_no_orphan_during_its_recovery(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    orphaned = store_in(tmp_path)
    orphaned.append(request("a"))
    orphaned.close()
    index = SpoolFile._index
    meanwhile: list[int] = []

    def recover_meanwhile(file: SpoolFile) -> None:
        monkeypatch.setattr(SpoolFile, "_index", index)
        meanwhile.append(store_in(tmp_path).recover_orphans())
        index(file)

    monkeypatch.setattr(SpoolFile, "_index", recover_meanwhile)
    assert store_in(tmp_path).recover_orphans() == 1
    assert meanwhile == [0]


def test_targets_as_url_and_as_host_and_port_share_spool_files(
    tmp_path: Path,
) -> None:
    options = dlq.SpoolOptions(folder=tmp_path)
    with dlq.Client(f"http://{TARGET}", service="shop", timeout=0.1, spool=options) as client:
        assert isinstance(client.send("q", "x"), dlq.Spooled)
    store = store_in(tmp_path)
    store.recover_orphans()
    assert texts(store) == ["x"]
    store.close()


@pytest.mark.parametrize(
    ("target", "name"),
    [
        ("dlq:50051", "dlq:50051"),
        ("http://dlq", "dlq:80"),
        ("https://dlq/", "dlq:443"),
        ("dns:///dlq:50051", "dlq:50051"),
        ("dns://8.8.8.8/dlq:50051", "dlq:50051"),
        ("[::1]:50051", "[::1]:50051"),
        ("http://dlq:50051", "dlq:50051"),
        ("unix:/run/dlq.sock", "unix:/run/dlq.sock"),
        ("unix:///run/dlq.sock", "unix:///run/dlq.sock"),
    ],
)
def test_spool_files_name_the_server_without_a_scheme(target: str, name: str) -> None:
    assert spool_target_of(target) == name
