"""Remembers events of messages that are not followed yet."""

from __future__ import annotations

from collections import OrderedDict

from dlq.v1 import event_pb2 as pb

MAX_EVENTS = 1_000
_MAX_AGE_S = 60.0


class EarlyEvents:
    """The latest events of a queue that belong to no followed message, for a minute: its send may not have returned
    yet. Not thread-safe."""

    def __init__(self) -> None:
        self._events: OrderedDict[str, tuple[float, pb.Event]] = OrderedDict()
        self._of_message: dict[str, list[str]] = {}

    def add(self, event: pb.Event, now: float) -> None:
        if event.id not in self._events:
            self._events[event.id] = (now, event)
            self._of_message.setdefault(event.message_id, []).append(event.id)
        while (
            len(self._events) > MAX_EVENTS
            or next(iter(self._events.values()))[0] < now - _MAX_AGE_S
        ):
            _, (_, oldest) = self._events.popitem(last=False)
            ids = self._of_message[oldest.message_id]
            ids.remove(oldest.id)
            if not ids:
                del self._of_message[oldest.message_id]
            if not self._events:
                return

    def take(self, message_id: str, now: float) -> list[pb.Event]:
        """Returns the events of a message, in order, and forgets them."""
        found = [self._events.pop(one) for one in self._of_message.pop(message_id, ())]
        return [event for at, event in found if at >= now - _MAX_AGE_S]
