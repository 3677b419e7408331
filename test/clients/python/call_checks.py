"""Checks of all calls: refusals, deadlines, cancellation, health and reflection."""

import time

import grpc
from dlq.v1 import dlq_service_pb2 as dlq
from dlq.v1 import message_pb2
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.duration_pb2 import Duration
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase,
)

from checks import (
    CALL_TIMEOUT,
    Client,
    check,
    equal,
    expect,
    new_queue,
    refused,
    sending,
    succeeded,
)

SERVICE = "dlq.v1.DlqService"
INVALID = grpc.StatusCode.INVALID_ARGUMENT


@check("a refused send names the wrong field and changes nothing")
def wrong_fields(client: Client) -> None:
    queue = new_queue("wrong")
    too_large = message_pb2.Payload(data=b"x" * ((1 << 20) + 1))
    table = {
        "queue": sending("a/b"),
        "payload": dlq.SendToDlqRequest(queue=queue),
        "payload.data": sending(queue, payload=too_large),
        "delay": sending(queue, delay=Duration(seconds=-1)),
        "ttl": sending(queue, ttl=Duration(seconds=-1)),
        "attributes": sending(queue, attributes={str(n): "" for n in range(65)}),
        "max_retries": sending(queue, max_retries=1001),
        "priority": sending(queue, priority=101),
        "source_id": sending(queue, source_id="x" * 257),
        "retry_policy.preset": sending(
            queue, retry_policy=message_pb2.RetryPolicy(preset="no such preset")
        ),
    }
    for field, request in table.items():
        with refused(INVALID, f"a wrong {field}") as refusal:
            client.stub.SendToDlq(request, timeout=CALL_TIMEOUT)
        named = refusal.fields
        expect(
            len(named) == 1 and field.startswith(named[0]),
            f"{field} is wrong, but the error names {named}",
        )
    equal(client.stats(queue).totals.accepted, 0, "accepted")


@check("a refused send names every wrong field at once")
def all_wrong_fields(client: Client) -> None:
    with refused(INVALID, "three wrong fields") as refusal:
        client.send("", priority=101, ttl=Duration(seconds=-1))
    equal(sorted(refusal.fields), ["priority", "queue", "ttl"], "wrong fields")


@check("a refused stream names the wrong field")
def wrong_streams(client: Client) -> None:
    table = {
        "queues": dlq.StreamDueRequest(),
        "max_in_flight": dlq.StreamDueRequest(queues=["q"], max_in_flight=0),
        "lease_duration": dlq.StreamDueRequest(
            queues=["q"], lease_duration=Duration(nanos=500_000_000)
        ),
    }
    for field, request in table.items():
        with refused(INVALID, f"a wrong {field}") as refusal:
            next(client.stub.StreamDue(request, timeout=CALL_TIMEOUT))
        equal(refusal.fields, [field], "wrong fields")


@check("an Ack without outcomes is refused")
def empty_ack(client: Client) -> None:
    with refused(INVALID, "no outcomes") as refusal:
        client.ack()
    equal(refusal.fields, ["outcomes"], "wrong fields")


@check("a stream past its deadline ends for the client and for the server")
def deadline(client: Client) -> None:
    queue = new_queue("deadline")
    client.send(queue, delay=Duration(seconds=3600))  # workers of a queue without messages are not counted
    with client.work(queue, timeout=1) as worker:
        equal(client.stats(queue).workers, 1, "workers while it is open")
        try:
            worker.receive()
            raise AssertionError("a message arrived, but none was sent")
        except grpc.RpcError as error:
            equal(error.code(), grpc.StatusCode.DEADLINE_EXCEEDED, "code")
    until_no_workers(client, queue)


@check("a cancelled stream ends, and its messages keep their leases")
def cancelled(client: Client) -> None:
    queue = new_queue("cancel")
    client.send(queue)
    with client.work(queue) as worker:
        delivery = worker.receive()
    until_no_workers(client, queue)
    equal(client.stats(queue).in_flight, 1, "in flight: a delivered message keeps its lease")
    [result] = client.ack(succeeded(delivery))
    equal(dlq.AckStatus.Name(result.status), "ACK_STATUS_APPLIED", "status")


def until_no_workers(client: Client, queue: str) -> None:
    deadline_at = time.monotonic() + CALL_TIMEOUT
    while client.stats(queue).workers > 0:  # each iteration makes a call
        expect(time.monotonic() < deadline_at, "the server still counts a disconnected worker")


@check("grpc.health.v1 answers Check and Watch")
def health(client: Client) -> None:
    stub = health_pb2_grpc.HealthStub(client.channel)
    serving = health_pb2.HealthCheckResponse.SERVING
    for service in ("", SERVICE):
        request = health_pb2.HealthCheckRequest(service=service)
        equal(stub.Check(request, timeout=CALL_TIMEOUT).status, serving, f"health of {service!r}")
        watch = stub.Watch(request, timeout=CALL_TIMEOUT)
        equal(next(watch).status, serving, f"watched health of {service!r}")
        watch.cancel()
    try:
        stub.Check(health_pb2.HealthCheckRequest(service="no.such"), timeout=CALL_TIMEOUT)
        raise AssertionError("an unknown service has a health status")
    except grpc.RpcError as error:
        equal(error.code(), grpc.StatusCode.NOT_FOUND, "code for an unknown service")


@check("reflection lists the services and describes them")
def reflection(client: Client) -> None:
    database = ProtoReflectionDescriptorDatabase(client.channel)
    services = set(database.get_services())
    expect({SERVICE, "grpc.health.v1.Health"} <= services, f"services are {services}")
    expect(not any("storage" in name for name in services), f"internal services in {services}")
    described = DescriptorPool(database).FindServiceByName(SERVICE)
    compiled = dlq.DESCRIPTOR.services_by_name["DlqService"]
    equal(described.methods_by_name.keys(), compiled.methods_by_name.keys(), "methods")


@check("reflection serves comments, and no internal protos")
def reflected_comments(client: Client) -> None:
    stub = reflection_pb2_grpc.ServerReflectionStub(client.channel)
    requests = [
        reflection_pb2.ServerReflectionRequest(file_containing_symbol=SERVICE),
        reflection_pb2.ServerReflectionRequest(file_by_filename="dlq/storage/v1/envelope.proto"),
    ]
    service, internal = stub.ServerReflectionInfo(iter(requests), timeout=CALL_TIMEOUT)
    files = map(
        FileDescriptorProto.FromString, service.file_descriptor_response.file_descriptor_proto
    )
    [file] = [file for file in files if file.name == "dlq/v1/dlq_service.proto"]
    comments = "".join(location.leading_comments for location in file.source_code_info.location)
    expect("Stores one dead letter" in comments, "the comments of SendToDlq are missing")
    equal(internal.WhichOneof("message_response"), "error_response", "response for a storage proto")
