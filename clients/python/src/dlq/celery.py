"""For Celery: sends tasks that failed for good to the DLQ, and runs due ones as tasks again.

dlq.celery.install(client, queue="tasks")              # in the workers
client.worker("tasks").run(dlq.celery.resend(app))     # in another process
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from celery import Celery, signals

from ._core.log import log as _log
from ._core.safe_read import is_valid_id
from .client import Client
from .delivery import Delivery

TYPE = "application/vnd.dlq.celery-task+json"


def install(
    client: Client, queue: str, *, should_send: Callable[[Any], bool] = lambda task: True
) -> Callable[[], None]:
    """Sends each task that fails after its last retry, with its error. Returns a function that uninstalls this.

    `should_send(task)` selects tasks. The id of the task is the `source_id`, so that a task that keeps failing
    is recognized as poison. Each prefork child uses its own client.
    """

    def on_failure(
        sender: Any = None,
        task_id: str = "",
        exception: BaseException | None = None,
        args: Any = None,
        kwargs: Any = None,
        **_: Any,
    ) -> None:
        try:
            if not should_send(sender):
                return
        except Exception:
            _log.exception("dlq: should_send raised; sending the task")
        message = {"task": sender.name, "args": list(args or ()), "kwargs": dict(kwargs or {})}
        source_id = str(_origin_of(sender) or task_id or "")
        if not is_valid_id(source_id):  # the caller of the task chose it
            source_id = ""
        client.send(queue, message, exception, source_id=source_id, content_type=TYPE)

    signals.task_failure.connect(on_failure, weak=False)

    def uninstall() -> None:
        signals.task_failure.disconnect(on_failure)

    return uninstall


def resend(app: Celery, **options: Any) -> Callable[[Delivery], None]:
    """Returns a handler that runs each message as a task again. `options` go to `send_task`."""

    def handle(delivery: Delivery) -> None:
        message: Mapping[str, Any] = delivery.json()
        headers = {**options.get("headers", {}), "dlq_source_id": delivery.source_id}
        others = {name: value for name, value in options.items() if name != "headers"}
        app.send_task(
            message["task"], message["args"], message["kwargs"], headers=headers, **others
        )

    return handle


def _origin_of(task: Any) -> str | None:
    """Returns the id of the original task, if this one was resent."""
    request = getattr(task, "request", None)
    headers = getattr(request, "headers", None) or {}
    found = headers.get("dlq_source_id") or getattr(request, "dlq_source_id", None)
    return str(found) if found else None
