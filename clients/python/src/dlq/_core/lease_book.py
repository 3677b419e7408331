"""Leases that a worker holds, and when each is to be extended."""

from __future__ import annotations

from collections.abc import Iterable

from dlq.v1 import dlq_service_pb2 as pb

from ..delivery import Delivery

MOST_TOKENS = 1_000
_LEAST_EVERY_S = 0.1


class LeaseBook:
    """Running, waiting, and not yet reported. Each is extended when a third of it is over, by its
    token: a whole session would also keep what was lost on the way here."""

    def __init__(self) -> None:
        self.lease_s = 30.0
        self._held: dict[str, Delivery] = {}

    def __len__(self) -> int:
        return len(self._held)

    @property
    def look_every_s(self) -> float:
        return max(_LEAST_EVERY_S, self.lease_s / 12)

    def add(self, held: Delivery) -> None:
        self._held[held.lease_token] = held

    def remove(self, held: Delivery) -> None:
        self._held.pop(held.lease_token, None)

    def due(self, now: float) -> list[Delivery]:
        return [
            held
            for held in self._held.values()
            if not held._is_lost and now - held._leased_at >= self.lease_s / 3
        ]

    def extended(
        self, due: Iterable[Delivery], results: Iterable[pb.ExtendLeaseResult], now: float
    ) -> list[Delivery]:
        """Takes the answers, and gives the leases that are lost."""
        lost = []
        for held, result in zip(due, results):
            if held.lease_token not in self._held:
                continue
            if result.status == pb.ACK_STATUS_APPLIED and not result.should_stop:
                held._leased_at = now
                held._raw.lease_expire_time.CopyFrom(result.lease_expire_time)
            else:
                lost.append(held)
        return lost

    def strays(self, results: Iterable[pb.ExtendLeaseResult]) -> list[str]:
        """What the server counts as this session's, and what never came here. A lease that is over
        already needs no release, which would only make its message wait."""
        return [
            result.lease_token
            for result in results
            if result.status == pb.ACK_STATUS_APPLIED and result.lease_token not in self._held
        ]
