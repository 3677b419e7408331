"""Spool files: their bytes, whose they are, and their bound; see clients/SPOOL.md."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

import dlq
from dlq._core.letter import letter_of
from dlq.options import spool_target_of
from dlq.spool.folder import folder_name
from dlq.spool.owner import owner_of, process_start
from dlq.spool.record import HEADER, Records, RecordType, encode
from dlq.spool.spool import Spool
from dlq.spool.spool_file import SpoolFile
from dlq.spool.v1.spool_pb2 import Owner, SpooledMessage
from dlq.v1.dlq_service_pb2 import SendToDlqRequest

TARGET = "127.0.0.1:1"


def request(text: str) -> SendToDlqRequest:
    found = letter_of("q", text, None, {}, None).request
    found.send_number.client_id = b"c" * 16
    found.send_number.number = 1
    return found


def spool_in(folder: Path, **options: object) -> Spool:
    return Spool(dlq.SpoolOptions(folder=folder, **options), TARGET, "shop")  # type: ignore[arg-type]


def texts(spool: Spool) -> list[str]:
    return [one.request.payload.text for one in spool.oldest(1_000, 1 << 30)]


def files(folder: Path) -> list[Path]:
    return sorted(folder.glob("shop/*.spool"))


def end_owner(path: Path) -> None:
    """As if its process had ended: its Owner says a process that never was."""
    data = path.read_bytes()
    gone = owner_of(TARGET, "shop")
    gone.process_start += 1
    path.write_bytes(data + encode(RecordType.OWNER, gone.SerializeToString()))


def test_the_bytes_of_a_file(spool_folder: Path) -> None:
    spool = spool_in(spool_folder)
    assert spool.append(request("a"))
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
    [_, letter] = Records(data)
    assert letter.type == RecordType.LETTER
    assert SpooledMessage.FromString(letter.body).request.send_number.number == 1


def test_letters_come_oldest_first_and_a_file_goes_with_its_last(spool_folder: Path) -> None:
    spool = spool_in(spool_folder)
    for text in "abc":
        spool.append(request(text))
    [first, *_] = spool.oldest(1, 1 << 20)
    spool.done([first])
    assert texts(spool) == ["b", "c"]
    spool.done(spool.oldest(10, 1 << 20))
    assert spool.is_empty
    assert files(spool_folder) == []


def test_what_a_dead_process_left_is_adopted_without_what_was_done(spool_folder: Path) -> None:
    left = spool_in(spool_folder)
    for text in "abc":
        left.append(request(text))
    left.done(left.oldest(1, 1 << 20))
    [path] = files(spool_folder)
    assert spool_in(spool_folder).adopt() == 0, "its process lives"
    end_owner(path)
    mine = spool_in(spool_folder)
    assert mine.adopt() == 1
    assert texts(mine) == ["b", "c"]
    [renamed] = files(spool_folder)
    assert renamed.name != path.name
    assert renamed.name.split("-")[0] == path.name.split("-")[0]
    assert spool_in(spool_folder).adopt() == 0, "it is ours now"


def test_many_orphans_are_adopted_as_others_are_delivered(spool_folder: Path) -> None:
    for text in range(100):
        left = spool_in(spool_folder)
        left.append(request(str(text)))
        left.close()
    mine = spool_in(spool_folder)
    assert mine.adopt() == 64, "each that is held is a descriptor"
    assert mine.adopt() == 0
    mine.done(mine.oldest(100, 1 << 20))
    assert mine.adopt() == 36


def test_of_several_adopters_one_succeeds(spool_folder: Path) -> None:
    left = spool_in(spool_folder)
    left.append(request("a"))
    [path] = files(spool_folder)
    owner = owner_of(TARGET, "shop")
    assert SpoolFile.adopt(path, owner, sync=False) is not None
    assert SpoolFile.adopt(path, owner, sync=False) is None


def test_an_owner_that_was_only_slow_loses_nothing(spool_folder: Path) -> None:
    slow = spool_in(spool_folder)
    slow.append(request("a"))
    [path] = files(spool_folder)
    other = SpoolFile.adopt(path, owner_of(TARGET, "shop"), sync=False)
    assert other is not None
    assert slow.append(request("b"))
    assert texts(slow) == ["b"], "in a file of its own"
    assert len(other.open_offsets) == 1


def test_a_client_that_ends_leaves_its_letters_to_the_next(spool_folder: Path) -> None:
    left = spool_in(spool_folder)
    left.append(request("a"))
    left.close()
    assert spool_in(spool_folder).adopt() == 1, "although the process lives"


def test_between_renaming_and_owning_nobody_else_takes_it(spool_folder: Path) -> None:
    left = spool_in(spool_folder)
    left.append(request("a"))
    [path] = files(spool_folder)
    end_owner(path)
    path.rename(path.with_name(path.name.replace(f"-{os.getpid()}-", f"-{os.getppid()}-")))
    assert spool_in(spool_folder).adopt() == 0


def test_a_stump_is_removed_when_it_is_old(spool_folder: Path) -> None:
    spool = spool_in(spool_folder)
    stump = spool_folder / "shop" / f"1700000000000-{os.getpid()}-{'a' * 16}.spool"
    stump.write_bytes(HEADER)
    spool.adopt()
    assert stump.exists()
    os.utime(stump, (1, 1))
    spool.adopt()
    assert not stump.exists()


def test_files_of_another_target_stay(spool_folder: Path) -> None:
    left = Spool(dlq.SpoolOptions(folder=spool_folder), "elsewhere:1", "shop")
    left.append(request("a"))
    left.close()
    [path] = files(spool_folder)
    old = path.stat().st_mtime - 500
    gone = owner_of("elsewhere:1", "shop")
    gone.process_start += 1
    with path.open("ab") as file:
        file.write(encode(RecordType.OWNER, gone.SerializeToString()))
    os.utime(path, (old, old))
    assert spool_in(spool_folder).adopt() == 0
    assert files(spool_folder) == [path]


def test_a_file_of_another_host_is_an_orphan_when_nothing_touches_it(spool_folder: Path) -> None:
    left = spool_in(spool_folder)
    left.append(request("a"))
    [path] = files(spool_folder)
    owner = owner_of(TARGET, "shop")
    owner.host = "elsewhere"
    with path.open("ab") as file:
        file.write(encode(RecordType.OWNER, owner.SerializeToString()))
    mine = spool_in(spool_folder)
    assert mine.adopt() == 0
    old = path.stat().st_mtime - 121
    os.utime(path, (old, old))
    assert mine.adopt() == 1


def test_damage_is_passed_over_and_told_and_a_cut_end_is_none(spool_folder: Path) -> None:
    left = spool_in(spool_folder)
    for text in "abc":
        left.append(request(text))
    left.close()
    [path] = files(spool_folder)
    end_owner(path)
    data = bytearray(path.read_bytes())
    [_, _, second, third, _] = Records(bytes(data))
    data[second.offset + 20] ^= 0xFF
    path.write_bytes(bytes(data) + encode(RecordType.LETTER, b"x" * 50)[:-7])
    records = Records(path.read_bytes())
    offsets = [one.offset for one in records]
    assert third.offset in offsets
    assert second.offset not in offsets
    assert records.damaged_bytes == third.offset - second.offset
    mine = spool_in(spool_folder)
    assert mine.adopt() == 1
    assert texts(mine) == ["a", "c"]
    mine.append(request("d"))
    assert texts(mine) == ["a", "c", "d"]


def test_an_unknown_type_of_record_is_passed_over() -> None:
    data = HEADER + encode(7, b"new") + encode(RecordType.LETTER, b"x")  # type: ignore[arg-type]
    assert [one.type for one in Records(data)] == [7, RecordType.LETTER]


def test_the_bound_holds_and_delivery_makes_room(spool_folder: Path) -> None:
    spool = spool_in(spool_folder, max_bytes=3_000)
    kept = 0
    with pytest.raises(dlq.DlqClientError) as caught:
        while kept < 100:
            spool.append(request("x" * 500))
            kept += 1
    assert caught.value.kind == "spool-full"
    assert 1 <= kept <= 5
    spool.done(spool.oldest(100, 1 << 20))
    assert spool.append(request("again"))


def test_without_a_folder_letters_stay_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DLQ_SPOOL_DIR", "XDG_STATE_HOME", "HOME"):
        monkeypatch.setenv(name, "/dev/null/nothing")
    spool = Spool(dlq.SpoolOptions(), TARGET, "shop")
    assert spool.append(request("a")) is False
    assert texts(spool) == ["a"]
    spool.done(spool.oldest(1, 1 << 20))
    assert spool.is_empty


@pytest.mark.parametrize(
    ("service", "name"),
    [("", "default"), ("shop", "shop"), ("..", "_"), (".", "_"), ("a/b", "a_b"), ("é", "__")],
)
def test_names_of_folders(service: str, name: str) -> None:
    assert folder_name(service) == name


PROGRAM = """
import os, signal, sys, dlq
client = dlq.Client(sys.argv[1], service="shop", timeout=0.2, spool=dlq.SpoolOptions(folder=sys.argv[2]))
for n in range(50):
    result = client.send("q", f"{n}", ValueError("x"))
    assert result == dlq.Spooled(durable=True), result
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_kill_9_loses_nothing(spool_folder: Path) -> None:
    subprocess.run(
        [sys.executable, "-c", PROGRAM, TARGET, str(spool_folder)], timeout=60, check=False
    )
    mine = spool_in(spool_folder)
    assert mine.adopt() == 1
    assert texts(mine) == [str(n) for n in range(50)]


