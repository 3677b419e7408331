import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { ConnectError } from "@connectrpc/connect";
import type {
  AckResult,
  Outcome as OutcomeMessage,
} from "../../../../gen/dlq/v1/dlq_service_pb.ts";
import { Backoff } from "../backoff.ts";
import { callErrorOf, isForGood, isTooLargeOnTheWay } from "../call-error.ts";
import { failureBytes } from "../letter.ts";
import type { Line } from "../line.ts";
import type { HeldDelivery } from "./delivery.ts";
import { type Outcome, outcomeMessage } from "./outcome.ts";

/** A delivery whose outcome is known here, and not yet to the server. */
export interface Unreported {
  readonly held: HeldDelivery;
  readonly outcome: Outcome;
}

/** What {@link Acks} are made of. */
export interface AcksOptions {
  readonly line: Line;
  readonly onAnswered: (one: Unreported, result: AckResult | undefined) => void;
  /** The server never said whether it counts. */
  readonly onGivenUp: (one: Unreported, error: ConnectError) => void;
}

const MOST_OUTCOMES = 1_000;
/** Of one call: many a proxy takes no more than 1 MiB. */
const MOST_BYTES = 768 * 1024;
const OUTCOME_BYTES = 2_048;
const MOST_CALLS = 4;
/** How long an outcome waits for others while a call is under way. */
const DELAY_MS = 1;
const TRY_TIMEOUT_MS = 5_000;
/** After an outage the server waits this much longer than the lease. */
const EXPIRY_GRACE_MS = 30_000;

/** Reports outcomes, those that come together in one call, again and again until they can't count. */
export class Acks {
  /** How long leases are; known once the stream is open. */
  leaseMs = 30_000;
  readonly #options: AcksOptions;
  #waiting: Unreported[] = [];
  #waitingBytes = 0;
  #isScheduled = false;
  #delay: NodeJS.Timeout | undefined;
  readonly #calls = new Set<Promise<void>>();
  readonly #end = new AbortController();

  constructor(options: AcksOptions) {
    this.#options = options;
  }

  add(one: Unreported): void {
    this.#waiting.push(one);
    this.#waitingBytes += bytesOf(one.outcome);
    if (this.#calls.size === 0 || this.#isFull()) this.#schedule();
    else this.#delay ??= setTimeout(this.#onTurn, DELAY_MS);
  }

  /** Resolves when everything added so far is answered or given up. */
  async flush(): Promise<void> {
    while (this.#waiting.length > 0 || this.#calls.size > 0) {
      this.#pump();
      await Promise.race(this.#calls);
    }
  }

  /** Gives up what has no answer yet, and resolves when all that is told. */
  abandon(): Promise<void> {
    this.#end.abort();
    return this.flush();
  }

  #isFull(): boolean {
    return this.#waiting.length >= MOST_OUTCOMES || this.#waitingBytes >= MOST_BYTES;
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(this.#onTurn);
  }

  readonly #onTurn = (): void => {
    this.#isScheduled = false;
    clearTimeout(this.#delay);
    this.#delay = undefined;
    this.#pump();
  };

  #pump(): void {
    while (this.#waiting.length > 0 && this.#calls.size < MOST_CALLS) {
      const giveUpAtMs = performance.now() + this.leaseMs + EXPIRY_GRACE_MS;
      const call = this.#report(this.#take(), giveUpAtMs).finally(() => {
        this.#calls.delete(call);
        if (this.#waiting.length > 0) this.#schedule();
      });
      this.#calls.add(call);
    }
  }

  #take(): readonly Unreported[] {
    let count = 0;
    let bytes = 0;
    for (const { outcome } of this.#waiting) {
      bytes += bytesOf(outcome);
      if (count === MOST_OUTCOMES || (count > 0 && bytes > MOST_BYTES)) break;
      count++;
    }
    const taken = this.#waiting.slice(0, count);
    this.#waiting = this.#waiting.slice(count);
    this.#waitingBytes = this.#waiting.reduce((sum, { outcome }) => sum + bytesOf(outcome), 0);
    return taken;
  }

  async #report(batch: readonly Unreported[], giveUpAtMs: number): Promise<void> {
    const requestId = randomUUID();
    const backoff = new Backoff(20, 1_000);
    const outcomes: OutcomeMessage[] = batch.map(({ held, outcome }) =>
      outcomeMessage(held.leaseToken, outcome),
    );
    const { line } = this.#options;
    for (;;) {
      const { stubs } = line;
      try {
        const request = { requestId, outcomes };
        const call = { timeoutMs: TRY_TIMEOUT_MS, signal: this.#end.signal };
        const { results } = await stubs.ack(request, call);
        for (const [at, one] of batch.entries()) this.#options.onAnswered(one, results[at]);
        return;
      } catch (reason) {
        const error = callErrorOf(reason);
        line.failed(stubs, error);
        const isOver = this.#end.signal.aborted || performance.now() > giveUpAtMs;
        const isTooLarge = isTooLargeOnTheWay(error);
        if (!isOver && isTooLarge && batch.length > 1) {
          const half = Math.ceil(batch.length / 2);
          await this.#report(batch.slice(0, half), giveUpAtMs);
          return this.#report(batch.slice(half), giveUpAtMs);
        }
        if (isOver || isTooLarge || isForGood(error)) {
          for (const one of batch) this.#options.onGivenUp(one, error);
          return;
        }
      }
      await sleep(backoff.nextMs(), undefined, { signal: this.#end.signal }).catch(() => {});
    }
  }
}

function bytesOf({ result }: Outcome): number {
  const failure = result.case === "failed" ? result.value.failure : undefined;
  return failure === undefined ? OUTCOME_BYTES : OUTCOME_BYTES + failureBytes(failure);
}
