"""The command `dlq-migrate`."""

from __future__ import annotations

import sys

from .dry_run import DryRun
from .importer import Importer, ServiceUnreachable
from .migration import NOT_REMOVED, Migration
from .old_store import OldStore, shown_url
from .options import MigrateOptions, read_options
from .progress import Progress
from .report import as_json, as_text, report_of
from .state_file import StateFile, StateFileError

EXIT_OK = 0
EXIT_INCOMPLETE = 1
EXIT_USAGE = 2
EXIT_UNREACHABLE = 3
EXIT_INTERRUPTED = 130


def main(arguments: list[str] | None = None) -> int:
    options = read_options(arguments)
    try:
        import redis
    except ModuleNotFoundError:
        return _fail("the package redis is missing: pip install 'dlq-client[migrate]'", EXIT_USAGE)
    try:
        store = OldStore(options.redis_url)
    except ValueError as error:
        return _fail(f"--redis-url: {error}", EXIT_USAGE)
    except redis.RedisError as error:
        return _redis_failed(options, error)
    origin = {
        "redis": shown_url(options.redis_url),
        "prefix": options.prefix,
        "target": options.client.target,
        "queue": options.queue_format,
    }
    try:
        state = StateFile(options.state, origin, is_dry=options.is_dry)
    except StateFileError as error:
        return _fail(str(error), EXIT_USAGE)
    importer = DryRun() if options.is_dry else Importer(options.client, options.patience_s)
    try:
        _run(options, Migration(options, store, state, importer), state)
    except redis.RedisError as error:
        return _redis_failed(options, error)
    except ServiceUnreachable as error:
        return _fail(
            f"the service at {options.client.target} failed: {error}\n{_RUN_AGAIN}",
            EXIT_UNREACHABLE,
        )
    except KeyboardInterrupt:
        return _fail(f"interrupted. {_RUN_AGAIN}", EXIT_INTERRUPTED)
    finally:
        # Also after an interrupted run.
        report = report_of(options, state)
        print(as_text(report))
        if options.report is not None:
            options.report.write_text(as_json(report), encoding="utf-8")
        state.close()
        store.close()
        importer.close()
    left = options.delete and any(NOT_REMOVED in entry["why"] for entry in report["adapted"])
    return EXIT_INCOMPLETE if report["did_not_fit"] or left else EXIT_OK


_RUN_AGAIN = "Sent messages are recorded: run the same command again to continue."


def _run(options: MigrateOptions, migration: Migration, state: StateFile) -> None:
    with Progress("reading") as progress:
        migration.find(progress.add)
    (total,) = state.query("SELECT count(*) FROM message WHERE run = :run AND state = 'found'")[0]
    assert isinstance(total, int)
    with Progress("checking" if options.is_dry else "sending", total) as progress:
        migration.send(progress.add)
    if options.delete and not options.is_dry:
        migration.delete_earlier()


def _redis_failed(options: MigrateOptions, error: Exception) -> int:
    url = shown_url(options.redis_url)
    return _fail(f"Redis at {url} failed: {error}\n{_RUN_AGAIN}", EXIT_UNREACHABLE)


def _fail(message: str, code: int) -> int:
    print(f"dlq-migrate: {message}", file=sys.stderr)
    return code
