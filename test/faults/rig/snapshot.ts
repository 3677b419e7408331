import { fromBinary } from "@bufbuild/protobuf";
import type { Redis } from "ioredis";
import { EnvelopeSchema } from "../../../gen/dlq/storage/v1/envelope_pb.ts";
import { formatMessageId } from "../../../src/core/message-id.ts";
import { queueBase } from "../../../src/store/redis/keys.ts";
import { dumpQueue, listedQueues } from "../../support/store-dump.ts";
import { brokenInvariants } from "../../support/store-invariants.ts";
import { readOutbox } from "../../support/store-outbox.ts";
import type { Acted, BreakerOpened, SnapshotLine } from "../history/event.ts";
import { GUARDED_QUEUE } from "../history/guarded-facts.ts";
import type { Environment } from "./environment.ts";
import { actedIn } from "./job-acts.ts";
import { isProbed } from "./probe.ts";
import { isIdleQueue, JOB_QUEUES } from "./queues.ts";

const PREFIX = "dlq";

/** Reads the contents of the store directly from Redis, without queues of probes and idle ones. */
export async function takeSnapshot(environment: Environment): Promise<SnapshotLine[]> {
  const redis = await environment.redis();
  try {
    const lines: SnapshotLine[] = [];
    const queues = await listedQueues(redis, PREFIX);
    for (const queue of queues.filter((name) => !isProbed(name) && !isIdleQueue(name)).sort()) {
      const dump = await dumpQueue(redis, queueBase(PREFIX, queue));
      for (const [id, message] of dump.messages) {
        const { state, quarantineReason, attempts, deliveryNumber: number } = message;
        lines.push({
          e: "kept",
          queue,
          id: formatMessageId(Buffer.from(id, "hex")),
          source: sourceOf(message.envelope),
          state,
          ...(quarantineReason === undefined ? {} : { quarantineReason }),
          attempts,
          number,
        });
      }
      const total = (name: string) => dump.counters[name] ?? 0;
      lines.push({
        e: "counted",
        queue,
        accepted: total("accepted"),
        duplicates: total("joined"),
        succeeded: total("succeeded"),
        discarded: total("discarded"),
        expired: total("expired"),
        purged: total("purged"),
        undeleted: total("undeleted"),
        movedOut: total("moved_out"),
        movedIn: total("moved_in"),
        deliveries: total("deliveries"),
        leaseExpiries: total("lease_expiries"),
        failedAttempts: total("failed_attempts"),
        released: total("released"),
        openBreakers: await redis.zcard(`${queueBase(PREFIX, queue)}:breakers`),
        broken: brokenInvariants(dump),
      });
    }
    lines.push(...(environment.recorded?.() ?? (await recorded(redis))));
    return lines;
  } finally {
    redis.disconnect();
  }
}

/** Returns openings of breakers and actions of batch jobs from the outbox. */
async function recorded(redis: Redis): Promise<(BreakerOpened | Acted)[]> {
  const openings = (await changesOf(redis, GUARDED_QUEUE))
    .filter(({ kind }) => kind === "breaker_opened")
    .map(({ at, queue, note: key }) => ({ e: "breaker", at, queue, key }) as const);
  const acts: Acted[] = [];
  for (const queue of JOB_QUEUES) {
    const changes = await changesOf(redis, queue);
    if ((changes[0]?.first ?? 0) > 0)
      throw new Error(`the outbox has removed changes of ${queue}, so the run proves nothing`);
    acts.push(...changes.flatMap((change) => actedIn(change) ?? []));
  }
  return [...openings, ...acts];
}

/** Returns the changes of a queue, each with the number of the first change that its outbox still has. */
async function changesOf(redis: Redis, queue: string) {
  const base = queueBase(PREFIX, queue);
  const entries = await readOutbox(redis, base.slice(0, base.lastIndexOf(":")));
  const first = entries[0]?.first ?? 0;
  return entries
    .filter((entry) => entry.queue === queue)
    .flatMap(({ atMs: at, changes }) =>
      changes.map(({ kind, id, note, deliveryNumber: number }) => ({
        ...{ at, queue, kind, note, number, first },
        id: formatMessageId(Buffer.from(id, "hex")),
      })),
    );
}

/** @param envelope one character for each byte, as in the dump */
function sourceOf(envelope: string | undefined): string {
  return fromBinary(EnvelopeSchema, Buffer.from(envelope ?? "", "latin1")).sourceId;
}
