"""Fills queues and counts the messages left in them, with plain generated stubs."""

import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

import grpc
from dlq.v1 import dlq_service_pb2 as dlq
from dlq.v1 import failure_pb2, message_pb2
from dlq.v1.dlq_service_pb2_grpc import DlqServiceStub
from google.protobuf.duration_pb2 import Duration

from commands import Command, Running, numbers_of, payload_text, queue_names

FAILURE = failure_pb2.Failure(
    type="ConnectTimeout", message="shop.example did not answer within 5 s"
)


class Stubs:
    def __init__(self, address: str):
        self._stub = DlqServiceStub(grpc.insecure_channel(address))

    def send(self, command: Command, running: Running) -> dict[str, float]:
        """Sends batches, several in flight. All messages are due at once."""
        names = queue_names(command)
        payload = message_pb2.Payload(text=payload_text(command["bytes"]))
        numbers, lock = numbers_of(command), threading.Lock()

        def next_batch() -> list[dlq.SendToDlqRequest]:
            with lock:
                batch = [*islice(numbers, command["batch"])]
            return [
                dlq.SendToDlqRequest(
                    queue=names[number % len(names)],
                    payload=payload,
                    failure=FAILURE,
                    delay=Duration(),
                )
                for number in batch
            ]

        def caller() -> None:
            while batch := next_batch():
                request = dlq.SendToDlqBatchRequest(requests=batch)
                results = self._stub.SendToDlqBatch(request).results
                if not all(result.HasField("response") for result in results):
                    raise RuntimeError(f"refused: {results}")
                with lock:
                    running.tally.add(len(results))

        with ThreadPoolExecutor(command["inFlight"]) as pool:
            for ended in [pool.submit(caller) for _ in range(command["inFlight"])]:
                ended.result()
        return running.tally.result()

    def left(self, command: Command, _: Running) -> dict[str, float]:
        queues = self._stub.Stats(dlq.StatsRequest(queues=queue_names(command))).queues
        return {"count": sum(queue.due_now + queue.in_flight for queue in queues)}
