import {
  AckStatus,
  type Delivery as DeliveryMessage,
} from "../../../../gen/dlq/v1/dlq_service_pb.ts";
import { refusalOf } from "../call-error.ts";
import type { Connection } from "../connection.ts";
import { Deadline } from "../deadline.ts";
import { DlqClientError } from "../errors.ts";
import type { Line } from "../line.ts";
import { withinTrace } from "../tracing.ts";
import { Acks, type Unreported } from "./acks.ts";
import { currentDelivery } from "./current.ts";
import { HeldDelivery } from "./delivery.ts";
import { DueStream } from "./due-stream.ts";
import { Leases } from "./leases.ts";
import { fail, Outcome, release, succeed } from "./outcome.ts";
import { createReports, type Reports } from "./reports.ts";
import type { WorkerOptions } from "./worker-options.ts";
import { requestOf } from "./worker-request.ts";

/** A running worker. */
export interface Worker extends AsyncDisposable {
  /** Resolves when it has stopped; rejects if the server refuses what it asks for. */
  readonly done: Promise<void>;
  /**
   * Takes nothing new, waits for running handlers, reports their outcomes, and gives the rest back.
   * Called again it can only hasten the end.
   *
   * @param drainTimeoutMs how long handlers may take before they are aborted
   */
  stop(drainTimeoutMs?: number): Promise<void>;
}

/** What a worker uses of its client. */
export interface WorkerHome {
  readonly client: object;
  readonly line: Line;
  readonly connect: () => Connection;
}

const CONCURRENCY = 16;
const DRAIN_TIMEOUT_MS = 30_000;
/** How long an aborted handler may take to end, before its message is given back. */
const ABORT_GRACE_MS = 1_000;
/** How long a worker that stops waits for the answers to its outcomes: what is left, within these. */
const LEAST_REPORT_MS = 1_000;
const MOST_REPORT_MS = 5_000;

export function startWorker(options: WorkerOptions, home: WorkerHome): Worker {
  const worker = new RunningWorker(options, home);
  const { signal } = options;
  const stop = () => void worker.stop();
  if (signal?.aborted) stop();
  else signal?.addEventListener("abort", stop, { once: true });
  const forget = () => signal?.removeEventListener("abort", stop);
  worker.done.then(forget, forget);
  return worker;
}

class RunningWorker implements Worker {
  readonly done: Promise<void>;
  readonly #options: WorkerOptions;
  readonly #home: WorkerHome;
  readonly #concurrency: number;
  readonly #reports: Reports;
  readonly #acks: Acks;
  readonly #leases: Leases;
  readonly #stream: DueStream;
  readonly #running = new Set<HeldDelivery>();
  #waiting: HeldDelivery[] = [];
  #stopping: Promise<void> | undefined;
  /** Of running handlers, once it stops. */
  #deadline: Deadline | undefined;
  #onIdle: (() => void) | undefined;
  #isStarting = false;
  /** Running handlers have been aborted. */
  #isGivingUp = false;

