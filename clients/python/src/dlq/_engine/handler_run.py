"""One call of a handler."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import Future

from ..delivery import Delivery
from ..outcome import Outcome
from ..results import SendResult
from .current import current_deliveries
from .spans import HandlerSpan, handler_span


class HandlerRun:
    """Its methods are called in the thread or task of the handler."""

    def __init__(self, deliveries: Sequence[Delivery]) -> None:
        self.deliveries: Sequence[Delivery] = deliveries
        """Several of a batch handler."""
        self.began_at: float = time.monotonic()
        self.has_begun: bool = False
        self.ran_s: float = 0.0
        """How long the handler ran."""
        self._span: HandlerSpan | None = None

    def __enter__(self) -> None:
        """The block is the handler."""
        self.has_begun = True
        current_deliveries.set(self.deliveries)
        self._span = handler_span(self.deliveries)
        if self._span is not None:
            self._span.__enter__()
        self.began_at = time.monotonic()

    def __exit__(self, *raised: object) -> None:
        self.ran_s = time.monotonic() - self.began_at
        if self._span is not None:
            self._span.__exit__(*raised)

    @property
    def is_cancelled(self) -> bool:
        """All of its deliveries are cancelled. A batch with one lost lease goes on for the others."""
        return all(delivery.cancelled for delivery in self.deliveries)

    def pending_forwarding(self) -> Future[SendResult] | None:
        """Returns a send of its deliveries to another queue that has no result yet: the last one, since most end in
        order, and a batch may have thousands."""
        for delivery in reversed(self.deliveries):
            for sent in reversed(delivery._forwards):
                if not sent.done():
                    return sent
        return None

    def end(self, outcomes: Sequence[Outcome]) -> None:
        """The handler has ended with these outcomes of the deliveries."""
        for delivery in self.deliveries:
            delivery._handled_s = self.ran_s
        if self._span is not None:
            self._span.end(outcomes)
