import type { Claimed, TickReply } from "../../store/contract.ts";
import type { Session } from "./session.ts";

// Isolated delivery. A message whose leases expired repeatedly may crash its worker, so it is
// delivered alone: to a session that holds nothing and reserves nothing else (`canIsolate`), and
// nothing is added until the message has an outcome. A message larger than the free bytes of every
// session also needs an empty session, unless a lease ends and it fits. If no session is empty, one takes nothing more until it
// is; for a large message it still takes that.
// The store claims isolated messages: src/store/redis/lua/tick/claims.lua.

/** An isolated message that found no empty session is tried again after this time. */
const RETRY_ISOLATED_MS = 1_000;

/** The claimable messages of a queue. Times are on this process's monotonic clock, in milliseconds. */
export interface ClaimableWork {
  /** When a claim can take something. */
  dueAtMs: number;
  /** Whether a due message needs an empty session. */
  isolatedDue: boolean;
  /** Whether a due message may go to any session with room. */
  normalDue: boolean;
  /** Whether only the size of the first message keeps it from a session that is not empty. */
  onlyTooLarge: boolean;
}

/** Reads the claimable messages from a tick's reply. */
export function claimableAfter(
  reply: TickReply,
  before: ClaimableWork,
  now: number,
): ClaimableWork {
  const { nowMs, nextDueAtMs, nextIsolatedAtMs, headTooLarge } = reply;
  const at = (storeMs: number | undefined) =>
    storeMs === undefined ? Number.POSITIVE_INFINITY : now + Math.max(0, storeMs - nowMs);
  const isDue = (storeMs: number | undefined) => storeMs !== undefined && storeMs <= nowMs;
  const isolatedIsDue = isDue(nextIsolatedAtMs);
  const isolatedDue = isolatedIsDue || headTooLarge;
  // If it was due before, no empty session was found: only a lease that ends changes that.
  const retryAt = isolatedDue && before.isolatedDue ? now + RETRY_ISOLATED_MS : now;
  const isolatedAt = isolatedIsDue ? retryAt : at(nextIsolatedAtMs);
  const normalAt = headTooLarge ? retryAt : at(nextDueAtMs);
  return {
    dueAtMs: Math.min(isolatedAt, normalAt),
    isolatedDue,
    normalDue: isDue(nextDueAtMs) && !headTooLarge,
    onlyTooLarge: headTooLarge && !isolatedIsDue,
  };
}

/** The state of one session for isolated delivery. */
export class SessionIsolation {
  /** Isolated messages that the session holds. */
  #held = 0;
  /** Whether an open reservation may bring an isolated message. */
  #reserved = false;
  /** The queue for which the session takes nothing more until it is empty; `onlyTooLarge`: it may have what fits of that one. */
  #emptyingFor: { readonly queue: string; readonly onlyTooLarge: boolean } | undefined;
  #wasIsolated = false;
  readonly #onOpen: () => void;

  /** `onOpen` is called when the session takes messages again. */
  constructor(onOpen: () => void) {
    this.#onOpen = onOpen;
  }

  /** Whether the session takes nothing more until it is empty. */
  get isEmptying(): boolean {
    return this.#emptyingFor !== undefined;
  }

  /** Whether the session holds an isolated message or must become empty for one. */
  get isClosed(): boolean {
    return this.#held > 0 || this.isEmptying;
  }

  /** Whether the last claim brought an isolated message. */
  get wasIsolated(): boolean {
    return this.#wasIsolated;
  }

  /** Whether a claim of this queue is allowed. */
  allows(queue: string, isEmpty: boolean): boolean {
    if (this.#held > 0 || this.#reserved) return false;
    const emptyingFor = this.#emptyingFor;
    if (emptyingFor === undefined) return true;
    return emptyingFor.queue === queue && (isEmpty || emptyingFor.onlyTooLarge);
  }

  reserve(canIsolate: boolean): void {
    this.#reserved = canIsolate;
  }

  settle(canIsolate: boolean, claimed: readonly Claimed[]): void {
    this.#wasIsolated = claimed.some(({ isolated }) => isolated);
    if (!canIsolate) return;
    this.#reserved = false;
    if (claimed.length > 0) this.#emptyingFor = undefined;
  }

  /** Counts an isolated message that the session now holds (1) or no longer holds (-1). */
  hold(change: 1 | -1): void {
    this.#held += change;
  }

  /** Takes nothing more until the session is empty, then only messages of this queue. `onlyTooLarge`: of this queue what fits. */
  emptyFor(queue: string, onlyTooLarge: boolean): void {
    if (this.#emptyingFor !== undefined && this.#emptyingFor.queue !== queue) return;
    this.#emptyingFor = { queue, onlyTooLarge };
  }

  stopEmptying(queue: string): void {
    if (this.#emptyingFor?.queue !== queue) return;
    this.#emptyingFor = undefined;
    this.#onOpen();
  }
}

/** Isolated delivery of one queue on this server: chooses the session that must become empty. */
export class QueueIsolation {
  readonly #queue: string;
  #chosen: { session: Session; since: number } | undefined;

  constructor(queue: string) {
    this.#queue = queue;
  }

  /** Whether to offer the session for an isolated message. After one, other due messages go first. */
  isWanted({ isolation }: Session, { isolatedDue, normalDue }: ClaimableWork): boolean {
    return isolatedDue && !(isolation.wasIsolated && normalDue);
  }

  /**
   * After a tick. `offered`: a session that can isolate took part. If an isolated message is due and
   * none was offered, the session that holds least must become empty. If it keeps its messages for
   * longer than a lease, or is quiet, another one is chosen.
   */
  update(
    { isolatedDue, onlyTooLarge }: ClaimableWork,
    sessions: readonly Session[],
    offered: boolean,
    leaseMs: number,
    wake: () => void,
  ): void {
    const now = performance.now();
    const chosen = this.#chosen;
    const isLate = chosen !== undefined && now - chosen.since > leaseMs;
    if (chosen && (!isolatedDue || isLate || !isStillEmptying(chosen.session))) {
      chosen.session.isolation.stopEmptying(this.#queue);
      this.#chosen = undefined;
    }
    if (!isolatedDue) return;
    const taking = sessions.filter(({ quiet }) => !quiet);
    for (const session of taking) {
      session.requestReconcile();
      session.onceLeaseEnded(wake);
    }
    this.#chosen?.session.isolation.emptyFor(this.#queue, onlyTooLarge);
    if (this.#chosen !== undefined || offered) return;
    const others = taking.filter((session) => session !== chosen?.session || !isLate);
    const next = others.toSorted((a, b) => a.held - b.held)[0] ?? taking[0];
    if (next === undefined || next.isolation.isEmptying) return;
    next.isolation.emptyFor(this.#queue, onlyTooLarge);
    this.#chosen = { session: next, since: now };
  }
}

function isStillEmptying(session: Session): boolean {
  return !session.ended && !session.quiet && session.isolation.isEmptying;
}
