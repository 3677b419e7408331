"""Client of the DLQ service: generated messages and gRPC stubs in `dlq.v1`.

    from dlq.v1 import dlq_service_pb2, dlq_service_pb2_grpc, failure_pb2, message_pb2, state_pb2
"""
