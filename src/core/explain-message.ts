import type { BreakerState } from "./delivery-status.ts";
import type { GoneState, StoredState } from "./message.ts";
import type { QueueConditionCode } from "./queue-conditions.ts";
import type { QuarantineReason } from "./reason.ts";

/** One reason why a message is where it is, and what would move it. */
export interface Explanation {
  /** For people. */
  text: string;
  /** When it ends by itself, if that is known. */
  untilMs?: number | undefined;
}

/** The facts about a message that explain where it is. */
export interface MessageSituation {
  id: string;
  nowMs: number;
  state: StoredState;
  sinceMs: number;
  dueAtMs: number;
  quarantineReason: QuarantineReason | undefined;
  /** When its quarantine ends; undefined: never. */
  retentionEndsAtMs: number | undefined;
  /** The decision that put it into its state; empty: unknown, or none. */
  decision: string;
  workerId: string | undefined;
  /** Whether the worker's stream has ended. */
  streamEnded: boolean;
  leaseExpireAtMs: number | undefined;
  movesTo: string | undefined;
  isolated: boolean;
  /** What holds it back; undefined: nothing, or it is not scheduled. */
  blocks: MessageHold | undefined;
  /** Of its queue, as `Stats` reports them. */
  conditions: readonly { code: string; message: string; partly?: boolean }[];
}

/** What holds back a scheduled message besides its due time. */
export interface MessageHold {
  limiter: "key" | "budget" | undefined;
  key: string;
  inFlightOfKey: number;
  checkAtMs: number | undefined;
  breaker: { state: BreakerState; retryAtMs: number | undefined };
  behind:
    | {
        id: string;
        orderingKey: string;
        state: StoredState | GoneState | undefined;
        holdEndsAtMs: number | undefined;
      }
    | undefined;
  /** Undefined: unknown. */
  ahead: number | undefined;
}

/** Returns at least one explanation, the one to act on first. */
export function explainMessage(message: MessageSituation): Explanation[] {
  switch (message.state) {
    case "QUARANTINED":
      return [quarantined(message)];
    case "IN_FLIGHT":
      return [inFlight(message)];
    case "SCHEDULED":
      return scheduled(message);
  }
}

const QUARANTINE_CAUSES: Readonly<Record<QuarantineReason, string>> = {
  NON_RETRYABLE: "no retry can help: its failure was reported so, or the queue says so",
  POISON: "its source_id was sent too often within the poison window",
  RETRIES_EXHAUSTED: "as many attempts failed as its policy allows",
  CRASH_LOOP: "its leases expired again and again without an outcome: it may crash its workers",
  TTL_EXPIRED: "its time to live ended before a worker took it",
  WORKER_REQUEST: "a worker quarantined it",
  PRODUCER_REQUEST: "it was sent so",
  RULE: "a routing rule quarantined it",
  OPERATOR_REQUEST: "somebody brought it there by a batch job",
};

function quarantined(message: MessageSituation): Explanation {
  const { id, sinceMs, quarantineReason, decision, retentionEndsAtMs } = message;
  const cause =
    quarantineReason === undefined ? "" : `, because ${QUARANTINE_CAUSES[quarantineReason]}`;
  const then =
    retentionEndsAtMs === undefined
      ? "It stays there until somebody decides"
      : "It is removed when its time in quarantine ends";
  return {
    text: `It has been in quarantine since ${timeOf(sinceMs)}${cause}${inBrackets(decision)}. ${then}; to try it again, repair the cause and call Retry with "ids": ["${id}"].`,
    untilMs: retentionEndsAtMs,
  };
}

function inFlight(message: MessageSituation): Explanation {
  const { workerId, streamEnded, sinceMs, leaseExpireAtMs } = message;
  const since = timeOf(sinceMs);
  const worker = workerId === undefined ? "A worker" : `Worker ${workerId}`;
  return {
    text: streamEnded
      ? `${worker} got it at ${since}, and its stream has ended. It is due again when the lease ends, unless the worker still reports the outcome.`
      : `${worker} has held it since ${since}. It moves when the worker reports the outcome. It is due again when the lease ends; a worker that hangs may extend it for ever: call QuietWorker, then BreakLease.`,
    untilMs: leaseExpireAtMs,
  };
}

