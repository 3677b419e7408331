"""Converts between the JSON of scenarios and the objects of this client."""

import base64
import dataclasses
from datetime import datetime, timezone
from functools import partial

import grpc
import grpc.aio

import dlq


class OrderError(Exception):
    pass


KINDS = {
    "timeout": TimeoutError,
    "refused": ConnectionRefusedError,
    "value": ValueError,
    "custom": OrderError,
}


def seconds(given: dict) -> dict:
    """Converts `delay_ms` to `delay` in seconds, on all levels except attributes and coordinates."""
    found = {}
    for name, value in given.items():
        if name == "due_time_ms":
            found["due_time"] = datetime.fromtimestamp(value / 1000, timezone.utc)
        elif name.endswith("_ms"):
            found[name.removesuffix("_ms")] = value / 1000
        elif isinstance(value, dict) and name not in ("attributes", "coordinates"):
            found[name] = seconds(value)
        else:
            found[name] = value
    return found


def client_options(given: dict) -> dict:
    found = seconds(given)
    if isinstance(found.get("coalesce"), dict):
        found["coalesce"] = dlq.Coalesce(**found["coalesce"])
    if isinstance(found.get("spool"), dict):
        found["spool"] = dlq.SpoolOptions(**found["spool"])
    if "token_error" in found:
        found["token"] = partial(_no_token, found.pop("token_error"))
    return found


def _no_token(why: str) -> str:
    raise ValueError(why)


def error_of(given: dict | None) -> BaseException | None:
    """Returns a raised exception, with a traceback."""
    if given is None:
        return None
    message = given.get("message", "it broke")
    if "retry_after_ms" in given:
        error: BaseException = dlq.RetryAfterError(message, given["retry_after_ms"] / 1000)
    elif given.get("non_retryable"):
        error = dlq.NonRetryableError(message)
    elif given.get("kind") == "grpc":
        code = next(code for code in grpc.StatusCode if code.value[0] == given["code"])
        error = grpc.aio.AioRpcError(code, grpc.aio.Metadata(), grpc.aio.Metadata(), details=message)
    else:
        error = KINDS[given.get("kind", "custom")](message)
    try:
        raise error from error_of(given.get("cause"))
    except BaseException as raised:
        return raised


def payload_of(given: dict) -> object:
    if "text" in given:
        return given["text"]
    return base64.b64decode(given["base64"]) if "base64" in given else given["json"]


def result_of(result: dlq.SendResult) -> dict:
    if isinstance(result, dlq.Dropped):
        error = result.error
        fields = {"kind": error.kind, "maybe_stored": error.maybe_stored, "message": str(error)}
        return {"status": "dropped", "error": fields}
    found = {name: value for name, value in dataclasses.asdict(result).items() if value is not None}
    due_time = found.pop("due_time", None)
    return found if due_time is None else {**found, "due_time_ms": due_time.timestamp() * 1000}


def outcome_of(how: str, note: str = "", error: dict | None = None, **options: object):
    """Returns the value that a handler returns, or raises its exception."""
    if how == "throw":
        raise error_of(error or {})
    if how == "fail":
        return dlq.fail(error_of(error or {}), **seconds(options))
    if how == "function":
        return dlq.release
    if how == "value":
        return 42
    if how == "release":
        return dlq.release(**seconds(options))
    return {"return": lambda: None}.get(how, lambda: getattr(dlq, how)(note))()


def outcome_callbacks(emit, client: str, callbacks: bool | str) -> dict:
    """Returns the options of a client whose outcome callbacks report events, and then throw if `callbacks` says so."""

    def callback(kind: str):
        def report(event: dlq.OutcomeEvent) -> None:
            found = dataclasses.asdict(event)
            time, due_time = found.pop("time"), found["due_time"]
            if due_time is not None:
                found["due_time"] = due_time.timestamp() * 1000
            given = {name: value for name, value in found.items() if value is not None}
            emit({"event": "outcome", "client": client, "kind": kind, **given})
            if callbacks == "throw":
                raise OrderError(f"{kind} at {time}")

        return report

    kinds = ("succeeded", "failed", "quarantined") if callbacks else ()
    return {f"on_{kind}": callback(kind) for kind in kinds}


def delivery_fields(delivery: dlq.Delivery) -> dict:
    found = {
        name: getattr(delivery, name)
        for name in (
            *("id", "queue", "attempt", "delivery_number", "outcome_unknown"),
            *("source_id", "ordering_key"),
        )
    }
    found["attributes"] = dict(delivery.attributes)
    try:
        found["payload"] = {"text": delivery.bytes.decode()}
    except UnicodeDecodeError:
        found["payload"] = {"base64": base64.b64encode(delivery.bytes).decode()}
    if delivery.trace_context is not None:
        found["trace_context"] = {"traceparent": delivery.trace_context.traceparent}
    failure = delivery.latest_failure
    if failure is not None:
        found["latest_failure"] = {
            "type": failure.type,
            "message": failure.message,
            "reason": delivery.reason,
            "fingerprint": failure.fingerprint,
            "stack_trace": failure.stack_trace,
            "attributes": dict(failure.attributes),
        }
        for name in ("grpc_code", "http_status"):
            if failure.HasField(name):
                found["latest_failure"][name] = getattr(failure, name)
        if failure.HasField("retry_after"):
            found["latest_failure"]["retry_after_ms"] = failure.retry_after.ToMilliseconds()
    return found


def settled_fields(settled: dlq.SettledDelivery) -> dict:
    found = {
        "outcome": settled.outcome,
        "state": settled.state,
        "duration_ms": settled.duration.total_seconds() * 1000,
    }
    return found if settled.error is None else {**found, "error": str(settled.error)}


def error_event_fields(error: dlq.DlqClientError, delivery: dlq.Delivery | None) -> dict:
    found = {"kind": error.kind, "message": str(error)}
    if delivery is not None:
        found |= {"id": delivery.id, "attempt": delivery.attempt}
    return found if error.__cause__ is None else {**found, "cause": str(error.__cause__)}
