"""Decides which events are about sent messages. Has no clock and makes no calls."""

from __future__ import annotations

import re
from collections import Counter, OrderedDict
from dataclasses import dataclass

from dlq.v1 import event_pb2 as pb
from dlq.v1 import state_pb2

from .early_events import EarlyEvents
from .seen_events import SeenEvents

MAX_FOLLOWED = 10_000

_GONE = frozenset({pb.EVENT_TYPE_DISCARDED, pb.EVENT_TYPE_PURGED})
_ENDING = frozenset({pb.EVENT_TYPE_RETRY_SUCCESS, pb.EVENT_TYPE_EXPIRED})
"""The message is gone, unless it still has a state of a stored one."""
_STORED = frozenset(
    {
        state_pb2.MESSAGE_STATE_SCHEDULED,
        state_pb2.MESSAGE_STATE_IN_FLIGHT,
        state_pb2.MESSAGE_STATE_QUARANTINED,
    }
)

FOLLOWED_TYPES: tuple[pb.EventType, ...] = (
    pb.EVENT_TYPE_RETRY_FAILED,
    pb.EVENT_TYPE_MOVED_TO_POISON,
    pb.EVENT_TYPE_MOVED_AWAY,
    *sorted(_GONE | _ENDING),
)


@dataclass(eq=False)
class Followed:
    """A sent message."""

    id: str
    queue: str
    source_id: str


class FollowedMessages:
    """Not thread-safe."""

    def __init__(self) -> None:
        self._messages: OrderedDict[str, Followed] = OrderedDict()
        self._counts: Counter[str] = Counter()
        self._early: dict[str, EarlyEvents] = {}
        self._seen: dict[str, SeenEvents] = {}
        """Events of followed messages, by queue."""

    def is_empty(self, queue: str) -> bool:
        """Reports whether no message of the queue is followed."""
        return self._counts[queue] == 0

    def add(
        self, id: str, queue: str, source_id: str, now: float
    ) -> list[tuple[Followed, pb.Event]]:
        """Follows a message from now on. Returns its events that came before, as `take`."""
        known = self._messages.get(id)
        if known is not None:  # a send joined it
            known.source_id = source_id or known.source_id
            return []
        message = self._messages[id] = Followed(id, queue, source_id)
        self._counts[queue] += 1
        return self._early_of(message, now)

    def drop_oldest(self) -> str | None:
        """No longer follows the oldest message if there are too many. Returns its queue."""
        if len(self._messages) <= MAX_FOLLOWED:
            return None
        _, oldest = self._messages.popitem(last=False)
        self._leave(oldest.queue)
        return oldest.queue

    def take(self, event: pb.Event, now: float) -> list[tuple[Followed, pb.Event]]:
        """Returns the events that are known by this one: usually itself, if it is about a followed message and was not
        seen before; after a move also early ones of the other queue."""
        message = self._messages.get(event.message_id)
        if message is None or message.queue != event.queue:
            if event.message_id:
                self._early.setdefault(event.queue, EarlyEvents()).add(event, now)
            return []
        if not self._seen.setdefault(event.queue, SeenEvents()).add(event.id):
            return []
        if _is_end(event):
            del self._messages[message.id]
            self._leave(message.queue)
        elif event.type == pb.EVENT_TYPE_MOVED_AWAY and event.other_queue:
            self._leave(message.queue)
            message.queue = event.other_queue
            self._counts[message.queue] += 1
            return [(message, event), *self._early_of(message, now)]
        return [(message, event)]

    def forget_queue(self, queue: str) -> None:
        """Its events are not watched any more."""
        self._early.pop(queue, None)
        self._seen.pop(queue, None)

    def _early_of(self, message: Followed, now: float) -> list[tuple[Followed, pb.Event]]:
        early = self._early.get(message.queue)
        if early is None:
            return []
        return [one for event in early.take(message.id, now) for one in self.take(event, now)]

    def _leave(self, queue: str) -> None:
        self._counts[queue] -= 1
        if self._counts[queue] == 0:
            del self._counts[queue]


def _is_end(event: pb.Event) -> bool:
    return event.type in _GONE or (event.type in _ENDING and event.state not in _STORED)


_UUID_V7 = re.compile(
    r"([0-9a-f]{8})-([0-9a-f]{4})-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", re.IGNORECASE
)


def accepted_at(id: str, now: float) -> float:
    """Returns when the service accepted a message, in seconds since 1970: its id is a UUIDv7. Of another id, `now`."""
    found = _UUID_V7.fullmatch(id)
    return now if found is None else int(found[1] + found[2], 16) / 1_000
