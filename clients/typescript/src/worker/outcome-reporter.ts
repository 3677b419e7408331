import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { ConnectError } from "@connectrpc/connect";
import {
  type AckResult,
  AckStatus,
  type Outcome as OutcomeMessage,
} from "../../../../gen/dlq/v1/dlq_service_pb.ts";
import { Backoff } from "../backoff.ts";
import { callErrorOf, isPermanent, isTooLargeForProxy } from "../call-error.ts";
import type { ReconnectingChannel } from "../reconnecting-channel.ts";
import { failureBytes } from "../send-request.ts";
import type { HeldDelivery } from "./delivery.ts";
import { type Outcome, outcomeMessage, resultOf } from "./outcome.ts";

/** A delivery whose outcome the server has not confirmed. */
export interface Unreported {
  readonly held: HeldDelivery;
  readonly outcome: Outcome;
}

/** Options of {@link OutcomeReporter}. */
export interface OutcomeReporterOptions {
  readonly channel: ReconnectingChannel;
  readonly onAnswered: (one: Unreported, result: AckResult | undefined) => void;
  /** Called if it is unknown whether the outcome counts. */
  readonly onGivenUp: (one: Unreported, error: ConnectError) => void;
}

const MAX_OUTCOMES = 1_000;
/** Limit of a call: many proxies refuse calls above 1 MiB. */
const MAX_BYTES = 768 * 1024;
const OUTCOME_BYTES = 2_048;
const MAX_CALLS = 4;
/** How long an outcome waits for others while a call is running. */
const DELAY_MS = 1;
const TRY_TIMEOUT_MS = 5_000;
/** How much longer than the lease the server waits after an outage. */
const EXPIRY_GRACE_MS = 30_000;

/** Reports outcomes. Concurrent ones share a call. Retries until they can no longer count. */
export class OutcomeReporter {
  /** Length of a lease. The stream sets it when it opens. */
  leaseMs = 30_000;
  readonly #options: OutcomeReporterOptions;
  #waiting: Unreported[] = [];
  #waitingBytes = 0;
  #isScheduled = false;
  #delay: NodeJS.Timeout | undefined;
  readonly #calls = new Set<Promise<void>>();
  readonly #end = new AbortController();

  constructor(options: OutcomeReporterOptions) {
    this.#options = options;
  }

  add(one: Unreported): void {
    this.#waiting.push(one);
    this.#waitingBytes += bytesOf(one.outcome);
    if (this.#calls.size === 0 || this.#isFull()) this.#schedule();
    else this.#delay ??= setTimeout(this.#onTurn, DELAY_MS);
  }

  /** Resolves when every outcome so far is answered or given up. */
  async flush(): Promise<void> {
    while (this.#waiting.length > 0 || this.#calls.size > 0) {
      this.#startCalls();
      await Promise.race(this.#calls);
    }
  }

  /** Gives up all outcomes without an answer. Resolves when they are reported to `onGivenUp`. */
  abandon(): Promise<void> {
    this.#end.abort();
    return this.flush();
  }

  #isFull(): boolean {
    return this.#waiting.length >= MAX_OUTCOMES || this.#waitingBytes >= MAX_BYTES;
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
    this.#startCalls();
  };

  #startCalls(): void {
    while (this.#waiting.length > 0 && this.#calls.size < MAX_CALLS) {
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
      if (count === MAX_OUTCOMES || (count > 0 && bytes > MAX_BYTES)) break;
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
    const { channel } = this.#options;
    for (;;) {
      const { stubs } = channel;
      try {
        const request = { requestId, outcomes };
        const call = { timeoutMs: TRY_TIMEOUT_MS, signal: this.#end.signal };
        const { results } = await stubs.ack(request, call);
        const damaged: Unreported[] = [];
        for (const [at, one] of batch.entries()) {
          const isDamaged = results[at]?.status === AckStatus.INTERNAL;
          if (isDamaged && performance.now() <= giveUpAtMs) damaged.push(one);
          else this.#options.onAnswered(one, results[at]);
        }
        if (damaged.length === 0) return;
        await this.#pause(backoff);
        return this.#report(damaged, giveUpAtMs); // their queue may be repaired
      } catch (reason) {
        const error = callErrorOf(reason);
        channel.failed(stubs, error);
        const isOver = this.#end.signal.aborted || performance.now() > giveUpAtMs;
        const isTooLarge = isTooLargeForProxy(error);
        if (!isOver && isTooLarge && batch.length > 1) {
          const half = Math.ceil(batch.length / 2);
          await this.#report(batch.slice(0, half), giveUpAtMs);
          return this.#report(batch.slice(half), giveUpAtMs);
        }
        if (isOver || isTooLarge || isPermanent(error)) {
          for (const one of batch) this.#options.onGivenUp(one, error);
          return;
        }
      }
      await this.#pause(backoff);
    }
  }

  async #pause(backoff: Backoff): Promise<void> {
    await sleep(backoff.nextMs(), undefined, { signal: this.#end.signal }).catch(() => {});
  }
}

function bytesOf(outcome: Outcome): number {
  const result = resultOf(outcome);
  const failure = result.case === "failed" ? result.value.failure : undefined;
  return failure === undefined ? OUTCOME_BYTES : OUTCOME_BYTES + failureBytes(failure);
}
