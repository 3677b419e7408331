"""Records the state of each message in a SQLite file, so that an interrupted run can continue."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

State: TypeAlias = Literal["found", "sent", "there", "refused", "unreadable", "done", "gone"]
"""`found`: to be sent. `there`: the service had it already. `refused`: by the service. `unreadable`: not a
message of the old package. `done`: had succeeded. `gone`: removed from Redis before it was sent."""

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


class StateFileError(Exception):
    """The file belongs to another migration, or is not a state file."""


@dataclass(frozen=True)
class Row:
    """One message in Redis."""

    key: bytes
    queue: str
    id: str
    is_poison: bool
    service_queue: str
    digest: bytes | None


class StateFile:
    """Without a path, in memory. `is_dry`: the file is read, and not changed."""

    def __init__(self, path: Path | None, origin: dict[str, str], *, is_dry: bool = False) -> None:
        try:
            self._db = self._open(path, is_dry)
            self._check(path, json.dumps(origin, sort_keys=True))
        except sqlite3.DatabaseError as error:
            raise StateFileError(f"{path} can't be used as a state file: {error}") from None
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
        # Two processes at a time would send the same messages.
        db.execute("PRAGMA locking_mode = EXCLUSIVE")
        db.executescript(_SCHEMA)
        return db

    def _check(self, path: Path | None, origin: str) -> None:
        found = self._db.execute("SELECT words FROM origin").fetchone()
        if found is None:
            self._db.execute("INSERT INTO origin VALUES (?)", (origin,))
            self._db.commit()
        elif found[0] != origin:
            raise StateFileError(
                f"{path} belongs to another migration ({found[0]}); give another --state, or remove it"
            )

    def begin(self) -> None:
        """Removes what this run finds and records again."""
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
        """Returns key, kind (`zset` or `set`), whether it is a poison index, and score of each index entry."""
        rows = self._db.execute(
            "SELECT key, kind, is_poison, score FROM listed WHERE queue = ? AND id = ?", (queue, id)
        )
        return [(bytes(key), kind, bool(poison), score) for key, kind, poison, score in rows]

    def listed_queues(self) -> list[str]:
        """Returns the queues that have an index."""
        rows = self._db.execute("SELECT DISTINCT queue FROM listed ORDER BY queue")
        return [str(queue) for (queue,) in rows]

    def add_found(self, row: Row, at: float, state: State) -> None:
        """Records a message, unless it was sent before."""
        self._db.execute(
            "INSERT INTO message (key, queue, id, at, is_poison, run, state, service_queue)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET run = excluded.run,"
            " at = excluded.at, is_poison = excluded.is_poison,"
            " state = CASE WHEN state IN ('sent', 'there') THEN state ELSE excluded.state END",
            (row.key, row.queue, row.id, at, row.is_poison, self.run, state, row.service_queue),
        )

    def next_found(self, count: int) -> list[Row]:
        """Returns messages to send, oldest first. If a message is stored twice, the poison one is first."""
        return self._rows("state = 'found' ORDER BY at, is_poison DESC, key LIMIT ?", count)

    def undeleted(self, after: bytes, count: int) -> list[Row]:
        """Returns messages that earlier runs have sent and that are still in Redis, by key."""
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

    def add_note(self, key: bytes, note: str) -> None:
        self._db.execute("INSERT INTO note VALUES (?, ?)", (key, note))

    def add_unknown_field(self, name: str) -> None:
        self._db.execute(
            "INSERT INTO unknown_field VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET count = count + 1",
            (name,),
        )

    def commit(self) -> None:
        self._db.commit()

    def query(self, sql: str, *values: object) -> list[tuple[object, ...]]:
        """Runs a query for the report. `:run` is the number of this run."""
        return self._db.execute(sql.replace(":run", str(self.run)), values).fetchall()

    def close(self) -> None:
        self._db.commit()
        self._db.close()
