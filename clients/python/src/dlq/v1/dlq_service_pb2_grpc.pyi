"""Types of the gRPC stubs of dlq/v1/dlq_service.proto."""
from collections.abc import Iterator
from typing import type_check_only

import dlq.v1.dlq_service_pb2
import grpc
import grpc.aio

class DlqServiceStub:
    SendToDlq: grpc.UnaryUnaryMultiCallable[dlq.v1.dlq_service_pb2.SendToDlqRequest, dlq.v1.dlq_service_pb2.SendToDlqResponse]
    SendToDlqBatch: grpc.UnaryUnaryMultiCallable[dlq.v1.dlq_service_pb2.SendToDlqBatchRequest, dlq.v1.dlq_service_pb2.SendToDlqBatchResponse]
    StreamDue: grpc.UnaryStreamMultiCallable[dlq.v1.dlq_service_pb2.StreamDueRequest, dlq.v1.dlq_service_pb2.StreamDueResponse]
    Ack: grpc.UnaryUnaryMultiCallable[dlq.v1.dlq_service_pb2.AckRequest, dlq.v1.dlq_service_pb2.AckResponse]
    ExtendLease: grpc.UnaryUnaryMultiCallable[dlq.v1.dlq_service_pb2.ExtendLeaseRequest, dlq.v1.dlq_service_pb2.ExtendLeaseResponse]
    Retry: grpc.UnaryUnaryMultiCallable[dlq.v1.dlq_service_pb2.RetryRequest, dlq.v1.dlq_service_pb2.RetryResponse]
    Stats: grpc.UnaryUnaryMultiCallable[dlq.v1.dlq_service_pb2.StatsRequest, dlq.v1.dlq_service_pb2.StatsResponse]
    WatchEvents: grpc.UnaryStreamMultiCallable[dlq.v1.dlq_service_pb2.WatchEventsRequest, dlq.v1.dlq_service_pb2.WatchEventsResponse]
    def __init__(self, channel: grpc.Channel | grpc.aio.Channel) -> None: ...

@type_check_only
class DlqServiceAsyncStub:
    SendToDlq: grpc.aio.UnaryUnaryMultiCallable[dlq.v1.dlq_service_pb2.SendToDlqRequest, dlq.v1.dlq_service_pb2.SendToDlqResponse]
    SendToDlqBatch: grpc.aio.UnaryUnaryMultiCallable[dlq.v1.dlq_service_pb2.SendToDlqBatchRequest, dlq.v1.dlq_service_pb2.SendToDlqBatchResponse]
    StreamDue: grpc.aio.UnaryStreamMultiCallable[dlq.v1.dlq_service_pb2.StreamDueRequest, dlq.v1.dlq_service_pb2.StreamDueResponse]
    Ack: grpc.aio.UnaryUnaryMultiCallable[dlq.v1.dlq_service_pb2.AckRequest, dlq.v1.dlq_service_pb2.AckResponse]
    ExtendLease: grpc.aio.UnaryUnaryMultiCallable[dlq.v1.dlq_service_pb2.ExtendLeaseRequest, dlq.v1.dlq_service_pb2.ExtendLeaseResponse]
    Retry: grpc.aio.UnaryUnaryMultiCallable[dlq.v1.dlq_service_pb2.RetryRequest, dlq.v1.dlq_service_pb2.RetryResponse]
    Stats: grpc.aio.UnaryUnaryMultiCallable[dlq.v1.dlq_service_pb2.StatsRequest, dlq.v1.dlq_service_pb2.StatsResponse]
    WatchEvents: grpc.aio.UnaryStreamMultiCallable[dlq.v1.dlq_service_pb2.WatchEventsRequest, dlq.v1.dlq_service_pb2.WatchEventsResponse]

class DlqServiceServicer:
    def SendToDlq(self, request: dlq.v1.dlq_service_pb2.SendToDlqRequest, context: grpc.ServicerContext) -> dlq.v1.dlq_service_pb2.SendToDlqResponse: ...
    def SendToDlqBatch(self, request: dlq.v1.dlq_service_pb2.SendToDlqBatchRequest, context: grpc.ServicerContext) -> dlq.v1.dlq_service_pb2.SendToDlqBatchResponse: ...
    def StreamDue(self, request: dlq.v1.dlq_service_pb2.StreamDueRequest, context: grpc.ServicerContext) -> Iterator[dlq.v1.dlq_service_pb2.StreamDueResponse]: ...
    def Ack(self, request: dlq.v1.dlq_service_pb2.AckRequest, context: grpc.ServicerContext) -> dlq.v1.dlq_service_pb2.AckResponse: ...
    def ExtendLease(self, request: dlq.v1.dlq_service_pb2.ExtendLeaseRequest, context: grpc.ServicerContext) -> dlq.v1.dlq_service_pb2.ExtendLeaseResponse: ...
    def Retry(self, request: dlq.v1.dlq_service_pb2.RetryRequest, context: grpc.ServicerContext) -> dlq.v1.dlq_service_pb2.RetryResponse: ...
    def Stats(self, request: dlq.v1.dlq_service_pb2.StatsRequest, context: grpc.ServicerContext) -> dlq.v1.dlq_service_pb2.StatsResponse: ...
    def WatchEvents(self, request: dlq.v1.dlq_service_pb2.WatchEventsRequest, context: grpc.ServicerContext) -> Iterator[dlq.v1.dlq_service_pb2.WatchEventsResponse]: ...

def add_DlqServiceServicer_to_server(
    servicer: DlqServiceServicer, server: grpc.Server | grpc.aio.Server
) -> None: ...
