"""gRPC."""

import grpc
from ports import HOST, port

from .every import every

UNCHANGED = {"request_serializer": None, "response_deserializer": None}


def by_grpc(what, peer="grpc", timeout=5):
    with grpc.insecure_channel(f"{HOST}:{port(peer)}") as channel:
        channel.unary_unary(f"/golden.Fail/{what}", **UNCHANGED)(b"", timeout=timeout)


CASES = {
    **every(
        "grpc",
        "grpcio",
        by_grpc,
        {
            "1": "UNKNOWN_ERROR",
            "3": "VALIDATION_FAILED",
            "5": "UNKNOWN_ERROR",
            "7": "AUTHENTICATION_ERROR",
            "8": "RESOURCE_EXHAUSTED",
            "11": "VALIDATION_FAILED",
            "13": "EXECUTION_FAILED",
            "14": "NETWORK_ERROR",
            "http503": "NETWORK_ERROR",
        },
    ),
    "grpc: refused": ("grpcio", "NETWORK_ERROR", lambda: by_grpc(0, peer="closed")),
    "grpc: too slow": ("grpcio", "TIMEOUT", lambda: by_grpc("hang", timeout=0.1)),
}
