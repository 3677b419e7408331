import { fromBinary } from "@bufbuild/protobuf";
import { EnvelopeSchema } from "../../../gen/dlq/storage/v1/envelope_pb.ts";
import { formatMessageId } from "../../../src/core/message-id.ts";
import { dumpQueue } from "../../support/store-dump.ts";
import { brokenInvariants } from "../../support/store-invariants.ts";
import type { SnapshotLine } from "../history/event.ts";
import type { World } from "./world.ts";

const PREFIX = "dlq";

/** All that the store holds, read past every server. */
export async function takeSnapshot(world: World): Promise<SnapshotLine[]> {
  const redis = await world.redis();
  try {
    const lines: SnapshotLine[] = [];
    for (const queue of (await redis.smembers(`${PREFIX}:queues`)).sort()) {
      const dump = await dumpQueue(redis, PREFIX, queue);
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
        deliveries: total("deliveries"),
        leaseExpiries: total("lease_expiries"),
        failedAttempts: total("failed_attempts"),
        released: total("released"),
        broken: brokenInvariants(dump),
      });
    }
    return lines;
  } finally {
    redis.disconnect();
  }
}

/** @param envelope one character a byte, as the dump has it */
function sourceOf(envelope: string | undefined): string {
  return fromBinary(EnvelopeSchema, Buffer.from(envelope ?? "", "latin1")).sourceId;
}
