import type { TokenBucket } from "../../../core/token-bucket.ts";
import type { QueueSnapshot } from "../../contract.ts";
import { ReplyReader } from "../reply.ts";
import {
  storedBreakerState,
  storedQuarantineReason,
  storedReason,
  storedState,
} from "../states.ts";
import type { RunScript } from "./run.ts";

/** @param isAlive whether a node has lately given a sign of life: the workers of others are gone. */
export async function runStats(
  run: RunScript,
  queue: string,
  isAlive: (nodeId: string) => boolean,
): Promise<QueueSnapshot> {
  const [head, counters, workers] = (await run("stats", queue, {}, [])) as [
    Buffer,
    Buffer[],
    (Buffer | number)[],
  ];
  const reader = new ReplyReader(head);
  return {
    nowMs: reader.ms(),
    scheduled: reader.ms(),
    dueNow: reader.ms(),
    isolatedDue: reader.ms(),
    inFlight: reader.ms(),
    quarantined: reader.ms(),
    nextDueAtMs: reader.optionalMs(),
    oldestQuarantinedAtMs: reader.optionalMs(),
    oldestAtMs: reader.optionalMs(),
    rates: {
      accepted: reader.double(),
      delivered: reader.double(),
      succeeded: reader.double(),
      failed: reader.double(),
    },
    breaker: {
      state: storedBreakerState(reader.u8()),
      retryAtMs: reader.optionalMs(),
    },
    openBreakers: reader.ms(),
    heldKeys: reader.ms(),
    blockingLimiters: reader.ms(),
    rateBucket: readBucket(reader),
    ...readCounters(pairs(counters)),
    ...readWorkers(workers, isAlive),
  };
}

function readBucket(reader: ReplyReader): TokenBucket | undefined {
  const tokens = reader.double();
  const atMs = reader.optionalMs();
  return atMs === undefined ? undefined : { tokens, atMs };
}

/** What is kept of a worker: the node of its stream, its name, and how many leases it asked for. */
export function workerEntry(nodeId: string, workerId: string, maxInFlight: number): string {
  return `${nodeId}\n${maxInFlight}\n${workerId}`;
}

export function nodeOf(entry: string): string {
  return entry.split("\n", 1)[0] ?? "";
}

/** Streams of living nodes, and how many leases they could still take in this queue. */
function readWorkers(flat: readonly (Buffer | number)[], isAlive: (nodeId: string) => boolean) {
  let workers = 0;
  let freeCredit = 0;
  for (let at = 0; at + 1 < flat.length; at += 2) {
    const [nodeId = "", maxInFlight] = String(flat[at]).split("\n", 2);
    if (!isAlive(nodeId)) continue;
    workers++;
    freeCredit += Math.max(0, Number(maxInFlight) - Number(flat[at + 1]));
  }
  return { workers, freeCredit };
}

function pairs(flat: readonly Buffer[]): [string, string][] {
  const result: [string, string][] = [];
  for (let at = 0; at + 1 < flat.length; at += 2) {
    result.push([String(flat[at]), String(flat[at + 1])]);
  }
  return result;
}

function readCounters(entries: readonly [string, string][]) {
  const counters = new Map<string, number>();
  const cells: QueueSnapshot["cells"][number][] = [];
  for (const [field, value] of entries) {
    const count = Number(value);
    const [, state, reason, why] = /^c:(\d+):(\d+):(\d+)$/.exec(field) ?? [];
    if (state === undefined) {
      counters.set(field, count);
    } else if (count !== 0) {
      cells.push({
        state: storedState(Number(state)),
        reason: storedReason(Number(reason)),
        quarantineReason: storedQuarantineReason(Number(why)),
        count,
      });
    }
  }
  return { counters, cells };
}
