import { DlqError } from "../../../core/errors.ts";
import type { QueueSnapshot, SessionRecord } from "../../contract.ts";
import { LAYOUTS } from "../packed/layouts.ts";
import { optionalMs, Reader } from "../packed/reader.ts";
import type { RunOnMany } from "../script-runner.ts";
import {
  storedBreakerState,
  storedQuarantineReason,
  storedReason,
  storedState,
} from "../states.ts";

/** Has no keys: no queue may be named so. */
const NO_QUEUE = "/none";

/**
 * Returns one snapshot for each queue, in order; the error that its data causes, if that is damaged. Queues that do not exist,
 * whose names may be invented, share an empty one. `isAlive` reports whether a node gave a sign of life lately: the workers of
 * others are gone.
 */
export async function runStats(
  run: RunOnMany,
  queues: readonly string[],
  existing: ReadonlySet<string>,
  isAlive: (nodeId: string) => boolean,
): Promise<(QueueSnapshot | DlqError)[]> {
  const areAllThere = queues.every((queue) => existing.has(queue));
  const read = [...existing, ...(areAllThere ? [] : [NO_QUEUE])];
  const replies = (await run("stats", read, {})) as (StatsReply | DlqError)[];
  const snapshots = new Map(
    replies.map((reply, index) => [
      read[index],
      reply instanceof DlqError ? reply : snapshotOf(reply, isAlive),
    ]),
  );
  return queues.map((queue) => snapshots.get(existing.has(queue) ? queue : NO_QUEUE)) as (
    | QueueSnapshot
    | DlqError
  )[];
}

type StatsReply = [head: Buffer, counters: Buffer[], workers: (Buffer | number)[]];

function snapshotOf(
  [head, counters, workers]: StatsReply,
  isAlive: (nodeId: string) => boolean,
): QueueSnapshot {
  const facts = new Reader(head).read(LAYOUTS.stats);
  const { rateTokens, rateAt } = facts;
  return {
    nowMs: facts.now,
    scheduled: facts.scheduled,
    dueNow: facts.dueNow,
    isolatedDue: facts.isolatedDue,
    inFlight: facts.inFlight,
    quarantined: facts.quarantined,
    nextDueAtMs: optionalMs(facts.nextDue),
    oldestQuarantinedAtMs: optionalMs(facts.oldestQuarantined),
    oldestAtMs: optionalMs(facts.oldest),
    rates: {
      accepted: facts.accepted,
      delivered: facts.delivered,
      succeeded: facts.succeeded,
      failed: facts.failed,
    },
    breaker: {
      state: storedBreakerState(facts.breaker),
      retryAtMs: optionalMs(facts.breakerRetryAt),
    },
    openBreakers: facts.openBreakers,
    heldKeys: facts.heldKeys,
    blockingLimiters: facts.blockingLimiters,
    rateBucket: rateAt === 0 ? undefined : { tokens: rateTokens, atMs: rateAt },
    ...readCounters(pairs(counters)),
    ...readWorkers(workers, isAlive),
  };
}

/** Before the number of leases of a quiet worker. Servers that do not know quiet workers read zero: there is no room. */
const QUIET = "0e";

/** The stored entry of a worker: the node of its stream, how many leases it may hold and whether it is quiet, its name. */
export function workerEntry(
  nodeId: string,
  { workerId, maxInFlight }: Pick<SessionRecord, "workerId" | "maxInFlight">,
  quiet: boolean,
): string {
  return `${nodeId}\n${quiet ? QUIET : ""}${maxInFlight}\n${workerId}`;
}

/** The entry of a worker that is known from a record only. Empty: nothing is known of it. */
export function holderEntry(server = "", workerId = ""): string {
  if (server === "" && workerId === "") return "";
  return workerEntry(server, { workerId, maxInFlight: 0 }, false);
}

/** How many leases a worker may hold (0: unknown), and whether it takes no further ones. */
export function roomOf(entry: string): { maxInFlight: number; quiet: boolean } {
  const room = entry.split("\n", 2)[1] ?? "";
  const quiet = room.startsWith(QUIET);
  return { maxInFlight: Number(quiet ? room.slice(QUIET.length) : room) || 0, quiet };
}

export function nodeOf(entry: string): string {
  return entry.split("\n", 1)[0] ?? "";
}

export function workerOf(entry: string): string {
  return entry.split("\n").slice(2).join("\n");
}

/** Counts the streams of living nodes, quiet ones apart, and how many leases the others could still take in this queue. */
function readWorkers(flat: readonly (Buffer | number)[], isAlive: (nodeId: string) => boolean) {
  let workers = 0;
  let quietWorkers = 0;
  let freeCredit = 0;
  for (let at = 0; at + 1 < flat.length; at += 2) {
    const entry = String(flat[at]);
    if (!isAlive(nodeOf(entry))) continue;
    const { maxInFlight, quiet } = roomOf(entry);
    if (quiet) {
      quietWorkers++;
    } else {
      workers++;
      freeCredit += Math.max(0, maxInFlight - Number(flat[at + 1]));
    }
  }
  return { workers, quietWorkers, freeCredit };
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
