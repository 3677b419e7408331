"""The report: how many messages were sent, and which were not, with the reason."""

from __future__ import annotations

import json
from typing import TypedDict

from .key_pattern import text_of
from .old_store import shown_url
from .options import MigrateOptions
from .state_file import StateFile

_MAX_SHOWN = 20
"""Entries of one list in the text. The JSON report has all."""


class Entry(TypedDict):
    key: str
    queue: str
    message_id: str
    why: list[str]


class QueueReport(TypedDict):
    old_queue: str
    sent: int
    quarantined: int


class Report(TypedDict):
    source: str
    prefix: str
    target: str
    dry_run: bool
    counts: dict[str, int]
    queues: dict[str, QueueReport]
    did_not_fit: list[Entry]
    adapted: list[Entry]
    """Sent with changes."""
    unknown_fields: dict[str, int]


def report_of(options: MigrateOptions, state: StateFile) -> Report:
    counts = {
        "found": _count(state, "1"),
        "sent": _count(state, "state = 'sent' AND sent_run = :run"),
        "quarantined": _count(
            state, "state = 'sent' AND sent_run = :run AND service_state = 'QUARANTINED'"
        ),
        "already_there": _count(state, "state = 'there' AND sent_run = :run"),
        "sent_before": _count(state, "state IN ('sent', 'there') AND sent_run < :run"),
        "did_not_fit": _count(state, "state IN ('unreadable', 'refused')"),
        "succeeded_before": _count(state, "state = 'done'"),
        "gone_meanwhile": _count(state, "state = 'gone'"),
        "not_yet_sent": _count(state, "state = 'found'"),
        "deleted": _count(state, "deleted = 1"),
        "listed_without_message": _number(
            state.query(
                "SELECT count(DISTINCT queue || char(0) || id) FROM listed WHERE NOT EXISTS"
                " (SELECT 1 FROM message m WHERE m.queue = listed.queue AND m.id = listed.id)"
            )[0][0]
        ),
    }
    return {
        "source": shown_url(options.redis_url),
        "prefix": options.prefix,
        "target": options.client.target,
        "dry_run": options.is_dry,
        "counts": counts,
        "queues": {
            str(name): {"old_queue": str(old), "sent": _number(n), "quarantined": _number(q)}
            for name, old, n, q in state.query(
                "SELECT service_queue, min(queue), count(*), sum(service_state = 'QUARANTINED')"
                " FROM message WHERE run = :run AND state = 'sent' AND sent_run = :run"
                " GROUP BY service_queue ORDER BY service_queue"
            )
        },
        "did_not_fit": _entries(state, "state IN ('unreadable', 'refused')"),
        "adapted": _entries(state, "state NOT IN ('unreadable', 'refused')"),
        "unknown_fields": {
            str(name): _number(n)
            for name, n in state.query("SELECT name, count FROM unknown_field")
        },
    }


def as_text(report: Report) -> str:
    counts = report["counts"]
    sent = "would be sent" if report["dry_run"] else "sent"
    lines = [f"{counts['found']} messages found at {report['source']}, prefix {report['prefix']}"]
    lines.append(
        f"{counts['sent']} {sent} to {report['target']}, {counts['quarantined']} to quarantine"
    )
    for name, text in _LINES.items():
        if counts[name]:
            lines.append(f"{counts[name]} {text}")
    for queue, found in report["queues"].items():
        lines.append(f"  {found['old_queue']} -> {queue}: {found['sent']}")
    lines += _shown("could not be migrated", report["did_not_fit"])
    lines += _shown("sent with changes", report["adapted"])
    if report["unknown_fields"]:
        names = ", ".join(f"{name} ({count})" for name, count in report["unknown_fields"].items())
        lines.append(f"unknown fields, not sent: {names}")
    return "\n".join(lines)


_LINES = {
    "already_there": "already in the service",
    "sent_before": "sent by earlier runs",
    "did_not_fit": "could not be migrated",
    "succeeded_before": "had succeeded, not sent",
    "gone_meanwhile": "disappeared from Redis before they were sent",
    "not_yet_sent": "not yet sent: run the command again",
    "deleted": "removed from Redis",
    "listed_without_message": "listed in an index, but expired in Redis",
}


def as_json(report: Report) -> str:
    return json.dumps(report, indent=2, ensure_ascii=False) + "\n"


def _shown(title: str, entries: list[Entry]) -> list[str]:
    if not entries:
        return []
    shown = [f"  {one['key']}: {'; '.join(one['why'])}" for one in entries[:_MAX_SHOWN]]
    more = len(entries) - len(shown)
    return [f"{title}:", *shown, *([f"  and {more} more: see --report"] if more else [])]


def _count(state: StateFile, where: str) -> int:
    return _number(state.query(f"SELECT count(*) FROM message WHERE run = :run AND {where}")[0][0])


def _entries(state: StateFile, where: str) -> list[Entry]:
    found: dict[bytes, Entry] = {}
    for key, queue, id, note in state.query(
        "SELECT message.key, queue, id, words FROM note JOIN message ON message.key = note.key"
        f" WHERE {where} ORDER BY at, message.key, note.rowid"
    ):
        assert isinstance(key, bytes)
        entry: Entry = {"key": text_of(key), "queue": str(queue), "message_id": str(id), "why": []}
        found.setdefault(key, entry)["why"].append(str(note))
    return list(found.values())


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0
