"""Calls the outcome callbacks of a client."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Mapping

from dlq.v1 import event_pb2
from dlq.v1.dlq_service_pb2 import SendToDlqRequest, SendToDlqResponse, WatchEventsResponse

from .._core.call_error import CallError
from .._core.followed_messages import MAX_FOLLOWED, Followed, FollowedMessages, accepted_at
from .._core.log import log as _log
from .._core.log_pace import LogPace
from ..outcome_event import OutcomeCallback, outcome_event_of
from .connection import ReconnectingChannel
from .outcome_watch import OutcomeWatch

_IDLE_S = 60.0
"""After this time with nothing to follow a watch ends."""

_CALLBACKS: Mapping[int, str] = {
    event_pb2.EVENT_TYPE_RETRY_SUCCESS: "on_succeeded",
    event_pb2.EVENT_TYPE_RETRY_FAILED: "on_failed",
    event_pb2.EVENT_TYPE_MOVED_TO_POISON: "on_quarantined",
}


class OutcomeWatches:
    """Follows accepted messages until they are gone, with one watch for each of their queues. Methods must be called in
    the engine's loop."""

    def __init__(
        self, callbacks: Mapping[str, OutcomeCallback], channel: ReconnectingChannel
    ) -> None:
        self._callbacks = callbacks
        self._channel = channel
        self._messages = FollowedMessages()
        self._watches: dict[str, OutcomeWatch] = {}
        self._lock = threading.RLock()
        """Of messages and watches, so that the callbacks of a queue have the order of its events."""
        self._loop = asyncio.get_running_loop()
        self._is_closed = False
        self._full = LogPace()
        self._gaps = LogPace()
        self._breaks = LogPace()
        self._is_unsupported = False
        """The log says so."""

    @property
    def is_called_by_callback(self) -> bool:
        """The caller is a callback. Waiting for it would never end. May be read in any thread."""
        return any(watch.is_called_by_callback for watch in list(self._watches.values()))

    def follow(self, request: SendToDlqRequest, response: SendToDlqResponse) -> None:
        """The service has accepted a message."""
        if self._is_closed or not response.id:
            return
        now = time.time()
        queue = response.queue or request.queue
        with self._lock:
            self._watch(queue, accepted_at(response.id, now))
            found = self._messages.add(response.id, queue, request.source_id, time.monotonic())
            self._call_all(found)
            dropped_from = self._messages.drop_oldest()
            self._end_later(queue)
        if dropped_from is None:
            return
        self._end_later(dropped_from)
        if self._full.take():
            _log.warning(
                "dlq: outcome callbacks are not called for the oldest of more than %d followed messages; use events in "
                "NATS",
                MAX_FOLLOWED,
            )

    async def close(self, *, wait: bool) -> None:
        """Ends all watches. `wait`: for running callbacks, 5 s at most."""
        self._is_closed = True
        with self._lock:
            watches = list(self._watches.values())
            self._watches.clear()  # from now on none gets a call
        for watch in watches:
            watch.close()
        if wait:
            await asyncio.gather(*(watch.wait_closed() for watch in watches))
        else:
            for watch in watches:
                watch.end_thread()

    def _watch(self, queue: str, begin_at: float) -> None:
        watch = self._watches.get(queue)
        if watch is not None:
            watch.begin_by(begin_at)
        elif not self._is_closed:
            self._watches[queue] = OutcomeWatch(
                queue, begin_at, self._channel, self._on_response, self._on_broken
            )

    def _on_response(self, queue: str, response: WatchEventsResponse) -> None:
        """Called in the thread of a watch."""
        if response.HasField("gap") and self._gaps.take():
            _log.warning(
                'dlq: outcome callbacks of queue "%s" may be missing: up to %d state changes were removed before they '
                "were read, and the store lost up to %d; read the messages for their state",
                queue,
                response.gap.missed_count,
                response.gap.undone_count,
            )
        with self._lock:
            for event in response.events:
                self._call_all(self._messages.take(event, time.monotonic()))

    def _call_all(self, found: list[tuple[Followed, event_pb2.Event]]) -> None:
        for message, event in found:
            name = _CALLBACKS.get(event.type, "")
            callback = self._callbacks.get(name)
            watch = self._watches.get(event.queue)
            if callback is not None and watch is not None:
                watch.call(_call_of(name, callback, message, event))
            if event.type == event_pb2.EVENT_TYPE_MOVED_AWAY and event.other_queue:
                moved_at = event.time.ToNanoseconds() / 1e9
                self._in_loop(lambda queue=event.other_queue, at=moved_at: self._watch(queue, at))
            if self._messages.is_empty(event.queue):
                self._in_loop(lambda queue=event.queue: self._end_later(queue))

    def _end_later(self, queue: str) -> None:
        """Ends the watch of a queue after a time in which nothing is followed there."""
        watch = self._watches.get(queue)
        if watch is None or not self._messages.is_empty(queue):
            return
        if watch.idle_timer is not None:
            watch.idle_timer.cancel()
        watch.idle_timer = self._loop.call_later(_IDLE_S, self._end_idle, watch)

    def _end_idle(self, watch: OutcomeWatch) -> None:
        with self._lock:
            if not self._messages.is_empty(watch.queue) or self._is_closed:
                return
            del self._watches[watch.queue]
            self._messages.forget_queue(watch.queue)
        watch.close()
        watch.end_thread()

    def _on_broken(self, queue: str, error: CallError) -> None:
        if error.code == "UNIMPLEMENTED":
            if not self._is_unsupported:
                self._is_unsupported = True
                _log.warning(
                    "dlq: outcome callbacks are not called: the server has no WatchEvents; upgrade it"
                )
        elif self._breaks.take():
            _log.warning(
                'dlq: outcome callbacks of queue "%s" wait: %s; retrying',
                queue,
                error.text if error.is_retryable else error.as_client_error(),
            )

    def _in_loop(self, act: object) -> None:
        try:
            self._loop.call_soon_threadsafe(act)  # type: ignore[arg-type]
        except RuntimeError:
            pass  # the client was closed


def _call_of(
    name: str, callback: OutcomeCallback, message: Followed, event: event_pb2.Event
) -> Callable[[], None]:
    outcome = outcome_event_of(event, message.source_id)

    def call() -> None:
        try:
            callback(outcome)
        except Exception:
            _log.exception(
                'dlq: %s failed for message %s of queue "%s"; the event is not repeated',
                name,
                outcome.id,
                outcome.queue,
            )

    return call
