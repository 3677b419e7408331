import { randomUUID } from "node:crypto";
import type { ConnectError } from "@connectrpc/connect";
import { AckStatus } from "../../../../gen/dlq/v1/dlq_service_pb.ts";
import { callErrorOf, isWorthAgain } from "../call-error.ts";
import type { DlqStubs } from "../connection.ts";
import type { Line } from "../line.ts";
import type { HeldDelivery } from "./delivery.ts";

const MOST_TOKENS = 1_000;
const LEAST_EVERY_MS = 100;
const CALL_TIMEOUT_MS = 2_000;

/** What {@link Leases} are made of. */
export interface LeasesOptions {
  readonly line: Line;
  readonly onLost: (held: HeldDelivery) => void;
  /** Extending is refused as such, for a reason that does not pass by itself. */
  readonly onRefused: (error: ConnectError) => void;
}

/**
 * What a worker holds: running, waiting, and not yet reported. Each lease is extended when a third
 * of it is over, by its token: a whole session would also keep what was lost on the way here.
 */
export class Leases {
  readonly #options: LeasesOptions;
  readonly #held = new Map<string, HeldDelivery>();
  #leaseMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #isBusy = false;

  constructor(options: LeasesOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#held.size;
  }

  /** Begins, or goes on with another length. */
  setLeaseMs(leaseMs: number): void {
    if (leaseMs === this.#leaseMs) return;
    this.#leaseMs = leaseMs;
    clearInterval(this.#timer);
    const everyMs = Math.max(LEAST_EVERY_MS, leaseMs / 12);
    this.#timer = setInterval(() => void this.#extendDue(), everyMs).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  add(held: HeldDelivery): void {
    this.#held.set(held.leaseToken, held);
  }

  delete(held: HeldDelivery): void {
    this.#held.delete(held.leaseToken);
  }

  /**
   * Gives back what the server counts as this session's and what never came here: written to a
   * stream that broke. Only while no stream is open. Best effort: they expire by themselves.
   */
  async releaseStrays(sessionId: string): Promise<void> {
    if (sessionId === "") return; // no stream was ever open
    const { stubs } = this.#options.line;
    const options = { timeoutMs: CALL_TIMEOUT_MS };
    try {
      const { results } = await stubs.extendLease({ sessionId }, options);
      // A lease that is over already needs no release, which would only make its message wait.
      const strays = results.filter(
        ({ leaseToken, status }) => status === AckStatus.APPLIED && !this.#held.has(leaseToken),
      );
      for (let at = 0; at < strays.length; at += MOST_TOKENS) {
        const outcomes = strays.slice(at, at + MOST_TOKENS).map(({ leaseToken }) => {
          return { leaseToken, result: { case: "released" as const, value: {} } };
        });
        await stubs.ack({ requestId: randomUUID(), outcomes }, options);
      }
    } catch {
      // Nobody answers at present.
    }
  }

  async #extendDue(): Promise<void> {
    if (this.#isBusy) return;
    const nowMs = performance.now();
    const due: HeldDelivery[] = [];
    for (const held of this.#held.values()) {
      if (!held.isLost && nowMs - held.leasedAtMs >= this.#leaseMs / 3) due.push(held);
    }
    this.#isBusy = true;
    const { line } = this.#options;
    const { stubs } = line;
    try {
      for (let at = 0; at < due.length; at += MOST_TOKENS) {
        await this.#extend(stubs, due.slice(at, at + MOST_TOKENS));
      }
    } catch (reason) {
      // The next look tries again; until then the lease goes on.
      const error = callErrorOf(reason);
      line.failed(stubs, error);
      if (!isWorthAgain(error)) this.#options.onRefused(error);
    } finally {
      this.#isBusy = false;
    }
  }

  async #extend(stubs: DlqStubs, due: readonly HeldDelivery[]): Promise<void> {
    const leaseTokens = due.map(({ leaseToken }) => leaseToken);
    const timeoutMs = Math.ceil(Math.min(CALL_TIMEOUT_MS, this.#leaseMs / 3));
    const { results } = await stubs.extendLease({ leaseTokens }, { timeoutMs });
    const nowMs = performance.now();
    for (const [at, held] of due.entries()) {
      const result = results[at];
      if (result === undefined || !this.#held.has(held.leaseToken)) continue;
      if (result.status === AckStatus.APPLIED && !result.shouldStop) {
        held.extendedTo(result.leaseExpireTime, nowMs);
      } else {
        this.#options.onLost(held);
      }
    }
  }
}