function scheduled(message: MessageSituation): Explanation[] {
  const { movesTo, dueAtMs, nowMs, decision, id, conditions } = message;
  if (movesTo !== undefined) {
    return [{ text: `A routing rule is moving it to queue ${movesTo}; this takes some seconds.` }];
  }
  const ofQueue = conditions.filter(({ code, partly = false }) => BLOCKING.has(code) && !partly);
  if (dueAtMs > nowMs) {
    const wait = `It waits for its due time${inBrackets(decision)}; to deliver it now, call Retry with "ids": ["${id}"].`;
    const paused = ofQueue.filter(({ code }) => code === "PAUSED");
    return [{ text: wait, untilMs: dueAtMs }, ...paused.map(({ message: text }) => ({ text }))];
  }
  const own = ownBlock(message);
  const shared = ofQueue.map(({ message: text }) => ({ text }));
  return own === undefined ? [...shared, due(message, shared.length > 0)] : [own, ...shared];
}

/** Conditions of a queue that hold back each of its due messages. */
const BLOCKING: ReadonlySet<string> = new Set<QueueConditionCode>([
  ...(["DAMAGED", "PAUSED", "BREAKER_OPEN", "NO_WORKERS", "WORKERS_BUSY", "LIMITED"] as const),
]);

/** What holds back this message, but not all others. */
function ownBlock({ isolated, blocks }: MessageSituation): Explanation | undefined {
  if (blocks?.behind !== undefined) return waitsBehind(blocks.behind);
  if (blocks?.limiter === "key") return blockedByKey(blocks);
  if (blocks?.limiter === "budget") {
    return {
      text: "It failed before, and the retry budget of its queue is used up: retries wait until more first deliveries have paid for them.",
      untilMs: blocks.checkAtMs,
    };
  }
  if (!isolated) return undefined;
  return {
    text: "Leases of it expired repeatedly, so it is delivered alone: it waits for a worker that holds nothing else. Look for crashes or for leases that are too short.",
  };
}

function waitsBehind({
  id,
  orderingKey,
  state = "SCHEDULED",
  holdEndsAtMs,
}: NonNullable<MessageHold["behind"]>): Explanation {
  const text = `It waits behind message ${id} of ordering key ${orderingKey}, which is ${state}`;
  if (state !== "QUARANTINED") return { text: `${text}; it is next when that one has ended.` };
  return {
    text: `${text}: retry that one, or call ReleaseOrderingKey with "ordering_key": "${orderingKey}".`,
    untilMs: holdEndsAtMs,
  };
}

function blockedByKey({ key, breaker, inFlightOfKey, checkAtMs }: MessageHold): Explanation {
  if (breaker.state === "OPEN") {
    return {
      text: `The breaker of key ${key} is open, because too many attempts failed; then it lets probes through. Repair what the workers call, or call ResetBreaker.`,
      untilMs: breaker.retryAtMs,
    };
  }
  if (breaker.state === "HALF_OPEN") {
    return {
      text: `The breaker of key ${key} lets only probes through; it closes when they succeed.`,
      untilMs: checkAtMs,
    };
  }
  return {
    text: `Key ${key} has reached its rate or its limit of messages in flight (${inFlightOfKey} are); it goes on when there is room.`,
    untilMs: checkAtMs,
  };
}

function due({ dueAtMs, blocks }: MessageSituation, isBlocked: boolean): Explanation {
  const since = `It has been due since ${timeOf(dueAtMs)}`;
  const ahead = blocks?.ahead;
  if (ahead === undefined)
    return { text: `${since}; a worker gets it when those before it have been delivered.` };
  if (ahead > 0) return { text: `${since}, behind ${ahead} that were due before.` };
  return { text: isBlocked ? `${since}.` : `${since}; a worker gets it next.` };
}

function inBrackets(decision: string): string {
  return decision === "" ? "" : ` (${decision})`;
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}
