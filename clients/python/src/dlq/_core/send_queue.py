"""Decides which sends share a call, and when it is made. Has no clock and makes no calls."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from itertools import count
from typing import TypeAlias

from dlq.v1.dlq_service_pb2 import SendToDlqResponse

from ..errors import DlqClientError
from ..options import Coalesce
from ..results import SendResult
from .backoff import Backoff
from .call_error import CallError, more_specific
from .durations import seconds
from .reachability import Reachability
from .send_request import SendRequest

Answer: TypeAlias = "SendToDlqResponse | CallError"
"""The result of one message, sent alone or in a batch."""

Decided: TypeAlias = "tuple[PendingSend, SendToDlqResponse | CallError]"
"""A send with its final answer."""

_FIRST_BACKOFF_S = 0.02
_MAX_BACKOFF_S = 1.0


class PendingSend:
    """One send that has no result yet."""

    __slots__ = (
        "deadline_at",
        "future",
        "is_in_call",
        "is_settled",
        "last_call_at",
        "last_error",
        "report_drop",
        "request",
        "was_maybe_stored",
    )

    def __init__(
        self,
        request: SendRequest,
        deadline_at: float,
        future: Future[SendResult],
        report_drop: Callable[[DlqClientError, str], None],
    ) -> None:
        self.request: SendRequest = request
        self.deadline_at: float = deadline_at
        self.future: Future[SendResult] = future
        self.report_drop: Callable[[DlqClientError, str], None] = report_drop
        self.was_maybe_stored: bool = False
        """An earlier try may have taken effect."""
        self.is_in_call: bool = False
        self.last_call_at: float = 0.0
        """When the last call with this send began."""
        self.last_error: CallError | None = None
        self.is_settled: bool = False

    @property
    def maybe_stored(self) -> bool:
        """The server may have stored it, although no answer says so."""
        return self.was_maybe_stored or self.is_in_call


class SendQueue:
    """All pending sends of a client. Times are seconds of one monotonic clock."""

    def __init__(self, limits: Coalesce) -> None:
        self._limits = limits
        self._max_delay_s = seconds("max_delay", limits.max_delay)
        self._queue: deque[PendingSend] = deque()
        self._queue_bytes = 0
        self._deadlines: list[tuple[float, int, PendingSend]] = []
        self._order = count()
        self._backoff = Backoff(_FIRST_BACKOFF_S, _MAX_BACKOFF_S)
        self._calls = 0
        self._resume_at = 0.0
        self._waiting_since = 0.0
        self.sends: dict[PendingSend, None] = {}
        """All that are not settled, oldest first."""
        self.total_bytes: int = 0
        self.reachability: Reachability = Reachability()

    def has_room_for(self, request: SendRequest) -> bool:
        limits = self._limits
        return (
            len(self.sends) < limits.max_pending_messages
            and self.total_bytes + request.size_bytes <= limits.max_pending_bytes
        )

    def add(self, send: PendingSend, now: float) -> None:
        if not self._queue:
            self._waiting_since = now
        self.sends[send] = None
        self.total_bytes += send.request.size_bytes
        self._push(send)
        heapq.heappush(self._deadlines, (send.deadline_at, next(self._order), send))

    def next_call(self, now: float) -> list[PendingSend]:
        """The sends of the call to make now; empty if none is due."""
        limits = self._limits
        if self._calls >= limits.max_calls or now < self._resume_at:
            return []
        if self._calls > 0 and not self._is_full and now < self._waiting_since + self._max_delay_s:
            return []
        sends: list[PendingSend] = []
        size = 0
        while self._queue and len(sends) < limits.max_messages:
            send = self._queue[0]
            if not send.is_settled:
                if sends and size + send.request.size_bytes > limits.max_bytes:
                    break
                size += send.request.size_bytes
                _begin_call(send, now)
                sends.append(send)
            self._queue.popleft()
            self._queue_bytes -= send.request.size_bytes
        self._waiting_since = now
        if sends:
            self._calls += 1
        return sends

    def wake_at(self) -> float | None:
        """When to check for calls and deadlines again, if nothing happens before."""
        while self._deadlines and self._deadlines[0][2].is_settled:
            heapq.heappop(self._deadlines)
        times = [self._deadlines[0][0]] if self._deadlines else []
        if self._queue and self._calls < self._limits.max_calls:
            delayed_at = self._waiting_since + self._max_delay_s if self._calls else 0.0
            times.append(max(self._resume_at, delayed_at))
        return min(times, default=None)

    def on_answers(
        self, sends: Sequence[PendingSend], answers: Sequence[Answer], now: float
    ) -> list[Decided]:
        """The call of these sends was answered. Returns those that are not tried again."""
        self.reachability.answered()
        self._calls -= 1
        decided: list[Decided] = []
        to_retry: list[PendingSend] = []
        for send, answer in zip(sends, answers):
            send.is_in_call = False
            if isinstance(answer, CallError) and answer.is_retryable:
                to_retry.append(_with_failed_try(send, answer))
            else:
                decided.append((send, answer))
        if to_retry:
            self._retry(to_retry, now)
        else:
            self._backoff.reset()
        return decided

    def on_call_failed(
        self, sends: Sequence[PendingSend], error: CallError, now: float
    ) -> tuple[list[Decided], list[list[PendingSend]]]:
        """The whole call has failed. Returns decided sends, and calls to make at once in its place."""
        self._calls -= 1
        for send in sends:
            send.is_in_call = False
        if error.is_retryable:
            if error.is_unavailable:
                self.reachability.failed(sends[0].last_call_at, now, error)
            else:
                self.reachability.answered()
            self._retry([_with_failed_try(send, error) for send in sends], now)
            return [], []
        self.reachability.answered()
        if len(sends) > 1 and error.is_worth_splitting:
            # One message may be the reason: halve the call until it is found. Sends that were
            # settled meanwhile, for example because they went to the spool, are not sent again.
            open_sends = [send for send in sends if not send.is_settled]
            middle = len(open_sends) // 2
            halves = [half for half in (open_sends[:middle], open_sends[middle:]) if half]
            self._calls += len(halves)
            for send in open_sends:
                _begin_call(send, now)
            return [], halves
        return [(send, error) for send in sends], []

    def late(self, now: float) -> list[PendingSend]:
        """Returns each send whose deadline has passed, once."""
        late: list[PendingSend] = []
        while self._deadlines and self._deadlines[0][0] <= now:
            send = heapq.heappop(self._deadlines)[2]
            if not send.is_settled:
                late.append(send)
        return late

    def settle(self, send: PendingSend) -> bool:
        """Removes a send that has its result; False if it had one before, which then counts."""
        if send.is_settled:
            return False
        send.is_settled = True
        if send in self.sends:
            del self.sends[send]
            self.total_bytes -= send.request.size_bytes
        return True

    def retry_now(self) -> None:
        """Sends that wait for another try need not wait any longer."""
        self._resume_at = 0.0

    @property
    def _is_full(self) -> bool:
        limits = self._limits
        return len(self._queue) >= limits.max_messages or self._queue_bytes >= limits.max_bytes

    def _push(self, send: PendingSend) -> None:
        self._queue.append(send)
        self._queue_bytes += send.request.size_bytes

    def _retry(self, sends: list[PendingSend], now: float) -> None:
        """Failed sends go before new ones."""
        open_sends = [send for send in sends if not send.is_settled]
        self._queue.extendleft(reversed(open_sends))
        self._queue_bytes += sum(send.request.size_bytes for send in open_sends)
        if now >= self._resume_at:
            self._resume_at = now + self._backoff.next_s()


def _begin_call(send: PendingSend, now: float) -> None:
    send.is_in_call = True
    send.last_call_at = now


def _with_failed_try(send: PendingSend, error: CallError) -> PendingSend:
    send.last_error = more_specific(send.last_error, error)
    send.was_maybe_stored = send.was_maybe_stored or not error.never_arrived
    return send