def test_a_write_that_is_cut_off_leaves_the_next_ones_whole(
    spool_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = spool_in(spool_folder)
    spool.append(request("a"))
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: write(descriptor, data[:30]))
    assert spool.append(request("b")) is False, "in memory"
    monkeypatch.setattr(os, "write", write)
    assert spool.append(request("c")) is True
    assert texts(spool) == ["a", "c", "b"]
    spool.close()
    mine = spool_in(spool_folder)
    assert mine.adopt() == 1
    assert texts(mine) == ["a", "c"]


def test_a_file_that_is_just_being_adopted_is_no_orphan(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = spool_in(tmp_path)
    left.append(request("a"))
    left.close()
    index = SpoolFile._index
    meanwhile: list[int] = []

    def looked_at(file: SpoolFile) -> None:
        monkeypatch.setattr(SpoolFile, "_index", index)
        meanwhile.append(spool_in(tmp_path).adopt())
        index(file)

    monkeypatch.setattr(SpoolFile, "_index", looked_at)
    assert spool_in(tmp_path).adopt() == 1
    assert meanwhile == [0]


def test_what_a_client_of_an_url_has_left_is_found_by_one_of_its_host_and_port(
    tmp_path: Path,
) -> None:
    options = dlq.SpoolOptions(folder=tmp_path)
    with dlq.Client(f"http://{TARGET}", service="shop", timeout=0.1, spool=options) as client:
        assert isinstance(client.send("q", "x"), dlq.Spooled)
    heir = spool_in(tmp_path)
    heir.adopt()
    assert texts(heir) == ["x"]
    heir.close()


@pytest.mark.parametrize(
    ("target", "name"),
    [
        ("dlq:50051", "dlq:50051"),
        ("http://dlq", "dlq:80"),
        ("https://dlq/", "dlq:443"),
        ("dns:///dlq:50051", "dlq:50051"),
        ("dns://8.8.8.8/dlq:50051", "dlq:50051"),
        ("dlq", "dlq:443"),
        ("[::1]", "[::1]:443"),
        ("unix:/run/dlq.sock", "unix:/run/dlq.sock"),
        ("unix:///run/dlq.sock", "unix:///run/dlq.sock"),
    ],
)
def test_spool_files_name_the_server_without_a_scheme(target: str, name: str) -> None:
    assert spool_target_of(target) == name
