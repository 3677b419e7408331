"""For Celery: tasks that fail for good are kept, and come again as tasks.

dlq.celery.install(client, queue="tasks")              # in the workers
client.worker("tasks").run(dlq.celery.resend(app))     # in a process of its own
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from celery import Celery, signals

from ._core.log import log as _log
from ._core.peek import is_identity
from .client import Client
from .delivery import Delivery

TYPE = "application/vnd.dlq.celery-task+json"


def install(
    client: Client, queue: str, *, wants: Callable[[Any], bool] = lambda task: True
) -> Callable[[], None]:
    """From now on each task that fails for good, its own retries used up, is sent with its error.

    `wants(task)` chooses tasks. Gives a function that takes it back. A task's id is the `source_id`, so
    that one that fails again and again is known as poison. Each prefork child has a client of its own.
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
            if not wants(sender):
                return
        except Exception:
            _log.exception("dlq: wants raised; the task is kept")
        message = {"task": sender.name, "args": list(args or ()), "kwargs": dict(kwargs or {})}
        source_id = str(_origin_of(sender) or task_id or "")
        if not is_identity(source_id):  # whoever called the task chose it
            source_id = ""
        client.send(queue, message, exception, source_id=source_id, content_type=TYPE)

    signals.task_failure.connect(on_failure, weak=False)

    def uninstall() -> None:
        signals.task_failure.disconnect(on_failure)

    return uninstall


def resend(app: Celery, **options: Any) -> Callable[[Delivery], None]:
    """A handler that puts each message back as the task it was. `options` go to `send_task`."""

    def handle(delivery: Delivery) -> None:
        message: Mapping[str, Any] = delivery.json()
        headers = {**options.get("headers", {}), "dlq_source_id": delivery.source_id}
        others = {name: value for name, value in options.items() if name != "headers"}
        app.send_task(
            message["task"], message["args"], message["kwargs"], headers=headers, **others
        )

    return handle


def _origin_of(task: Any) -> str | None:
    """The id of the first task of a message that came again."""
    request = getattr(task, "request", None)
    headers = getattr(request, "headers", None) or {}
    found = headers.get("dlq_source_id") or getattr(request, "dlq_source_id", None)
    return str(found) if found else None
