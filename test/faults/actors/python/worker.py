"""A worker of the fault suite with plain grpcio stubs.

Keeps StreamDue calls open through all outages. The plan in a message decides its outcome. Writes a history.
"""

import random
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from acks import Acks, Job
from history import History
from plans import Processor, result_of
from process import Stop, flags, run_in, start_thread
from servers import Servers
from stream import Stream, StreamOptions

HEARTBEATS_MISSED = 2.5
# How often silence and SIGTERM are checked.
POLL_S = 0.05
MAX_THREADS = 256


def main() -> int:
    parser = flags("Works on messages of a DLQ deployment, and writes a history.")
    parser.add_argument("--max-in-flight", type=int, default=32, help="of each stream")
    parser.add_argument("--lease-ms", type=int, default=2_000)
    parser.add_argument("--streams", type=int, default=1)
    parser.add_argument(
        "--heartbeat-ms", type=int, default=10_000, help="heartbeat interval of the servers"
    )
    options = parser.parse_args()

    stop = Stop()
    history = History(options.out, options.name, "worker")
    chance = random.Random(options.seed)
    servers = Servers(options.addresses, first=options.seed)
    acks = Acks(servers, history, chance)
    processor = Processor(servers, history, acks, chance)
    pool = ThreadPoolExecutor(min(options.max_in_flight * options.streams, MAX_THREADS))

    def take(job: Job) -> None:
        result = result_of(job)
        if result is not None:
            run_in(pool, partial(processor.work, job, result))

    silence_s = HEARTBEATS_MISSED * options.heartbeat_ms / 1_000
    stream_options = StreamOptions(
        options.queues, options.max_in_flight, options.lease_ms, silence_s
    )
    streams = [
        Stream(
            f"{options.name}-{number}",
            stream_options,
            Servers(options.addresses, first=options.seed + number),
            history,
            take,
        )
        for number in range(1, options.streams + 1)
    ]
    threads = [start_thread(stream.run) for stream in streams]
    while not stop.requested:
        time.sleep(POLL_S)
        for stream in streams:
            stream.check_silence(POLL_S)

    for stream in streams:
        stream.close()
    for thread in threads:
        thread.join()
    pool.shutdown(wait=True)
    acks.close()
    history.write("ended")
    return 0


if __name__ == "__main__":
    sys.exit(main())
