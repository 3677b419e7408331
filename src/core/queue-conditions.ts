/** The facts about a queue that explain why messages are not delivered. Counts are >= 0. */
export interface QueueSnapshot {
  /** Scheduled messages, due or not. */
  scheduled: number;
  /** Scheduled messages that are due. */
  dueNow: number;
  inFlight: number;
  quarantined: number;
  /** Nothing has ever come into it, or it was deleted. */
  isUnused?: boolean | undefined;
  /** Open worker sessions for this queue that take messages, on all servers. */
  workers: number;
  /** Open worker sessions that take no further messages. */
  quietWorkers?: number | undefined;
  /** Time until the first scheduled message is due; absent if none is scheduled. */
  nextDueInMs?: number | undefined;
  /** Due messages that need isolated delivery. */
  isolatedDue?: number | undefined;
  /** How many more messages the worker sessions can take; absent if unknown. */
  freeCredit?: number | undefined;
  paused?: boolean | undefined;
  pausedReason?: string | undefined;
  /** When the pause ends; absent: it must be ended by hand. */
  pausedUntilAtMs?: number | undefined;
  breakerOpen?: boolean | undefined;
  /** Breakers that are not closed, of the queue or of its keys. */
  openBreakers?: number | undefined;
  /** Limiter keys, and the retry budget, that block due messages. */
  blockingLimiters?: number | undefined;
  /** Ordering keys that wait behind a quarantined message. */
  heldKeys?: number | undefined;
  /** Time until the queue's rate allows the next delivery; 0 or absent: now. */
  nextTokenInMs?: number | undefined;
  /** Why sends are refused, and what to do; absent: they are accepted. */
  sendsRefused?: string | undefined;
}

export type QueueConditionCode =
  | "DAMAGED"
  | "SENDS_REFUSED"
  | "EMPTY"
  | "ALL_QUARANTINED"
  | "PAUSED"
  | "BREAKER_OPEN"
  | "NO_WORKERS"
  | "NOTHING_DUE"
  | "WORKERS_BUSY"
  | "ISOLATING"
  | "LIMITED"
  | "ORDER_HELD"
  | "QUARANTINED"
  | "DELIVERING";

export interface QueueCondition {
  code: QueueConditionCode;
  /** For people: the state and what to do. */
  text: string;
  /** It holds back some messages only, while others are delivered. */
  partly?: boolean;
}

/**
 * Returns every condition that holds, the one to act on first. Never empty. DELIVERING is never
 * listed with a condition that may block everything.
 */
export function queueConditions(queue: QueueSnapshot): QueueCondition[] {
  const { scheduled, dueNow, inFlight, quarantined, workers } = queue;
  const isolatedDue = Math.min(queue.isolatedDue ?? 0, dueNow);
  const conditions: QueueCondition[] = [];
  if (queue.sendsRefused !== undefined) {
    const text = `Sends are refused: ${queue.sendsRefused}. Deliveries, outcomes and Retry go on.`;
    conditions.push({ code: "SENDS_REFUSED", text });
  }
  // Also for an empty queue, so that an operator can check a pause in advance.
  if (queue.paused) conditions.push({ code: "PAUSED", text: pausedText(queue) });
  if (scheduled + inFlight === 0) {
    conditions.push(
      quarantined === 0
        ? { code: "EMPTY", text: emptyText(queue) }
        : { code: "ALL_QUARANTINED", text: quarantinedText(quarantined, "All ") },
    );
    return conditions;
  }
  if (queue.breakerOpen) {
    conditions.push({
      code: "BREAKER_OPEN",
      text: "The breaker is open because too many attempts fail; repair what the workers call. Delivery then resumes automatically.",
    });
  }
  conditions.push(...partlyBlocked(queue));
  if (workers === 0) {
    conditions.push({ code: "NO_WORKERS", text: noWorkersText(queue) });
  }
  if (scheduled > 0 && dueNow === 0) {
    conditions.push({ code: "NOTHING_DUE", text: nothingDueText(queue) });
  }
  // What holds back due messages comes before what can wait.
  const late: QueueCondition[] =
    quarantined > 0 ? [{ code: "QUARANTINED", text: quarantinedText(quarantined, "") }] : [];
  if (queue.paused || queue.breakerOpen || workers === 0) return [...conditions, ...late];

  const busy = dueNow > 0 && queue.freeCredit === 0;
  if (busy) {
    conditions.push({
      code: "WORKERS_BUSY",
      text: `The open streams (${workers}${besides(queue)}) are full: ${inFlight} in flight, ${count(dueNow, "due message")} waiting; acknowledge faster, raise max_in_flight or add workers. ListWorkers shows whether one of them hangs.`,
    });
  }
  // They wait for a worker session that holds nothing, so other messages delay them.
  if (isolatedDue > 0 && inFlight > 0) {
    conditions.push({
      code: "ISOLATING",
      text: `Isolated delivery: leases of ${count(isolatedDue, "message")} expired repeatedly, so delivery waits for a worker with nothing else in flight; look for crashes or for leases that are too short.`,
    });
  }
  conditions.push(...late);
  // Not DELIVERING: full workers may be stuck, and a rate may allow one message an hour.
  if (!busy && (inFlight > 0 || (dueNow > 0 && !isRateUsedUp(queue)))) {
    conditions.push({ code: "DELIVERING", text: "Messages are being delivered." });
  }
  return conditions;
}

