/** A queue at one instant, as far as it matters to "why does nothing move?". Counts are >= 0. */
export interface QueueSnapshot {
  /** Waiting, whether due or not. */
  scheduled: number;
  /** Scheduled and due by now. */
  dueNow: number;
  inFlight: number;
  quarantined: number;
  /** Open streams that ask for this queue, on all nodes. */
  workers: number;
  /** Until the first scheduled message is due; absent when none is scheduled. */
  nextDueInMs?: number | undefined;
  /** Due messages that only a stream with nothing else in flight may get. */
  isolatedDue?: number | undefined;
  /** Deliveries that the streams could still take; absent when not known. */
  freeCredit?: number | undefined;
  paused?: boolean | undefined;
  pausedReason?: string | undefined;
  /** It ends by itself then; absent: when somebody ends it. */
  pausedUntilAtMs?: number | undefined;
  breakerOpen?: boolean | undefined;
  /** Breakers that are not closed, of the queue or of its keys. */
  openBreakers?: number | undefined;
  /** Keys, and the retry budget, that hold due messages back. */
  blockingLimiters?: number | undefined;
  /** Ordering keys that wait behind a quarantined message. */
  heldKeys?: number | undefined;
  /** Until the queue's own rate lets something go; 0 or absent: it does now. */
  nextTokenInMs?: number | undefined;
}

export type QueueConditionCode =
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
  | "DELIVERING";

export interface QueueCondition {
  code: QueueConditionCode;
  /** For people: the state, and what to do about it. */
  text: string;
}

/**
 * Every cause that holds, the one to act on first. Never empty, and DELIVERING is never beside a
 * cause that may stop everything.
 */
export function queueConditions(queue: QueueSnapshot): QueueCondition[] {
  const { scheduled, dueNow, inFlight, quarantined, workers } = queue;
  const isolatedDue = Math.min(queue.isolatedDue ?? 0, dueNow);
  const answers: QueueCondition[] = [];
  // Also of an empty queue: whoever paused it wants to see that it holds before something comes.
  if (queue.paused) answers.push({ code: "PAUSED", text: pausedText(queue) });
  if (scheduled + inFlight === 0) {
    answers.push(
      quarantined === 0
        ? { code: "EMPTY", text: "The queue is empty; nothing to do." }
        : { code: "ALL_QUARANTINED", text: quarantinedText(quarantined) },
    );
    return answers;
  }
  if (queue.breakerOpen) {
    answers.push({
      code: "BREAKER_OPEN",
      text: "Too many attempts fail, so delivery waits; repair what the workers call, it resumes by itself.",
    });
  }
  answers.push(...partlyHeld(queue));
  if (workers === 0) {
    answers.push({ code: "NO_WORKERS", text: noWorkersText(inFlight) });
  }
  if (scheduled > 0 && dueNow === 0) {
    answers.push({ code: "NOTHING_DUE", text: nothingDueText(queue) });
  }
  if (queue.paused || queue.breakerOpen || workers === 0) return answers;

  const busy = dueNow > 0 && queue.freeCredit === 0;
  if (busy) {
    answers.push({
      code: "WORKERS_BUSY",
      text: `The open streams (${workers}) are full with ${inFlight} in flight, and ${count(dueNow, "due message")} must wait; acknowledge faster, raise max_in_flight or add workers.`,
    });
  }
  // Their turn comes when a stream has nothing else, so other traffic delays them.
  if (isolatedDue > 0 && inFlight > 0) {
    answers.push({
      code: "ISOLATING",
      text: `${count(isolatedDue, "message")} lost the lease repeatedly and wait for a worker with nothing else in flight; look for crashes or for leases that are too short.`,
    });
  }
  // Full streams may just as well be stuck, and a rate may let one go an hour: not called moving.
  if (!busy && (inFlight > 0 || (dueNow > 0 && !isRateUsedUp(queue)))) {
    answers.push({ code: "DELIVERING", text: "Workers are being served." });
  }
  return answers;
}

function pausedText({ pausedReason = "", pausedUntilAtMs }: QueueSnapshot): string {
  const why = pausedReason === "" ? "" : ` (${pausedReason})`;
  return pausedUntilAtMs === undefined
    ? `The queue is paused${why}; resume it to deliver.`
    : `The queue is paused${why} until ${new Date(pausedUntilAtMs).toISOString()}; wait, or resume it to deliver.`;
}

/** What holds some of the messages back, while others go on. */
function partlyHeld(queue: QueueSnapshot): QueueCondition[] {
  const { breakerOpen, openBreakers = 0, blockingLimiters = 0, heldKeys = 0 } = queue;
  const answers: QueueCondition[] = [];
  if (isRateUsedUp(queue)) {
    answers.push({
      code: "LIMITED",
      text: `The queue's rate is used up; due messages follow at that rate, the next one in ${seconds(queue.nextTokenInMs)} s. Raise it to go faster.`,
    });
  }
  if (!breakerOpen && openBreakers > 0) {
    answers.push({
      code: "BREAKER_OPEN",
      text: `Too many attempts fail for ${count(openBreakers, "key")}, so their messages wait; the others go on. DlqAdminService.ListBreakers names them.`,
    });
  }
  if (blockingLimiters > openBreakers) {
    const limits = count(blockingLimiters - openBreakers, "limit");
    answers.push({
      code: "LIMITED",
      text: `${limits} by key or of retries hold due messages back for now; they follow by themselves.`,
    });
  }
  if (heldKeys > 0) {
    answers.push({
      code: "ORDER_HELD",
      text: `${count(heldKeys, "ordering key")} wait behind a quarantined message; retry or remove it, or call ReleaseOrderingKey.`,
    });
  }
  return answers;
}

function isRateUsedUp({ dueNow, nextTokenInMs = 0 }: QueueSnapshot): boolean {
  return dueNow > 0 && nextTokenInMs > 0;
}

function quarantinedText(quarantined: number): string {
  const all = quarantined === 1 ? "The one message is" : `All ${quarantined} messages are`;
  return `${all} in quarantine, which is never retried by itself; find the cause, then Retry.`;
}

function noWorkersText(inFlight: number): string {
  const lost =
    inFlight === 0 ? "" : `; ${inFlight} in flight are acknowledged or come back after their lease`;
  return `No worker has a StreamDue open for this queue; start one${lost}.`;
}

function nothingDueText(queue: QueueSnapshot): string {
  const next =
    queue.nextDueInMs === undefined ? "" : `; the first is due in ${seconds(queue.nextDueInMs)} s`;
  return `${count(queue.scheduled, "message")} scheduled, none due yet${next}; wait, or call Retry to make them due now.`;
}

/** Never sooner than it is. */
function seconds(ms = 0): number {
  return Math.ceil(Math.max(0, ms) / 1000);
}

function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? "" : "s"}`;
}
