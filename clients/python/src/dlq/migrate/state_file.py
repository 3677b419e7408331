"""What is known of each message, on disk: so that a run which was cut off goes on."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

State: TypeAlias = Literal["found", "sent", "there", "refused", "unreadable", "done", "gone"]
"""`found`: to send. `there`: the service had it already. `refused`: by the service. `unreadable`: no
message of the old package. `done`: it had succeeded. `gone`: removed from Redis before its turn."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS origin (words TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS listed (
  queue TEXT NOT NULL, id TEXT NOT NULL, key BLOB NOT NULL, kind TEXT NOT NULL,
  is_poison INTEGER NOT NULL, score REAL, PRIMARY KEY (queue, id, key)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS message (
  key BLOB PRIMARY KEY, queue TEXT NOT NULL, id TEXT NOT NULL, at REAL NOT NULL,
  is_poison INTEGER NOT NULL, run INTEGER NOT NULL, state TEXT NOT NULL,
  service_queue TEXT NOT NULL, service_state TEXT NOT NULL DEFAULT '', digest BLOB,
  deleted INTEGER NOT NULL DEFAULT 0, sent_run INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS message_order ON message (state, at, is_poison DESC, key);
CREATE INDEX IF NOT EXISTS message_name ON message (queue, id);
CREATE TABLE IF NOT EXISTS note (key BLOB NOT NULL, words TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS unknown_field (name TEXT PRIMARY KEY, count INTEGER NOT NULL);
"""


class WrongState(Exception):
    """The file is of another migration, or no state file."""


@dataclass(frozen=True)
class Row:
    """A message of which something is to be done."""

    key: bytes
    queue: str
    id: str
    is_poison: bool
    service_queue: str
    digest: bytes | None


class StateFile:
    """`path` None: in memory. `is_dry`: what is on disk is read, and not changed."""

    def __init__(self, path: Path | None, origin: dict[str, str], *, is_dry: bool = False) -> None:
        try:
            self._db = self._open(path, is_dry)
            self._check(path, json.dumps(origin, sort_keys=True))
        except sqlite3.DatabaseError as error:
            raise WrongState(f"{path} can't be used as a state file: {error}") from None
        last = self._db.execute("SELECT max(run) FROM message").fetchone()[0]
        self.run: int = (last or 0) + 1

    def _open(self, path: Path | None, is_dry: bool) -> sqlite3.Connection:
        if path is None or (is_dry and not path.exists()):
            db = sqlite3.connect(":memory:")
        elif is_dry:
            db = sqlite3.connect(":memory:")
            on_disk = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
            on_disk.backup(db)
            on_disk.close()
        else:
            db = sqlite3.connect(path)
        # One process at a time: two would send the same messages.
        db.execute("PRAGMA locking_mode = EXCLUSIVE")
        db.executescript(_SCHEMA)
        return db

    def _check(self, path: Path | None, words: str) -> None:
        found = self._db.execute("SELECT words FROM origin").fetchone()
        if found is None:
            self._db.execute("INSERT INTO origin VALUES (?)", (words,))
            self._db.commit()
        elif found[0] != words:
            raise WrongState(
                f"{path} is of another migration ({found[0]}); give another --state, or remove it"
            )

    def begin(self) -> None:
        """What is found again in this run is noted again."""
        self._db.execute("DELETE FROM listed")
        self._db.execute("DELETE FROM note")
        self._db.execute("DELETE FROM unknown_field")

    def add_listed(
        self,
        key: bytes,
        kind: str,
        queue: str,
        is_poison: bool,
        members: Iterable[tuple[str, float]],
    ) -> None:
        self._db.executemany(
            "INSERT OR REPLACE INTO listed VALUES (?, ?, ?, ?, ?, ?)",
            ((queue, id, key, kind, is_poison, score) for id, score in members),
        )

    def listed(self, queue: str, id: str) -> list[tuple[bytes, str, bool, float]]:
        """Key, kind (`zset` or `set`), whether of poison, score."""
        rows = self._db.execute(
            "SELECT key, kind, is_poison, score FROM listed WHERE queue = ? AND id = ?", (queue, id)
        )
        return [(bytes(key), kind, bool(poison), score) for key, kind, poison, score in rows]

    def add_found(self, row: Row, at: float, state: State) -> None:
        """What was sent before stays so; anything else is tried again."""
        self._db.execute(
            "INSERT INTO message (key, queue, id, at, is_poison, run, state, service_queue)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET run = excluded.run,"
            " at = excluded.at, is_poison = excluded.is_poison,"
            " state = CASE WHEN state IN ('sent', 'there') THEN state ELSE excluded.state END",
            (row.key, row.queue, row.id, at, row.is_poison, self.run, state, row.service_queue),
        )

    def next_found(self, count: int) -> list[Row]:
        """Oldest first; of one message in two places that of poison first."""
        return self._rows("state = 'found' ORDER BY at, is_poison DESC, key LIMIT ?", count)

    def undeleted(self, after: bytes, count: int) -> list[Row]:
        """What earlier runs have sent, and Redis has yet; by key."""
        where = "state IN ('sent', 'there') AND deleted = 0 AND sent_run < ? AND key > ?"
        return self._rows(f"{where} ORDER BY key LIMIT ?", self.run, after, count)

    def _rows(self, where: str, *values: object) -> list[Row]:
        found = self._db.execute(
            f"SELECT key, queue, id, is_poison, service_queue, digest FROM message WHERE run = ? AND {where}",
            (self.run, *values),
        )
        return [Row(bytes(key), q, id, bool(p), s, digest) for key, q, id, p, s, digest in found]

    def set_state(self, key: bytes, state: State) -> None:
        self._db.execute("UPDATE message SET state = ? WHERE key = ?", (state, key))

    def set_sent(self, key: bytes, state: State, service_state: str, digest: bytes) -> None:
        self._db.execute(
            "UPDATE message SET state = ?, service_state = ?, digest = ?, sent_run = ? WHERE key = ?",
            (state, service_state, digest, self.run, key),
        )

    def set_deleted(self, key: bytes) -> None:
        self._db.execute("UPDATE message SET deleted = 1 WHERE key = ?", (key,))

    def add_note(self, key: bytes, words: str) -> None:
        self._db.execute("INSERT INTO note VALUES (?, ?)", (key, words))

    def add_unknown_field(self, name: str) -> None:
        self._db.execute(
            "INSERT INTO unknown_field VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET count = count + 1",
            (name,),
        )

    def commit(self) -> None:
        self._db.commit()

    def query(self, words: str, *values: object) -> list[tuple[object, ...]]:
        """For the report. `:run` is this run."""
        return self._db.execute(words.replace(":run", str(self.run)), values).fetchall()

    def close(self) -> None:
        self._db.commit()
        self._db.close()
