"""For Celery: sends tasks that failed for good to the DLQ, and runs due ones as tasks again.

dlq.celery.install(client, queue="tasks")              # in the workers
client.worker("tasks").run(dlq.celery.resend(app))     # in another process
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from celery import Celery, signals
from celery.exceptions import TimeLimitExceeded
from celery.utils.saferepr import saferepr
from celery.utils.time import maybe_make_aware
from kombu import serialization as kombu_serialization
from kombu.exceptions import ContentDisallowed

from ._core.log import log as _log
from ._core.option_checks import queue_name
from ._core.payload import JSON_TYPE
from ._core.safe_read import is_valid_id
from .client import Client
from .delivery import Delivery
from .errors import NonRetryableError
from .outcome import Outcome, quarantine

serialization: Any = kombu_serialization  # it has no types

_NOT_KEPT = frozenset(("task_id", "retries", "origin", "chord", "redelivered", "is_eager"))
"""Options of a task that are not those of its next run: it has its own id and retries, and Celery has already
failed its chord."""


def install(
    client: Client, queue: str, *, should_send: Callable[[Any], bool] = lambda task: True
) -> Callable[[], None]:
    """Sends each task that fails after its last retry, with its error. Returns a function that uninstalls this.

    `should_send(task)` selects tasks. The payload has `task`, `args`, `kwargs` and `options` of the task, encoded
    by the task's serializer. Arguments that it can't encode are sent as text, which `resend` refuses. The id of
    the task is the `source_id`, so that a task that keeps failing is recognized as poison. Each prefork child uses
    its own client. Celery reports no failure, and nothing is sent, if an eager task raises into its caller
    (`task_eager_propagates`).
    """
    queue_name(queue)
    if not isinstance(client, Client):
        raise TypeError(f"client is {client!r}; give a dlq.Client")
    over_limit = ""

    def on_failure(
        sender: Any = None,
        task_id: str = "",
        exception: BaseException | None = None,
        args: Any = None,
        kwargs: Any = None,
        **_: Any,
    ) -> None:
        nonlocal over_limit
        try:
            if not should_send(sender):
                return
        except Exception:
            _log.exception("dlq: should_send raised; sending the task")
        request = sender.request if sender.request.id == task_id else None
        if isinstance(exception, TimeLimitExceeded):
            # Celery reports a hard time limit twice: first with the request, then without it.
            if request is None and task_id == over_limit:
                return
            over_limit = task_id
        source_id = str(_origin_of(request) or task_id or "")
        if not is_valid_id(source_id):  # the caller of the task chose it
            source_id = ""
        payload, content_type = _encoded(sender, request, list(args or ()), dict(kwargs or {}))
        client.send(queue, payload, exception, source_id=source_id, content_type=content_type)

    signals.task_failure.connect(on_failure, weak=False)

    def uninstall() -> None:
        signals.task_failure.disconnect(on_failure)

    return uninstall


def resend(app: Celery, **options: Any) -> Callable[[Delivery], Outcome | None]:
    """Returns a handler that runs each message as a task again: with a new id and new retries, and else with the
    options of the failed one, such as its chain, callbacks, queue, priority and limits. `options` go to
    `send_task` and take precedence. A task that has expired is quarantined."""
    accept = serialization.prepare_accept_content(app.conf.accept_content)

    def handle(delivery: Delivery) -> Outcome | None:
        message = _decoded(delivery, accept)
        if "args" not in message:
            raise NonRetryableError("the arguments of the task were not stored: see the payload")
        kept = dict(message.get("options") or {})
        if options.keys() & {"queue", "exchange", "routing_key"}:
            for name in ("queue", "exchange", "routing_key"):
                kept.pop(name, None)
        merged = {**kept, **options}
        merged["headers"] = {
            **(kept.get("headers") or {}),
            **(options.get("headers") or {}),
            "dlq_source_id": delivery.source_id,
        }
        if _has_expired(app, merged.get("expires")):
            return quarantine(f"the task expired at {merged['expires']}")
        app.send_task(message["task"], message["args"], message["kwargs"], **merged)
        return None

    return handle


def _encoded(task: Any, request: Any, args: Any, kwargs: Any) -> tuple[str | bytes, str]:
    """Returns the payload and its content type."""
    body = {
        "task": task.name,
        "args": args,
        "kwargs": kwargs,
        "options": _options_of(task, request),
    }
    try:
        return _dumped(body, task.serializer)
    except Exception as error:  # eager tasks may have any arguments
        _log.warning(
            "dlq: the arguments of task %s can't be encoded: %s; sending their text",
            task.name,
            error,
        )
        texts = {"task": task.name, "argsrepr": saferepr(args), "kwargsrepr": saferepr(kwargs)}
        return _dumped(texts, "json")


def _dumped(body: Mapping[str, Any], serializer: str) -> tuple[str | bytes, str]:
    content_type, encoding, data = serialization.dumps(body, serializer)
    if isinstance(data, bytes) and encoding == "utf-8":
        data = data.decode()
    return data, content_type


def _decoded(delivery: Delivery, accept: Any) -> Mapping[str, Any]:
    """Raises NonRetryableError if the app does not accept the content type."""
    payload = delivery.payload
    is_text = payload.raw.WhichOneof("body") != "data"
    content_type = payload.content_type.partition(";")[0].strip() or JSON_TYPE
    try:
        found: Mapping[str, Any] = serialization.loads(
            payload.bytes, content_type, "utf-8" if is_text else "binary", accept=accept
        )
    except ContentDisallowed as error:
        raise NonRetryableError(f"accept_content of the app does not allow it: {error}") from error
    return found


def _options_of(task: Any, request: Any) -> dict[str, Any]:
    """Returns the options with which Celery itself would send the task again."""
    options = {} if request is None else task.signature_from_request(request).options
    kept = {one: options[one] for one in options.keys() - _NOT_KEPT if options[one] is not None}
    return {**kept, "serializer": task.serializer}


def _has_expired(app: Celery, expires: Any) -> bool:
    """Reports whether a worker would drop the task. Numbers are seconds from now."""
    if isinstance(expires, str):
        try:
            expires = datetime.fromisoformat(expires)
        except ValueError:
            return False
    if not isinstance(expires, datetime):
        return False
    return bool(maybe_make_aware(expires, app.timezone) <= app.now())


def _origin_of(request: Any) -> str | None:
    """Returns the id of the original task, if this one was resent."""
    headers = getattr(request, "headers", None) or {}
    found = headers.get("dlq_source_id") or getattr(request, "dlq_source_id", None)
    return str(found) if found else None
