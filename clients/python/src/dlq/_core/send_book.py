"""Which sends go in which call, and when: decisions only; the caller brings the time and the calls."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from itertools import count
from typing import TypeAlias

from dlq.v1.dlq_service_pb2 import SendToDlqResponse

from ..options import Coalesce
from ..results import SendResult
from .backoff import Backoff
from .call_error import CallError
from .letter import Letter

Answer: TypeAlias = "SendToDlqResponse | CallError"
"""The result of one message, whichever call it went in."""

Verdict: TypeAlias = "tuple[PendingSend, SendToDlqResponse | CallError]"
"""A send that is decided."""

_FIRST_PAUSE_S = 0.02
_MOST_PAUSE_S = 1.0
_AWAY_AFTER_FAILURES = 2
# Longer than the courier ever waits between two calls.
_UNASKED_S = 45.0


class PendingSend:
    """One send that has no result yet."""

    __slots__ = (
        "deadline_at",
        "future",
        "is_out",
        "is_settled",
        "last_error",
        "letter",
        "out_at",
        "was_maybe_stored",
    )

    def __init__(self, letter: Letter, deadline_at: float, future: Future[SendResult]) -> None:
        self.letter: Letter = letter
        self.deadline_at: float = deadline_at
        self.future: Future[SendResult] = future
        self.was_maybe_stored: bool = False
        """An earlier try went out, and its effect is not known."""
        self.is_out: bool = False
        """A try is out."""
        self.out_at: float = 0.0
        """When the last one went out."""
        self.last_error: CallError | None = None
        self.is_settled: bool = False

    @property
    def maybe_stored(self) -> bool:
        """The server may have it, although no answer says so."""
        return self.was_maybe_stored or self.is_out


class SendBook:
    """All sends of a client. Times are seconds of one monotonic clock."""

    def __init__(self, limits: Coalesce) -> None:
        self._limits = limits
        self._queue: deque[PendingSend] = deque()
        self._queue_bytes = 0
        self._deadlines: list[tuple[float, int, PendingSend]] = []
        self._order = count()
        self._backoff = Backoff(_FIRST_PAUSE_S, _MOST_PAUSE_S)
        self._calls = 0
        self._failures = 0
        self._failed_at = 0.0
        self._resume_at = 0.0
        self._waiting_since = 0.0
        self.pending: dict[PendingSend, None] = {}
        self.pending_bytes: int = 0
        self.away_error: CallError | None = None
        """How the last call failed that could not reach the service."""

    def is_away(self, now: float) -> bool:
        """Two calls one after the other have failed, and none has been answered since.

        The courier asks again and again for what the spool has; where it has nothing to ask for, as in
        a spool without room, a send does after a while.
        """
        is_known = now - self._failed_at < _UNASKED_S
        return self._failures >= _AWAY_AFTER_FAILURES and is_known

    @property
    def is_failing(self) -> bool:
        """The last call has failed."""
        return self._failures > 0

    def has_room_for(self, letter: Letter) -> bool:
        limits = self._limits
        return (
            len(self.pending) < limits.max_pending_messages
            and self.pending_bytes + letter.bytes <= limits.max_pending_bytes
        )

    def add(self, send: PendingSend, now: float) -> None:
        if not self._queue:
            self._waiting_since = now
        self.pending[send] = None
        self.pending_bytes += send.letter.bytes
        self._push(send)
        heapq.heappush(self._deadlines, (send.deadline_at, next(self._order), send))

    def next_call(self, now: float) -> list[PendingSend]:
        """The sends of a call to make now; empty if none is to be made."""
        limits = self._limits
        if self._calls >= limits.max_calls or now < self._resume_at:
            return []
        if self._calls > 0 and not self._is_full and now < self._waiting_since + limits.max_delay:
            return []
        sends: list[PendingSend] = []
        size = 0
        while self._queue and len(sends) < limits.max_messages:
            send = self._queue[0]
            if not send.is_settled:
                if sends and size + send.letter.bytes > limits.max_bytes:
                    break
                size += send.letter.bytes
                _goes_out(send, now)
                sends.append(send)
            self._queue.popleft()
            self._queue_bytes -= send.letter.bytes
        self._waiting_since = now
        if sends:
            self._calls += 1
        return sends

    def wake_at(self) -> float | None:
        """When to look again, if nothing happens before."""
        while self._deadlines and self._deadlines[0][2].is_settled:
            heapq.heappop(self._deadlines)
        times = [self._deadlines[0][0]] if self._deadlines else []
        if self._queue and self._calls < self._limits.max_calls:
            delayed_at = self._waiting_since + self._limits.max_delay if self._calls else 0.0
            times.append(max(self._resume_at, delayed_at))
        return min(times, default=None)

    def answered(
        self, sends: Sequence[PendingSend], answers: Sequence[Answer], now: float
    ) -> list[Verdict]:
        self.heard()
        self._calls -= 1
        verdicts: list[Verdict] = []
        again: list[PendingSend] = []
        for send, answer in zip(sends, answers):
            send.is_out = False
            if isinstance(answer, CallError) and answer.is_worth_again:
                again.append(_tried(send, answer))
            else:
                verdicts.append((send, answer))
        if again:
            self._try_again(again, now)
        else:
            self._backoff.reset()
        return verdicts

    def failed(
        self, sends: Sequence[PendingSend], error: CallError, now: float
    ) -> tuple[list[Verdict], list[list[PendingSend]]]:
        """The whole call has failed; also gives calls to make at once in its place."""
        self._calls -= 1
        for send in sends:
            send.is_out = False
        if error.is_worth_again:
            if error.is_away:
                self.unheard(sends[0].out_at, now, error)
            else:
                self.heard()
            self._try_again([_tried(send, error) for send in sends], now)
            return [], []
        self.heard()
        if len(sends) > 1 and error.is_of_the_whole_call:
            # One of them spoils it for all; the halves find out which. What has left meanwhile, such as
            # for the spool, goes without this.
            kept = [send for send in sends if not send.is_settled]
            middle = len(kept) // 2
            halves = [half for half in (kept[:middle], kept[middle:]) if half]
            self._calls += len(halves)
            for send in kept:
                _goes_out(send, now)
            return [], halves
        return [(send, error) for send in sends], []

    def late(self, now: float) -> list[PendingSend]:
        """Those whose deadline has passed."""
        late: list[PendingSend] = []
        while self._deadlines and self._deadlines[0][0] <= now:
            send = heapq.heappop(self._deadlines)[2]
            if not send.is_settled:
                late.append(send)
        return late

    def settled(self, send: PendingSend) -> bool:
        """It has its result; False if it had one before: the first one counts."""
        if send.is_settled:
            return False
        send.is_settled = True
        if send in self.pending:
            del self.pending[send]
            self.pending_bytes -= send.letter.bytes
        return True

    def heard(self) -> None:
        """The service has said something."""
        self._failures = 0

    def unheard(self, began_at: float, now: float, error: CallError) -> None:
        """A call could not reach it."""
        self.away_error = _more_telling(self.away_error if self.is_failing else None, error)
        if self._failures > 0 and began_at < self._failed_at:
            return  # calls that were out together fail together, by one fault
        self._failures += 1
        self._failed_at = now

    def hurry(self) -> None:
        """It is known to be there: what waits for another try goes now."""
        self._resume_at = 0.0

    @property
    def _is_full(self) -> bool:
        limits = self._limits
        return len(self._queue) >= limits.max_messages or self._queue_bytes >= limits.max_bytes

    def _push(self, send: PendingSend) -> None:
        self._queue.append(send)
        self._queue_bytes += send.letter.bytes

    def _try_again(self, sends: list[PendingSend], now: float) -> None:
        """What was tried before goes before what is new."""
        kept = [send for send in sends if not send.is_settled]
        self._queue.extendleft(reversed(kept))
        self._queue_bytes += sum(send.letter.bytes for send in kept)
        if now >= self._resume_at:
            self._resume_at = now + self._backoff.next_s()


def _goes_out(send: PendingSend, now: float) -> None:
    send.is_out = True
    send.out_at = now


def _more_telling(earlier: CallError | None, error: CallError) -> CallError:
    """Of silence an earlier one knows more, such as of a certificate."""
    return earlier if earlier is not None and error.is_silence else error


def _tried(send: PendingSend, error: CallError) -> PendingSend:
    send.last_error = _more_telling(send.last_error, error)
    send.was_maybe_stored = send.was_maybe_stored or not error.never_arrived
    return send
