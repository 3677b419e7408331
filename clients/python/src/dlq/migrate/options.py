"""The command line."""

from __future__ import annotations

import argparse
import os
from dataclasses import dataclass
from pathlib import Path

from ..compat.queue_name import allowed_name
from ..options import ClientOptions, Tls, target_of
from .key_pattern import KeyPattern, KeyPatterns

_EPILOG = """\
patterns have {prefix}, {queue} and {id}. The queue of a message is what the message itself says, and only
where it says nothing what its key says.

exit codes: 0 all is in the service; 1 some of it did not fit, see the report; 2 the command line is wrong;
3 Redis or the service could not be reached: run it again, it goes on where it was; 130 interrupted, the same.
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
        """Where messages of an old queue go."""
        name = self.queue_format.replace("{prefix}", self.prefix).replace("{queue}", queue)
        return allowed_name(name.strip(".") if not self.prefix else name)


def read_options(arguments: list[str] | None) -> MigrateOptions:
    """Ends the process with 2, and a word on why, if they are wrong."""
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
            raise ValueError("--queue needs {queue}")
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
        description="Sends what the old package has left in Redis to the DLQ service, oldest first, with its "
        "history. Nothing comes twice, however often it runs; Redis is left as it is without --delete.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add(
        "--redis-url",
        default=os.environ.get("REDIS_URL", "redis://localhost:6379/0"),
        metavar="URL",
        help="where it is: redis://, rediss:// or unix://; default: $REDIS_URL, else redis://localhost:6379/0",
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
        help="a bearer token of it; better by $DLQ_TOKEN, which other users of the machine can't see",
    )
    add("--ca", metavar="FILE", help="certificates by which to trust it, for https")
    add("--dry-run", action="store_true", help="sends nothing, and tells what would be sent")
    add(
        "--delete",
        action="store_true",
        help="removes each message from Redis once the service has it, also those of earlier runs",
    )
    add(
        "--state",
        default="dlq-migrate.state",
        metavar="FILE",
        help="where it keeps what is done; default: ./dlq-migrate.state",
    )
    add("--report", metavar="FILE", help="writes the whole report there, as JSON")
    add(
        "--queue",
        default="{prefix}.{queue}",
        metavar="FORMAT",
        help="the service's queue of an old one; default: {prefix}.{queue}, as dlq.compat has it",
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
        help="keys of the sorted sets; default: {prefix}:index:{queue}",
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
        help="keys of their sets, sorted or not; default: poison:index:{queue}",
    )
    add(
        "--patience",
        type=float,
        default=60.0,
        metavar="SECONDS",
        help="how long to try while the service does not answer; default: 60",
    )
    return parser
