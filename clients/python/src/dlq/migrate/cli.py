"""`dlq-migrate`."""

from __future__ import annotations

import sys

from .importer import Importer, OutOfReach
from .migration import Migration
from .old_store import OldStore, shown_url
from .options import MigrateOptions, read_options
from .progress import Progress
from .report import as_json, as_text, report_of
from .state_file import StateFile, WrongState

EXIT_OK = 0
EXIT_DID_NOT_FIT = 1
EXIT_USAGE = 2
EXIT_OUT_OF_REACH = 3
EXIT_INTERRUPTED = 130


def main(arguments: list[str] | None = None) -> int:
    options = read_options(arguments)
    try:
        import redis
    except ModuleNotFoundError:
        return _complain(
            "the package redis is missing: pip install 'dlq-client[migrate]'", EXIT_USAGE
        )
    try:
        store = OldStore(options.redis_url)
    except ValueError as error:
        return _complain(f"--redis-url: {error}", EXIT_USAGE)
    except redis.RedisError as error:
        return _out_of_redis(options, error)
    origin = {
        "redis": shown_url(options.redis_url),
        "prefix": options.prefix,
        "target": options.client.target,
        "queue": options.queue_format,
    }
    try:
        state = StateFile(options.state, origin, is_dry=options.is_dry)
    except WrongState as error:
        return _complain(str(error), EXIT_USAGE)
    importer = None if options.is_dry else Importer(options.client, options.patience_s)
    try:
        _run(options, Migration(options, store, state, importer), state)
    except redis.RedisError as error:
        return _out_of_redis(options, error)
    except OutOfReach as error:
        return _complain(
            f"the service at {options.client.target}: {error}\n{_GO_ON}", EXIT_OUT_OF_REACH
        )
    except KeyboardInterrupt:
        return _complain(f"interrupted. {_GO_ON}", EXIT_INTERRUPTED)
    finally:
        # Also of a run that was cut off.
        report = report_of(options, state)
        print(as_text(report))
        if options.report is not None:
            options.report.write_text(as_json(report), encoding="utf-8")
        state.close()
        store.close()
        if importer is not None:
            importer.close()
    left = options.delete and any("is left there" in w for e in report["adapted"] for w in e["why"])
    return EXIT_DID_NOT_FIT if report["did_not_fit"] or left else EXIT_OK


_GO_ON = "What is sent is noted: run the same command again, and it goes on from there."


def _run(options: MigrateOptions, migration: Migration, state: StateFile) -> None:
    with Progress("reading") as progress:
        migration.find(progress.add)
    (total,) = state.query("SELECT count(*) FROM message WHERE run = :run AND state = 'found'")[0]
    assert isinstance(total, int)
    with Progress("checking" if options.is_dry else "sending", total) as progress:
        migration.send(progress.add)
    if options.delete and not options.is_dry:
        migration.delete_earlier()


def _out_of_redis(options: MigrateOptions, error: Exception) -> int:
    where = shown_url(options.redis_url)
    return _complain(f"Redis at {where}: {error}\n{_GO_ON}", EXIT_OUT_OF_REACH)


def _complain(words: str, code: int) -> int:
    print(f"dlq-migrate: {words}", file=sys.stderr)
    return code
