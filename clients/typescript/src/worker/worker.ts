import {
  AckStatus,
  type Delivery as DeliveryMessage,
} from "../../../../gen/dlq/v1/dlq_service_pb.ts";
import type { ClientMetrics } from "../client-metrics.ts";
import type { Connection } from "../connection.ts";
import { Deadline } from "../deadline.ts";
import { DlqClientError } from "../errors.ts";
import { limitOr } from "../option-checks.ts";
import type { ReconnectingChannel } from "../reconnecting-channel.ts";
import { withinHandlerSpan } from "../spans.ts";
import { currentRun, type HandlerRun } from "./current.ts";
import { HeldDelivery } from "./delivery.ts";
import { DueStream } from "./due-stream.ts";
import { Leases } from "./leases.ts";
import { fail, type Outcome, outcomeOf, outcomesOf, release, succeed } from "./outcome.ts";
import { OutcomeReporter, type Unreported } from "./outcome-reporter.ts";
import {
  type HandlerCalls,
  handlerCallsOf,
  requestOf,
  type WorkerOptions,
} from "./worker-options.ts";
import { createWorkerReports, type WorkerReports } from "./worker-reports.ts";

/** A running worker. */
export interface Worker extends AsyncDisposable {
  /** Resolves when it has stopped. Rejects if the server refuses its request for good. */
  readonly done: Promise<void>;
  /**
   * Stops the worker: it takes no more messages, waits for running handlers, reports their outcomes,
   * and releases the rest. A second call can only shorten the timeout.
   *
   * @param drainTimeoutMs when running handlers are aborted. Default: the option of the worker
   */
  stop(drainTimeoutMs?: number): Promise<void>;
}

/** The parts of its client that a worker uses. */
export interface WorkerContext {
  readonly target: string;
  readonly channel: ReconnectingChannel;
  readonly connect: () => Connection;
  readonly metrics: Pick<ClientMetrics, "handled">;
}

const DRAIN_TIMEOUT_MS = 30_000;
/** How long an aborted handler may run before its message is released. */
const ABORT_GRACE_MS = 1_000;
/** A stopping worker waits for its outcomes as long as is left of the timeout, within these limits. */
const MIN_REPORT_MS = 1_000;
const MAX_REPORT_MS = 5_000;

