"""The leases that a worker holds, and when to extend each."""

from __future__ import annotations

from collections.abc import Iterable

from dlq.v1 import dlq_service_pb2 as pb

from ..delivery import Delivery

MAX_TOKENS = 1_000
"""Of one ExtendLease or Ack call."""
_MIN_CHECK_S = 0.1


class HeldLeases:
    """Leases of deliveries that run, wait for a handler, or have an unreported outcome. Each is extended by
    its token after a third of its duration. Extending the whole session would also extend leases of
    deliveries that never arrived here."""

    def __init__(self) -> None:
        self.lease_s = 30.0
        self._held: dict[str, Delivery] = {}

    def __len__(self) -> int:
        return len(self._held)

    @property
    def check_every_s(self) -> float:
        return max(_MIN_CHECK_S, self.lease_s / 12)

    def add(self, delivery: Delivery) -> None:
        self._held[delivery.lease_token] = delivery

    def remove(self, delivery: Delivery) -> None:
        self._held.pop(delivery.lease_token, None)

    def due(self, now: float) -> list[Delivery]:
        return [
            delivery
            for delivery in self._held.values()
            if not delivery._is_lost and now - delivery._leased_at >= self.lease_s / 3
        ]

    def on_extended(
        self, due: Iterable[Delivery], results: Iterable[pb.ExtendLeaseResult], now: float
    ) -> list[Delivery]:
        """Updates the leases by the server's results. Returns the lost ones."""
        lost = []
        for delivery, result in zip(due, results):
            if delivery.lease_token not in self._held:
                continue
            if result.status == pb.ACK_STATUS_INTERNAL:
                continue  # the data of the queue is damaged; the next check tries again
            if result.status == pb.ACK_STATUS_APPLIED and not result.should_stop:
                delivery._leased_at = now
                delivery._raw.lease_expire_time.CopyFrom(result.lease_expire_time)
            else:
                lost.append(delivery)
        return lost

    def unreceived(self, results: Iterable[pb.ExtendLeaseResult]) -> list[str]:
        """Returns the tokens of this session's leases whose deliveries never arrived here. Expired leases
        need no release, which would only delay their messages."""
        return [
            result.lease_token
            for result in results
            if result.status == pb.ACK_STATUS_APPLIED and result.lease_token not in self._held
        ]
