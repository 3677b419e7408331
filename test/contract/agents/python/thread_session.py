"""Runs commands with `dlq.Client`. A handler is a thread that waits for the command `finish`."""

import asyncio
import itertools
import os
import queue
import threading

from calls import call
from golden import failure_of, golden_cases
from conversions import (
    client_options,
    delivery_fields,
    error_event_fields,
    error_of,
    outcome_callbacks,
    outcome_of,
    payload_of,
    result_of,
    seconds,
    settled_fields,
)

import dlq


class ThreadSession:
    def __init__(self, emit) -> None:
        self._emit = emit
        self._clients: dict[str, dlq.Client] = {}
        self._workers: dict[str, dlq.Worker] = {}
        self._inboxes: dict[str, queue.Queue] = {}
        self._keys: dict[dlq.Delivery, str] = {}
        self._numbers = itertools.count(1)
        names = ("open", "send", "worker", "finish", "stop", "flush", "close", "call", "cases", "fail")
        self.ops = {name: getattr(self, name) for name in names}

    async def open(self, client, options, on_dropped=None, callbacks=False) -> None:
        def report(error, name):
            self._emit({"event": "dropped", "client": client, "queue": name, "kind": error.kind})
            if on_dropped == "send":
                self._clients[client].send(name, bytes(60_000))

        self._clients[client] = dlq.Client(
            **client_options(options),
            **outcome_callbacks(self._emit, client, callbacks),
            on_dropped=report,
        )

    async def send(self, error=None, **fields) -> dict:
        return await self._send(error_of(error), **fields)

    async def cases(self) -> dict:
        return {"names": list(golden_cases())}

    async def fail(self, case, **fields) -> dict:
        return await self._send(await asyncio.to_thread(failure_of, case), **fields)

    async def _send(self, error, client, queue, payload, options=None) -> dict:
        given = seconds(options or {})
        future = self._clients[client].send_soon(queue, payload_of(payload), error, **given)
        return result_of(await asyncio.wrap_future(future))

    async def worker(self, client, worker, queues, lease_ms=None, on_cancel="throw", **options) -> None:
        if lease_ms is not None:
            options["lease_duration"] = lease_ms / 1000
        dlq_client = self._clients[client]
        running = dlq_client.worker(
            queues,
            on_error=lambda error, delivery: self._emit(
                {"event": "error", "worker": worker, **error_event_fields(error, delivery)}
            ),
            on_settled=self._settled,
            **options,
        )
        self._workers[worker] = running
        await asyncio.to_thread(running.start, lambda delivery: self._handle(worker, dlq_client, delivery, on_cancel))

    async def finish(self, key, **fields) -> dict:
        reply = asyncio.get_running_loop().create_future()
        self._inboxes.pop(key).put((fields, reply))
        return await reply

    async def stop(self, worker, timeout_ms=None) -> None:
        await in_thread(self._workers[worker].stop, seconds_of(timeout_ms))

    async def flush(self, client, timeout_ms=None) -> None:
        await in_thread(self._clients[client].flush, seconds_of(timeout_ms))

    async def close(self, client, timeout_ms=None) -> None:
        await in_thread(self._clients[client].close, seconds_of(timeout_ms))

    async def call(self, client, **fields) -> dict:
        return await call(self._clients[client].stub, **fields)

    def _settled(self, delivery, settled) -> None:
        key = self._keys.pop(delivery, "")
        self._emit({"event": "settled", "key": key, **settled_fields(settled)})

    def _handle(self, worker, client, delivery, on_cancel):
        key = f"{os.getpid()}-t{next(self._numbers)}"
        self._keys[delivery] = key
        inbox = self._inboxes[key] = queue.Queue()
        self._emit({"event": "delivery", "worker": worker, "key": key, **delivery_fields(delivery)})
        while True:
            try:
                fields, reply = inbox.get(timeout=0.02)
                break
            except queue.Empty:
                if delivery.cancelled:
                    self._emit({"event": "cancelled", "worker": worker, "key": key})
                    return outcome_of(on_cancel)
        how = fields["how"]
        if how not in ("send", "send-succeed"):
            reply.get_loop().call_soon_threadsafe(reply.set_result, {})
            return outcome_of(**fields)
        options = {"source_id": delivery.source_id} if delivery.source_id else {}
        if "fingerprint" in fields:
            options["fingerprint"] = fields["fingerprint"]
        error = error_of(fields.get("error") or {})
        sent = client.send(fields.get("queue") or delivery.queue, delivery.payload, error, **options)
        reply.get_loop().call_soon_threadsafe(reply.set_result, result_of(sent))
        return dlq.succeed() if how == "send-succeed" else None


def seconds_of(ms):
    return None if ms is None else ms / 1000


async def in_thread(work, *given) -> None:
    """Runs blocking work in a new thread. `asyncio.to_thread` has few threads."""
    loop = asyncio.get_running_loop()
    ended = loop.create_future()

    def run() -> None:
        try:
            work(*given)
        except BaseException as error:
            loop.call_soon_threadsafe(ended.set_exception, error)
        else:
            loop.call_soon_threadsafe(ended.set_result, None)

    threading.Thread(target=run, daemon=True).start()
    await ended
