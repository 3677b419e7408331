"""The presets that the dry run and the fake use are those of the server."""

from __future__ import annotations

import grpc

from dlq._core.presets import PRESET_RETRIES, preset_retries
from dlq.testing import LocalServer
from dlq.v1 import dlq_admin_service_pb2 as admin
from dlq.v1 import state_pb2
from dlq.v1.dlq_admin_service_pb2_grpc import DlqAdminServiceStub


def test_retries_equal_those_of_the_server(server: LocalServer) -> None:
    with grpc.insecure_channel(server.target) as channel:
        stub = DlqAdminServiceStub(channel)

        def retries(request: admin.SimulatePolicyRequest) -> int:
            return stub.SimulatePolicy(request, timeout=10).retry_policy.max_retries

        for reason in state_pb2.Reason.values():
            request = admin.SimulatePolicyRequest(queue="a", reason=reason, skip_stored=True)  # type: ignore[arg-type]
            assert preset_retries(reason) == retries(request), reason
        for name, expected in PRESET_RETRIES.items():
            request = admin.SimulatePolicyRequest(queue="a", skip_stored=True)
            request.retry_policy.preset = name
            assert retries(request) == expected, name