/** The one condition of a queue whose data is damaged. `cause`: the error of the store. */
export function damaged(cause: string): QueueCondition {
  return {
    code: "DAMAGED",
    text: `Redis cannot read the data of the queue (${cause}): its counts are unknown, and calls for it may fail; other queues go on. Find the key that another program has overwritten, and restore that key.`,
  };
}

const RESUME = 'to resume it, call UpdateQueue with "pause": {} in its config';

function pausedText({ pausedReason = "", pausedUntilAtMs }: QueueSnapshot): string {
  const why = pausedReason === "" ? "" : ` (${pausedReason})`;
  return pausedUntilAtMs === undefined
    ? `The queue is paused${why}; ${RESUME}.`
    : `The queue is paused${why} until ${new Date(pausedUntilAtMs).toISOString()}; wait, or ${RESUME}.`;
}

/** Conditions that block some messages while others are delivered. */
function partlyBlocked(queue: QueueSnapshot): QueueCondition[] {
  const { breakerOpen, openBreakers = 0, blockingLimiters = 0, heldKeys = 0 } = queue;
  const conditions: QueueCondition[] = [];
  if (isRateUsedUp(queue)) {
    conditions.push({
      code: "LIMITED",
      text: `The queue's rate limit is used up; the next message is delivered in ${seconds(queue.nextTokenInMs)} s. Raise rate.per_second by UpdateQueue to deliver faster.`,
    });
  }
  if (!breakerOpen && openBreakers > 0) {
    conditions.push({
      code: "BREAKER_OPEN",
      text: `The breakers of ${count(openBreakers, "key")} are open because too many attempts fail; messages of other keys are delivered. ListBreakers names the keys.`,
      partly: true,
    });
  }
  if (blockingLimiters > openBreakers) {
    const limits = count(blockingLimiters - openBreakers, "limit");
    conditions.push({
      code: "LIMITED",
      text: `${limits} by key or of the retry budget block due messages for now; they are delivered later automatically.`,
      partly: true,
    });
  }
  if (heldKeys > 0) {
    conditions.push({
      code: "ORDER_HELD",
      text: `Blocked behind a quarantined message: ${count(heldKeys, "ordering key")}; retry the message, or call ReleaseOrderingKey to deliver those behind it.`,
      partly: true,
    });
  }
  return conditions;
}

function isRateUsedUp({ dueNow, nextTokenInMs = 0 }: QueueSnapshot): boolean {
  return dueNow > 0 && nextTokenInMs > 0;
}

function quarantinedText(quarantined: number, all: "All " | ""): string {
  const are = quarantined === 1 ? "1 message is" : `${all}${quarantined} messages are`;
  return `${are} in quarantine and not retried automatically; find the cause, then call ${retryCall("{}", quarantined)}.`;
}

/** Advises a call that people can paste: the fields of the request beside the queue. */
function retryCall(filter: string, expectedCount: number): string {
  return `Retry with "filter": ${filter}, "expected_count": ${expectedCount}`;
}

function emptyText({ isUnused = false }: QueueSnapshot): string {
  return isUnused
    ? "Nothing has come into this queue, or it was deleted; if you expected messages, compare its name."
    : "The queue is empty; nothing to do.";
}

function noWorkersText({ inFlight, quietWorkers = 0 }: QueueSnapshot): string {
  const lost =
    inFlight === 0
      ? ""
      : `; ${inFlight} in flight will be acknowledged, or become due when their leases end`;
  if (quietWorkers > 0) {
    const are = quietWorkers === 1 ? "1 worker is" : `${quietWorkers} workers are`;
    return `${are} quiet, and no other has a StreamDue open for this queue; call QuietWorker with "quiet": false and a session that ListWorkers names, or start another worker${lost}.`;
  }
  return `No worker has a StreamDue open for this queue; start one${lost}.`;
}

function besides({ quietWorkers = 0 }: QueueSnapshot): string {
  return quietWorkers === 0 ? "" : `, besides ${quietWorkers} quiet`;
}

function nothingDueText(queue: QueueSnapshot): string {
  const next =
    queue.nextDueInMs === undefined ? "" : `; the first is due in ${seconds(queue.nextDueInMs)} s`;
  const retry = retryCall('{"states": ["MESSAGE_STATE_SCHEDULED"]}', queue.scheduled);
  return `${count(queue.scheduled, "message")} scheduled, none due yet${next}; wait, or call ${retry} to make them due now.`;
}

/** Rounds up. */
function seconds(ms = 0): number {
  return Math.ceil(Math.max(0, ms) / 1000);
}

function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? "" : "s"}`;
}