  constructor(options: WorkerOptions, home: WorkerHome) {
    this.#options = options;
    this.#home = home;
    this.#concurrency = options.concurrency ?? CONCURRENCY;
    this.#reports = createReports(options);
    const { line, connect } = home;
    this.#acks = new Acks({
      line,
      onAnswered: (one, result) => {
        this.#leases.delete(one.held);
        if (result?.status === AckStatus.APPLIED) this.#reports.settled(one, result);
        else this.#reports.notCounted(one, result);
      },
      onGivenUp: (one, error) => {
        this.#leases.delete(one.held);
        this.#reports.givenUp(one, error);
      },
    });
    this.#leases = new Leases({
      line,
      onLost: (held) => this.#lose(held),
      onRefused: (error) => this.#reports.error(refusalOf(error)),
    });
    const request = requestOf(options, this.#concurrency);
    this.#stream = new DueStream({
      connect,
      open: (connection, resumeSessionId, signal) =>
        connection.stubs.streamDue({ ...request, resumeSessionId }, { signal, timeoutMs: 0 }),
      onOpened: (leaseMs) => {
        this.#acks.leaseMs = leaseMs;
        this.#leases.setLeaseMs(leaseMs);
      },
      onDeliveries: (deliveries) => this.#take(deliveries),
      onBroken: (error) => this.#reports.error(error),
      beforeResume: (sessionId) => this.#leases.releaseStrays(sessionId),
    });
    this.done = this.#untilDone();
    this.done.catch(() => {}); // told to onError; whoever waits for it hears of it too
  }

  stop(drainTimeoutMs = this.#options.drainTimeoutMs ?? DRAIN_TIMEOUT_MS): Promise<void> {
    this.#deadline?.bringForward(drainTimeoutMs);
    this.#deadline ??= new Deadline(drainTimeoutMs);
    this.#stopping ??= this.#drain(this.#deadline);
    return this.#stopping;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #untilDone(): Promise<void> {
    try {
      await this.#stream.done;
    } catch (error) {
      if (error instanceof DlqClientError) this.#reports.error(error);
      await this.stop();
      throw error;
    }
    await this.#stopping;
  }

  #take(deliveries: readonly DeliveryMessage[]): void {
    const nowMs = performance.now();
    for (const delivery of deliveries) {
      if (delivery.message === undefined) continue;
      const held = new HeldDelivery(delivery, delivery.message, this.#home.client, nowMs);
      this.#leases.add(held);
      this.#waiting.push(held);
    }
    this.#startWaiting();
  }

  #startWaiting(): void {
    // A handler that throws at once comes back here within its own start.
    if (this.#isStarting || this.#stopping !== undefined) return;
    this.#isStarting = true;
    let next = 0;
    while (this.#running.size < this.#concurrency && next < this.#waiting.length) {
      const held = this.#waiting[next++] as HeldDelivery;
      if (held.isLost) continue;
      this.#running.add(held);
      void this.#run(held);
    }
    if (next > 0) this.#waiting = this.#waiting.slice(next);
    this.#isStarting = false;
  }

  async #run(held: HeldDelivery): Promise<void> {
    let outcome: Outcome;
    try {
      const { handler } = this.#options;
      const given = await withinTrace(held.traceContext, () =>
        currentDelivery.run(held, handler, held),
      );
      outcome = given instanceof Outcome ? given : (held.sent ?? succeed());
    } catch (error) {
      // Aborted because the worker stops: no fault of the message.
      outcome = this.#isGivingUp ? release() : (held.sent ?? fail(error));
    }
    this.#running.delete(held);
    this.#settle(held, outcome);
    if (this.#running.size === 0) this.#onIdle?.();
    this.#startWaiting();
  }

  #settle(held: HeldDelivery, outcome: Outcome): void {
    if (held.isClosed) return;
    held.isClosed = true;
    if (!held.isLost) this.#acks.add({ held, outcome } satisfies Unreported);
  }

  #lose(held: HeldDelivery): void {
    this.#leases.delete(held);
    if (held.isClosed) return; // its outcome is on the way, and the answer will tell
    held.isLost = true;
    const words = `the lease of message ${held.id} is lost; its outcome will not count`;
    const error = new DlqClientError("lease-lost", words);
    held.abort(error);
    this.#reports.error(error, held);
  }

  async #drain(deadline: Deadline): Promise<void> {
    await Promise.resolve(); // first of all `stop` must know that it has begun
    this.#stream.close();
    for (const held of this.#waiting) this.#settle(held, release());
    this.#waiting = [];
    if (!(await deadline.meets(this.#idle()))) {
      this.#isGivingUp = true;
      const reason = new DlqClientError("closed", "the worker has stopped");
      for (const held of this.#running) held.abort(reason);
      await new Deadline(ABORT_GRACE_MS).meets(this.#idle());
      for (const held of this.#running) this.#settle(held, release());
    }
    const reportMs = Math.min(Math.max(deadline.leftMs, LEAST_REPORT_MS), MOST_REPORT_MS);
    const isReported = await new Deadline(reportMs).meets(this.#acks.flush());
    if (isReported) {
      const released = this.#leases.releaseStrays(this.#stream.sessionId);
      await new Deadline(LEAST_REPORT_MS).meets(released);
    } else {
      await this.#acks.abandon();
    }
    this.#leases.stop();
  }

  #idle(): Promise<void> {
    if (this.#running.size === 0) return Promise.resolve();
    return new Promise<void>((resolve) => {
      this.#onIdle = resolve;
    });
  }
}
