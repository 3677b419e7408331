"""The instruments of OpenTelemetry, which all clients of the process share: an SDK accepts each name once."""

from __future__ import annotations

import contextlib
import operator
import threading
import weakref
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from ..status import ClientStatus
from .otel import SCOPE, open_telemetry

_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)
"""Seconds. Those that OpenTelemetry's conventions give for durations."""


class Observed(Protocol):
    """What has a state of its own."""

    def state(self) -> tuple[str, ClientStatus] | None:
        """Returns its target and its status; None if it has ended."""


class _Gauge(NamedTuple):
    name: str
    unit: str
    description: str
    value_of: Callable[[ClientStatus], float | None]
    join: Callable[[float, float], float]
    """Makes one value of those of two clients with the same target."""


_GAUGES = (
    _Gauge(
        "dlq.client.available",
        "1",
        "0 while calls fail and sends go to the spool at once",
        lambda status: int(status.is_available),
        min,
    ),
    _Gauge(
        "dlq.client.spool.messages",
        "{message}",
        "Messages in the spool",
        lambda status: status.spool.messages if status.spool else None,
        operator.add,
    ),
    _Gauge(
        "dlq.client.spool.bytes",
        "By",
        "Bytes of the spool",
        lambda status: status.spool.bytes if status.spool else None,
        operator.add,
    ),
    _Gauge(
        "dlq.client.spool.age",
        "s",
        "Age of the oldest message in the spool",
        lambda status: status.spool.oldest_age.total_seconds() if status.spool else None,
        max,
    ),
)


class Instruments:
    def __init__(self) -> None:
        self.sends: Any = None
        self.handlers: Any = None
        """A counter and a histogram; None without OpenTelemetry."""
        self._observed: weakref.WeakValueDictionary[int, Observed] = weakref.WeakValueDictionary()
        self._lock = threading.Lock()
        self._is_created = False

    def observe(self, one: Observed) -> None:
        """Includes its state in the metrics, as long as it exists."""
        self._observed[id(one)] = one
        if self._is_created:
            return
        with self._lock:
            if not self._is_created:
                with contextlib.suppress(Exception):  # of another version of OpenTelemetry
                    self._create()
                self._is_created = True

    def forget(self, one: Observed) -> None:
        self._observed.pop(id(one), None)

    def _create(self) -> None:
        api = open_telemetry()
        if api is None:
            return
        meter = api.metrics.get_meter(SCOPE)
        self.sends = meter.create_counter(
            "dlq.client.sends", unit="{message}", description="Sends, by their status"
        )
        for gauge in _GAUGES:
            observe = self._callback_of(gauge, api.metrics.Observation)
            meter.create_observable_gauge(gauge.name, [observe], gauge.unit, gauge.description)
        self.handlers = meter.create_histogram(
            "messaging.process.duration",
            unit="s",
            description="How long handlers ran",
            explicit_bucket_boundaries_advisory=_BUCKETS,
        )

    def _callback_of(
        self, gauge: _Gauge, observation: Callable[..., Any]
    ) -> Callable[[object], list[Any]]:
        def observe(_: object) -> list[Any]:
            values: dict[str, float] = {}
            for one in [reference() for reference in self._observed.valuerefs()]:
                state = None if one is None else one.state()
                if state is None:
                    continue
                target, value = state[0], gauge.value_of(state[1])
                if value is not None:
                    values[target] = (
                        gauge.join(values[target], value) if target in values else value
                    )
            return [observation(value, {"dlq.target": target}) for target, value in values.items()]

        return observe


instruments: Instruments = Instruments()
