"""Runs commands with `dlq.aio.Client`. A handler is a task that waits for the command `finish`."""

import asyncio
import itertools
import os

from calls import call
from golden import failure_of, golden_cases
from thread_session import seconds_of
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
import dlq.aio


class AsyncSession:
    def __init__(self, emit) -> None:
        self._emit = emit
        self._clients: dict[str, dlq.aio.Client] = {}
        self._workers: dict[str, dlq.aio.Worker] = {}
        self._stubs: dict[str, object] = {}
        self._inboxes: dict[str, asyncio.Future] = {}
        self._keys: dict[dlq.Delivery, str] = {}
        self._numbers = itertools.count(1)
        names = ("open", "send", "worker", "finish", "stop", "flush", "close", "call", "cases", "fail")
        self.ops = {name: getattr(self, name) for name in names}

    async def open(self, client, options, on_dropped=None, callbacks=False) -> None:
        loop = asyncio.get_running_loop()

        def report(error, name):
            self._emit({"event": "dropped", "client": client, "queue": name, "kind": error.kind})
            if on_dropped == "send":
                again = self._clients[client].send(name, bytes(60_000))
                asyncio.run_coroutine_threadsafe(again, loop)

        self._clients[client] = dlq.aio.Client(
            **client_options(options),
            **outcome_callbacks(self._emit, client, callbacks),
            on_dropped=report,
        )
        self._stubs.pop(client, None)

    async def send(self, error=None, **fields) -> dict:
        return await self._send(error_of(error), **fields)

    async def cases(self) -> dict:
        return {"names": list(golden_cases())}

    async def fail(self, case, **fields) -> dict:
        return await self._send(await asyncio.to_thread(failure_of, case), **fields)

    async def _send(self, error, client, queue, payload, options=None) -> dict:
        given = seconds(options or {})
        send = self._clients[client].send
        return result_of(await send(queue, payload_of(payload), error, **given))

    async def worker(self, client, worker, queues, lease_ms=None, on_cancel=None, **options) -> None:
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

        async def handle(delivery):
            return await self._handle(worker, dlq_client, delivery, on_cancel)

        await running.start(handle)

    async def finish(self, key, **fields) -> dict:
        reply = asyncio.get_running_loop().create_future()
        self._inboxes.pop(key).set_result((fields, reply))
        return await reply

    async def stop(self, worker, timeout_ms=None) -> None:
        await self._workers[worker].stop(seconds_of(timeout_ms))

    async def flush(self, client, timeout_ms=None) -> None:
        await self._clients[client].flush(seconds_of(timeout_ms))

    async def close(self, client, timeout_ms=None) -> None:
        await self._clients[client].close(seconds_of(timeout_ms))

    async def call(self, client, **fields) -> dict:
        if client not in self._stubs:
            self._stubs[client] = self._clients[client].stub()
        return await call(self._stubs[client], **fields)

    def _settled(self, delivery, settled) -> None:
        key = self._keys.pop(delivery, "")
        self._emit({"event": "settled", "key": key, **settled_fields(settled)})

    async def _handle(self, worker, client, delivery, on_cancel):
        key = f"{os.getpid()}-a{next(self._numbers)}"
        self._keys[delivery] = key
        inbox = self._inboxes[key] = asyncio.get_running_loop().create_future()
        self._emit({"event": "delivery", "worker": worker, "key": key, **delivery_fields(delivery)})
        try:
            fields, reply = await inbox
        except asyncio.CancelledError:
            self._emit({"event": "cancelled", "worker": worker, "key": key})
            if on_cancel is None:
                raise
            return outcome_of(on_cancel)
        how = fields["how"]
        if how not in ("send", "send-succeed"):
            reply.set_result({})
            return outcome_of(**fields)
        options = {"source_id": delivery.source_id} if delivery.source_id else {}
        if "fingerprint" in fields:
            options["fingerprint"] = fields["fingerprint"]
        error = error_of(fields.get("error") or {})
        sent = await client.send(fields.get("queue") or delivery.queue, delivery.payload, error, **options)
        reply.set_result(result_of(sent))
        return dlq.succeed() if how == "send-succeed" else None
