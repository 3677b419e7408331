"""Makes calls with grpcio, one for each JSON line on stdin, and prints the results to stdout.

A line in: {"id", "do": "call", "address", "kind", "path", "requests", "timeout_ms", "header",
"gzip"}, or {"id", "do": "cancel"}, or {"do": "close", "address"}. A line out: {"id", "message"} or
{"id", "ended"}. Bytes are base64. Ends with its stdin.
"""

import base64
import json
import sys
import threading

import grpc
from google.protobuf.json_format import MessageToDict
from google.rpc import error_details_pb2, status_pb2

_ = error_details_pb2  # so that their types are known when details are turned into JSON

METHODS = {
    "unary": "unary_unary",
    "server_streaming": "unary_stream",
    "bidi_streaming": "stream_stream",
}
DETAILS = "grpc-status-details-bin"

channels: dict[str, grpc.Channel] = {}
calls: dict[int, grpc.Call] = {}
writing = threading.Lock()


def write_line(line: dict) -> None:
    with writing:
        print(json.dumps(line), flush=True)


def encode(data: bytes) -> str:
    return base64.b64encode(data).decode()


def channel_to(address: str) -> grpc.Channel:
    if address not in channels:
        options = [("grpc.use_local_subchannel_pool", 1)]
        channels[address] = grpc.insecure_channel(address, options=options)
    return channels[address]


def start(order: dict) -> None:
    method = getattr(channel_to(order["address"]), METHODS[order["kind"]])(order["path"])
    requests = [base64.b64decode(one) for one in order["requests"]]
    timeout_ms = order.get("timeout_ms")
    options = {
        "timeout": None if timeout_ms is None else timeout_ms / 1000,
        "metadata": [
            (key, base64.b64decode(value + "==") if key.endswith("-bin") else value)
            for key, value in order["header"]
        ],
        "compression": grpc.Compression.Gzip if order["gzip"] else None,
    }
    if order["kind"] == "unary":
        call = method.future(requests[0], **options)
    elif order["kind"] == "server_streaming":
        call = method(requests[0], **options)
    else:
        call = method(iter(requests), **options)
    calls[order["id"]] = call
    threading.Thread(target=follow, args=(order, call), daemon=True).start()


def follow(order: dict, call) -> None:
    try:
        for message in [call.result()] if order["kind"] == "unary" else call:
            write_line({"id": order["id"], "message": encode(message)})
    except (grpc.RpcError, grpc.FutureCancelledError):
        pass  # the call itself says the same
    write_line({"id": order["id"], "ended": outcome_of(call)})
    calls.pop(order["id"], None)


def outcome_of(call) -> dict:
    trailer = call.trailing_metadata() or ()
    found = [value for key, value in trailer if key == DETAILS]
    details = status_pb2.Status.FromString(found[0]).details if found else []
    code = call.code().value[0]
    return {
        "code": code,
        "message": "" if code == 0 else call.details(),
        "details": [MessageToDict(detail) for detail in details],
        "header": entries(call.initial_metadata() or ()),
        "trailer": entries(trailer),
    }


def entries(metadata) -> list:
    return [
        (key, encode(value).rstrip("=") if isinstance(value, bytes) else value)
        for key, value in metadata
    ]


def main() -> None:
    for line in sys.stdin:
        order = json.loads(line)
        if order["do"] == "call":
            start(order)
        elif order["do"] == "cancel":
            call = calls.get(order["id"])
            if call is not None:
                call.cancel()
        elif order["address"] in channels:
            channels.pop(order["address"]).close()


if __name__ == "__main__":
    main()