export function startWorker(options: WorkerOptions, context: WorkerContext): Worker {
  const worker = new RunningWorker(options, context);
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
  readonly #context: WorkerContext;
  readonly #calls: HandlerCalls;
  readonly #reports: WorkerReports;
  readonly #outcomeReporter: OutcomeReporter;
  readonly #leases: Leases;
  readonly #stream: DueStream;
  readonly #running = new Set<HandlerRun>();
  #waiting: HeldDelivery[] = [];
  #stopping: Promise<void> | undefined;
  /** Time limit of running handlers once the worker stops. */
  #deadline: Deadline | undefined;
  #onIdle: (() => void) | undefined;
  #isStarting = false;
  /** True once running handlers are aborted. */
  #hasAborted = false;

  constructor(options: WorkerOptions, context: WorkerContext) {
    this.#options = options;
    this.#context = context;
    this.#calls = handlerCallsOf(options);
    const request = requestOf(options, this.#calls);
    this.#reports = createWorkerReports(options);
    const { channel, connect } = context;
    this.#outcomeReporter = new OutcomeReporter({
      channel,
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
      channel,
      onLost: (held) => this.#lose(held),
      onRefused: (error) => this.#reports.broken(error),
    });
    this.#stream = new DueStream({
      connect,
      open: (connection, resumeSessionId, signal) =>
        connection.stubs.streamDue({ ...request, resumeSessionId }, { signal, timeoutMs: 0 }),
      onOpened: (leaseMs) => {
        this.#reports.opened();
        this.#outcomeReporter.leaseMs = leaseMs;
        this.#leases.setLeaseMs(leaseMs);
      },
      onDeliveries: (deliveries) => this.#take(deliveries),
      onBroken: (error) => this.#reports.broken(error),
      beforeResume: (sessionId) => this.#leases.releaseUnreceived(sessionId),
    });
    this.done = this.#untilDone();
    this.done.catch(() => {}); // onError gets it, too
  }

  /** Bound: it may be given as a callback. */
  readonly stop = (givenMs?: number): Promise<void> => {
    const drainTimeoutMs = limitOr(givenMs, this.#options.drainTimeoutMs ?? DRAIN_TIMEOUT_MS);
    this.#deadline?.shorten(drainTimeoutMs);
    this.#deadline ??= new Deadline(drainTimeoutMs);
    this.#stopping ??= this.#drain(this.#deadline);
    return this.#stopping;
  };

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #untilDone(): Promise<void> {
    try {
      await this.#stream.done;
    } catch (error) {
      if (error instanceof DlqClientError) this.#reports.ended(error);
      await this.stop();
      throw error;
    }
    await this.#stopping;
  }

  #take(deliveries: readonly DeliveryMessage[]): void {
    const nowMs = performance.now();
    for (const delivery of deliveries) {
      if (delivery.message === undefined) continue;
      const held = new HeldDelivery(delivery, delivery.message, this.#context.target, nowMs);
      this.#leases.add(held);
      this.#waiting.push(held);
    }
    this.#startWaiting();
  }

  #startWaiting(): void {
    // A handler that throws at once calls this again.
    if (this.#isStarting || this.#stopping !== undefined) return;
    this.#isStarting = true;
    let next = 0;
    const { concurrency, batchSize } = this.#calls;
    while (this.#running.size < concurrency && next < this.#waiting.length) {
      const batch: HeldDelivery[] = [];
      while (batch.length < batchSize && next < this.#waiting.length) {
        const held = this.#waiting[next++] as HeldDelivery;
        if (!held.isLost) batch.push(held);
      }
      if (batch.length > 0) void this.#run(batch);
    }
    if (next > 0) this.#waiting = this.#waiting.slice(next);
    this.#isStarting = false;
  }

  async #run(batch: readonly HeldDelivery[]): Promise<void> {
    const beganAtMs = performance.now();
    const run: HandlerRun = { batch, beganAtMs, handledMs: 0, forwardings: [], isDecided: false };
    for (const held of batch) held.run = run;
    this.#running.add(run);
    const outcomes = await withinHandlerSpan(batch, () => this.#handle(run));
    this.#running.delete(run);
    for (const [at, held] of batch.entries()) {
      const outcome = outcomes[at] as Outcome;
      this.#context.metrics.handled(held.queue, outcome, run.handledMs);
      this.#settle(held, outcome);
    }
    if (this.#running.size === 0) this.#onIdle?.();
    this.#startWaiting();
  }

  /** Returns the outcome of each delivery. Never rejects. */
  async #handle(run: HandlerRun): Promise<readonly Outcome[]> {
    const { handle, isBatch } = this.#calls;
    const { batch, forwardings } = run;
    try {
      let given: unknown;
      try {
        // A handler that changed the order would give outcomes to other messages.
        given = await currentRun.run(run, handle, Object.freeze([...batch]));
      } finally {
        run.handledMs = performance.now() - run.beganAtMs;
        for (const one of forwardings) await one; // others may begin meanwhile
      }
      const outcomes = isBatch ? outcomesOf(given, batch.length) : [outcomeOf(given)];
      return batch.map((held, at) => {
        const outcome = outcomes[at];
        // A message that the handler sent has failed, whatever it returns as success.
        if (outcome?.kind === "succeeded" && held.sendOutcome !== undefined)
          return held.sendOutcome;
        return outcome ?? this.#unlessAborted(held.sendOutcome ?? succeed());
      });
    } catch (error) {
      const failed = batch.filter(({ isLost }) => !isLost);
      if (!this.#hasAborted && failed.length > 0) this.#reports.handlerFailed(failed, error);
      // The thrown error counts, not that of a dropped send to another queue.
      return batch.map((held) => this.#unlessAborted(held.ownOutcome ?? fail(error)));
    } finally {
      run.isDecided = true;
    }
  }

  /** A handler that was aborted because the worker stops has neither failed nor succeeded: it may have given up. */
  #unlessAborted(outcome: Outcome): Outcome {
    return this.#hasAborted ? release() : outcome;
  }

  #settle(held: HeldDelivery, outcome: Outcome): void {
    if (held.isClosed) return;
    held.isClosed = true;
    if (!held.isLost) this.#outcomeReporter.add({ held, outcome } satisfies Unreported);
  }

  #lose(held: HeldDelivery): void {
    this.#leases.delete(held);
    if (held.isClosed) return; // the answer to its outcome decides
    held.isLost = true;
    const message = `the lease of message ${held.id} is lost; its outcome will not count`;
    const error = new DlqClientError("lease-lost", message);
    held.abort(error);
    this.#reports.error(error, held);
  }

  async #drain(deadline: Deadline): Promise<void> {
    await Promise.resolve(); // `stop` must set #stopping first
    this.#stream.close();
    for (const held of this.#waiting) this.#settle(held, release());
    this.#waiting = [];
    if (!(await deadline.meets(this.#idle()))) {
      this.#hasAborted = true;
      this.#reports.aborted([...this.#running]);
      const reason = new DlqClientError("closed", "the worker has stopped");
      for (const { batch } of this.#running) for (const held of batch) held.abort(reason);
      await new Deadline(ABORT_GRACE_MS).meets(this.#idle());
      for (const { batch } of this.#running)
        for (const held of batch) this.#settle(held, release());
    }
    const reportMs = Math.min(Math.max(deadline.leftMs, MIN_REPORT_MS), MAX_REPORT_MS);
    const isReported = await new Deadline(reportMs).meets(this.#outcomeReporter.flush());
    if (isReported) {
      const released = this.#leases.releaseUnreceived(this.#stream.sessionId);
      await new Deadline(MIN_REPORT_MS).meets(released);
    } else {
      await this.#outcomeReporter.abandon();
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
