"""Retries of the server's presets."""

from __future__ import annotations

from dlq.v1 import state_pb2

PRESET_RETRIES = {
    **{"webhook": 3, "validation": 1, "execution": 5, "network": 3},
    **{"auth": 2, "resource": 5, "standard": 3},
}

_OF_REASON: dict[int, str] = {
    state_pb2.REASON_VALIDATION_FAILED: "validation",
    state_pb2.REASON_EXECUTION_FAILED: "execution",
    state_pb2.REASON_TIMEOUT: "network",
    state_pb2.REASON_RESOURCE_EXHAUSTED: "resource",
    state_pb2.REASON_PLUGIN_ERROR: "execution",
    state_pb2.REASON_WEBHOOK_FAILED: "webhook",
    state_pb2.REASON_NETWORK_ERROR: "network",
    state_pb2.REASON_AUTHENTICATION_ERROR: "auth",
}


def preset_retries(reason: int) -> int:
    """Returns the failed attempts after which a message of this reason is quarantined."""
    return PRESET_RETRIES[_OF_REASON.get(reason, "standard")]
