"""The command line of `dlq-migrate`."""

from __future__ import annotations

import argparse
import os
from dataclasses import dataclass
from pathlib import Path

from ..compat.queue_name import allowed_name
from ..options import ClientOptions, Tls, target_of
from .key_pattern import KeyPattern, KeyPatterns

_EPILOG = """\
Patterns may contain {prefix}, {queue} and {id}. If a message has no queue_name, its key decides the queue.

Exit codes: 0 all messages are in the service; 1 some could not be migrated or removed, see the report; 2 the
command line is wrong; 3 Redis or the service could not be reached: run the command again to continue; 130
interrupted: run the command again to continue.
"""


@dataclass(frozen=True)
class MigrateOptions:
    redis_url: str
    prefix: str
    patterns: KeyPatterns
    queue_format: str
    client: ClientOptions
    state: Path
    report: Path | None
    is_dry: bool
    delete: bool
    patience_s: float

    def service_queue(self, queue: str) -> str:
        """Returns the service's queue for an old queue."""
        name = self.queue_format.replace("{prefix}", self.prefix).replace("{queue}", queue)
        return allowed_name(name.strip(".") if not self.prefix else name)


def read_options(arguments: list[str] | None) -> MigrateOptions:
    """Exits with code 2 and an error message if an argument is wrong."""
    parser = _parser()
    given = parser.parse_args(arguments)
    try:
        patterns = KeyPatterns(
            *(
                KeyPattern(text, given.prefix)
                for text in (given.messages, given.index, given.poison_messages, given.poison_index)
            )
        )
        tls = Tls(ca=Path(given.ca).read_bytes()) if given.ca else None
        target, tls = target_of(given.target, tls)
        if "{queue}" not in given.queue:
            raise ValueError("--queue must contain {queue}")
        client = ClientOptions(target, token=given.token or None, tls=tls, spool=None)
    except (ValueError, OSError) as error:
        parser.error(str(error))
    return MigrateOptions(
        redis_url=given.redis_url,
        prefix=given.prefix,
        patterns=patterns,
        queue_format=given.queue,
        client=client,
        state=Path(given.state),
        report=Path(given.report) if given.report else None,
        is_dry=given.dry_run,
        delete=given.delete,
        patience_s=given.patience,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="dlq-migrate",
        description="Sends the old package's messages in Redis to the DLQ service, oldest first, with their\n"
        "history. Repeated runs send no message twice. Without --delete, Redis is not changed.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add(
        "--redis-url",
        default=os.environ.get("REDIS_URL", "redis://localhost:6379/0"),
        metavar="URL",
        help="the old Redis: redis://, rediss:// or unix://; default: $REDIS_URL, else redis://localhost:6379/0",
    )
    add("--prefix", default="dlq", help="the old redis_key_prefix; default: dlq")
    add(
        "--target",
        default=os.environ.get("DLQ_TARGET", "localhost:50051"),
        help="the service: host:port or an https URL; default: $DLQ_TARGET, else localhost:50051",
    )
    add(
        "--token",
        default=os.environ.get("DLQ_TOKEN", ""),
        help="bearer token of the service; prefer $DLQ_TOKEN, which other users of the machine can't see",
    )
    add("--ca", metavar="FILE", help="trusted root certificates, for https")
    add("--dry-run", action="store_true", help="send nothing, and report what would be sent")
    add(
        "--delete",
        action="store_true",
        help="remove messages from Redis that the service has stored, also in earlier runs",
    )
    add(
        "--state",
        default="dlq-migrate.state",
        metavar="FILE",
        help="file that records what is done; default: ./dlq-migrate.state",
    )
    add("--report", metavar="FILE", help="write the full report to this file, as JSON")
    add(
        "--queue",
        default="{prefix}.{queue}",
        metavar="FORMAT",
        help="name of the queue in the service; default: {prefix}.{queue}, as in dlq.compat",
    )
    add(
        "--messages",
        default="{prefix}:{queue}:{id}",
        metavar="PATTERN",
        help="keys of messages; default: {prefix}:{queue}:{id}",
    )
    add(
        "--index",
        default="{prefix}:index:{queue}",
        metavar="PATTERN",
        help="keys of the indexes (sorted sets); default: {prefix}:index:{queue}",
    )
    add(
        "--poison-messages",
        default="poison:{queue}:{id}",
        metavar="PATTERN",
        help="keys of poison messages; default: poison:{queue}:{id}",
    )
    add(
        "--poison-index",
        default="poison:index:{queue}",
        metavar="PATTERN",
        help="keys of the poison indexes (sets or sorted sets); default: poison:index:{queue}",
    )
    add(
        "--patience",
        type=float,
        default=60.0,
        metavar="SECONDS",
        help="how long to retry while the service does not answer; default: 60",
    )
    return parser
