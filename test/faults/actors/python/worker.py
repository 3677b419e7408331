"""A worker of the fault suite, as somebody would write it by plain grpcio stubs.

Keeps StreamDue calls open through every outage, does with each message what its plan says, reports
the outcomes, and writes all that down.
"""

import random
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from acks import Acks, Job
from history import History
from plans import Hands, result_of
from process import Stop, flags, run_in, start_thread
from servers import Servers
from stream import Stream, Wish

HEARTBEATS_MISSED = 2.5
# How often silence and SIGTERM are looked for.
LOOK_S = 0.05
MOST_HANDS = 256


def main() -> int:
    parser = flags("Works on messages of a DLQ deployment, and writes a history.")
    parser.add_argument("--max-in-flight", type=int, default=32, help="of each stream")
    parser.add_argument("--lease-ms", type=int, default=2_000)
    parser.add_argument("--streams", type=int, default=1)
    parser.add_argument("--heartbeat-ms", type=int, default=10_000, help="as the servers have it")
    options = parser.parse_args()

    stop = Stop()
    history = History(options.out, options.name, "worker")
    chance = random.Random(options.seed)
    servers = Servers(options.addresses, first=options.seed)
    acks = Acks(servers, history, chance)
    hands = Hands(servers, history, acks, chance)
    pool = ThreadPoolExecutor(min(options.max_in_flight * options.streams, MOST_HANDS))

    def take(job: Job) -> None:
        result = result_of(job)
        if result is not None:
            run_in(pool, partial(hands.work, job, result))

    silence_s = HEARTBEATS_MISSED * options.heartbeat_ms / 1_000
    wish = Wish(options.queues, options.max_in_flight, options.lease_ms, silence_s)
    streams = [
        Stream(
            f"{options.name}-{number}",
            wish,
            Servers(options.addresses, first=options.seed + number),
            history,
            take,
        )
        for number in range(1, options.streams + 1)
    ]
    threads = [start_thread(stream.run) for stream in streams]
    while not stop.requested:
        time.sleep(LOOK_S)
        for stream in streams:
            stream.look(LOOK_S)

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
