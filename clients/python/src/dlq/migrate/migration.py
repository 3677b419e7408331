"""Finds all old messages, then sends them, oldest first."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass

from ..v1.dlq_service_pb2 import SendToDlqRequest
from .convert import Converted, Place, convert
from .dry_run import DryRun
from .importer import MAX_BYTES, MAX_MESSAGES, Importer, Refused
from .key_pattern import KeyPattern, text_of
from .old_message import CannotMigrate, OldMessage, parse
from .old_store import OldStore
from .options import MigrateOptions
from .state_file import Row, State, StateFile

_FRAME_BYTES = 16

NOT_REMOVED = (
    "has changed in Redis since it was sent, and was not removed: is the old program still running?"
)


@dataclass(frozen=True)
class _Ready:
    row: Row
    value: bytes
    request: SendToDlqRequest


class Migration:
    def __init__(
        self,
        options: MigrateOptions,
        store: OldStore,
        state: StateFile,
        importer: Importer | DryRun,
    ) -> None:
        self._options = options
        self._store = store
        self._state = state
        self._importer = importer
        self._run_id = os.urandom(8).hex()

    def find(self, on_found: Callable[[int], object]) -> None:
        """Records all messages with the time of their first failure."""
        patterns = self._options.patterns
        self._state.begin()
        for index, is_poison in ((patterns.index, False), (patterns.poison_index, True)):
            for kind in ("zset", "set"):
                self._find_listed(index, kind, is_poison)
        for pattern, is_poison in ((patterns.messages, False), (patterns.poison_messages, True)):
            for keys in self._store.keys(pattern, "string"):
                for key, (value, _) in zip(keys, self._store.values(keys)):
                    if value is not None:
                        self._find_message(key, value, pattern, is_poison)
                on_found(len(keys))
                self._state.commit()

    def send(self, on_done: Callable[[int], object]) -> None:
        """Sends all found messages. Raises ServiceUnreachable; earlier results are recorded."""
        while rows := self._state.next_found(MAX_MESSAGES):
            ready: list[_Ready] = []
            size = 0
            found = self._store.values([row.key for row in rows])
            for row, (value, ttl_s) in zip(rows, found):
                one = self._ready(row, value, ttl_s)
                if one is None:
                    continue
                size += one.request.ByteSize() + _FRAME_BYTES
                if size > MAX_BYTES and ready:
                    self._send(ready)
                    ready, size = [], one.request.ByteSize() + _FRAME_BYTES
                ready.append(one)
            if ready:
                self._send(ready)
            on_done(len(rows))

    def delete_earlier(self) -> None:
        """Removes messages that earlier runs have sent, but not removed."""
        last = b""
        while rows := self._state.undeleted(last, MAX_MESSAGES):
            last = rows[-1].key
            for row, (value, _) in zip(rows, self._store.values([row.key for row in rows])):
                if value is None:
                    continue
                if _digest(value) == row.digest:
                    self._delete(row, value)
                else:
                    self._note_changed(row.key)
            self._state.commit()

    def _find_listed(self, index: KeyPattern, kind: str, is_poison: bool) -> None:
        for keys in self._store.keys(index, kind):
            for key in keys:
                names = index.names(key)
                if names is None or names.queue is None:
                    continue
                for members in self._store.members(key, kind):
                    self._state.add_listed(key, kind, names.queue, is_poison, members)
            self._state.commit()

    def _find_message(self, key: bytes, value: bytes, pattern: KeyPattern, is_poison: bool) -> None:
        queue, id = self._names_of(key, pattern)
        try:
            message = parse(value)
            longer = pattern.longer_prefix(key, message.queue, message.id)
            if longer is not None:
                raise CannotMigrate(f"has another prefix: run again with --prefix {longer!r}")
        except CannotMigrate as error:
            self._state.add_found(Row(key, queue, id, is_poison, "", None), 0.0, "unreadable")
            self._state.add_note(key, str(error))
            return
        queue, id = message.queue or queue, message.id or id
        listed = self._state.listed(queue, id)
        is_poison = is_poison or message.is_poison or any(poison for _, _, poison, _ in listed)
        row = Row(key, queue, id, is_poison, self._options.service_queue(queue), None)
        self._state.add_found(row, _at(message, listed), "done" if message.is_done else "found")
        for name in message.unknown_fields:
            self._state.add_unknown_field(name)

    def _names_of(self, key: bytes, pattern: KeyPattern) -> tuple[str, str]:
        """Returns the queue and the id of a key. Where a queue's name may end in more than one place, the indexes
        decide."""
        names = pattern.names(key)
        found = (names and names.queue) or "unknown", (names and names.id) or text_of(key)
        if not self._state.listed(*found):
            for queue in self._state.listed_queues():
                other = pattern.names(key, queue)
                if other is not None and other.id and self._state.listed(queue, other.id):
                    return queue, other.id
        return found

    def _ready(self, row: Row, value: bytes | None, ttl_s: float | None) -> _Ready | None:
        if value is None:
            self._state.set_state(row.key, "gone")
            return None
        try:
            converted = self._converted(row, value, ttl_s)
        except CannotMigrate as error:
            self._state.set_state(row.key, "unreadable")
            self._state.add_note(row.key, str(error))
            return None
        for note in converted.notes:
            self._state.add_note(row.key, note)
        # The service answers a request id that it remembers as before. With another one in each run, and for each
        # key of a message, it reports that it has the message already.
        converted.request.request_id = f"dlq-migrate-{self._run_id}-{_digest(row.key).hex()[:32]}"
        return _Ready(row, value, converted.request)

    def _converted(self, row: Row, value: bytes, ttl_s: float | None) -> Converted:
        place = Place(text_of(row.key), row.service_queue, row.id, row.is_poison, ttl_s)
        return convert(parse(value), place)

    def _send(self, ready: list[_Ready]) -> None:
        results = self._importer.send([one.request for one in ready])
        for one, result in zip(ready, results):
            if isinstance(result, Refused):
                self._state.set_state(one.row.key, "refused")
                self._state.add_note(one.row.key, result.reason)
            else:
                state: State = "there" if result.was_stored_before else "sent"
                self._state.set_sent(one.row.key, state, result.state, _digest(one.value))
        # Commit before removing: a message that is recorded as sent and still in Redis does no harm.
        self._state.commit()
        if self._options.delete and not self._options.is_dry:
            for one, result in zip(ready, results):
                if not isinstance(result, Refused):
                    self._delete(one.row, one.value)
            self._state.commit()

    def _delete(self, row: Row, value: bytes) -> None:
        listed = [(key, kind) for key, kind, _, _ in self._state.listed(row.queue, row.id)]
        if self._store.remove(row.key, value, listed, row.id):
            self._state.set_deleted(row.key)
        else:
            self._note_changed(row.key)

    def _note_changed(self, key: bytes) -> None:
        self._state.add_note(key, NOT_REMOVED)


def _digest(value: bytes) -> bytes:
    return hashlib.sha256(value).digest()


def _at(message: OldMessage, listed: list[tuple[bytes, str, bool, float]]) -> float:
    """Returns the best known time of the first failure, in seconds since 1970."""
    first = message.first_failure or message.last_failure
    if first is not None:
        return first.timestamp()
    return min((score for _, _, _, score in listed if score > 0), default=0.0)
