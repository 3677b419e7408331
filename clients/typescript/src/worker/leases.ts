import { randomUUID } from "node:crypto";
import type { ConnectError } from "@connectrpc/connect";
import { AckStatus } from "../../../../gen/dlq/v1/dlq_service_pb.ts";
import { callErrorOf, isRetryable } from "../call-error.ts";
import type { DlqStubs } from "../connection.ts";
import type { ReconnectingChannel } from "../reconnecting-channel.ts";
import type { HeldDelivery } from "./delivery.ts";

const MAX_TOKENS = 1_000;
const MIN_CHECK_EVERY_MS = 100;
const CALL_TIMEOUT_MS = 2_000;

/** Options of {@link Leases}. */
export interface LeasesOptions {
  readonly channel: ReconnectingChannel;
  readonly onLost: (held: HeldDelivery) => void;
  /** Called if the server refuses to extend leases, for instance because of the token. */
  readonly onRefused: (error: ConnectError) => void;
}

/**
 * Extends the leases of a worker: of running, waiting and unreported deliveries. A lease is extended
 * when a third of it has passed. It is named by its token: extending the whole worker session would also
 * keep deliveries that were lost on the network.
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

  /** Starts extending, or changes the length. */
  setLeaseMs(leaseMs: number): void {
    if (leaseMs === this.#leaseMs) return;
    this.#leaseMs = leaseMs;
    clearInterval(this.#timer);
    const everyMs = Math.max(MIN_CHECK_EVERY_MS, leaseMs / 12);
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
   * Releases deliveries that the server wrote to a broken stream and that never arrived. Call it only
   * while no stream is open. It ignores errors: those leases expire.
   */
  async releaseUnreceived(sessionId: string): Promise<void> {
    if (sessionId === "") return; // no stream was ever open
    const { stubs } = this.#options.channel;
    const options = { timeoutMs: CALL_TIMEOUT_MS };
    try {
      const { results } = await stubs.extendLease({ sessionId }, options);
      // An expired lease needs no release, which would only delay its message.
      const unreceived = results.filter(
        ({ leaseToken, status }) => status === AckStatus.APPLIED && !this.#held.has(leaseToken),
      );
      for (let at = 0; at < unreceived.length; at += MAX_TOKENS) {
        const outcomes = unreceived.slice(at, at + MAX_TOKENS).map(({ leaseToken }) => {
          return { leaseToken, result: { case: "released" as const, value: {} } };
        });
        await stubs.ack({ requestId: randomUUID(), outcomes }, options);
      }
    } catch {
      // The service is unavailable.
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
    const { channel } = this.#options;
    const { stubs } = channel;
    try {
      for (let at = 0; at < due.length; at += MAX_TOKENS) {
        await this.#extend(stubs, due.slice(at, at + MAX_TOKENS));
      }
    } catch (reason) {
      // The next check tries again.
      const error = callErrorOf(reason);
      channel.failed(stubs, error);
      if (!isRetryable(error)) this.#options.onRefused(error);
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
      // The data of the queue is damaged. The next check tries again.
      if (result.status === AckStatus.INTERNAL) continue;
      if (result.status === AckStatus.APPLIED && !result.shouldStop) {
        held.extendedTo(result.leaseExpireTime, nowMs);
      } else {
        this.#options.onLost(held);
      }
    }
  }
}
