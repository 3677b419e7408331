import { hostname } from "node:os";
import { promisify } from "node:util";
import { create } from "@bufbuild/protobuf";
import {
  type StreamDueRequest,
  StreamDueRequestSchema,
} from "../../../../gen/dlq/v1/dlq_service_pb.ts";
import type { MessageStateName, QuarantineReasonName } from "../enum-names.ts";
import type { DlqClientError } from "../errors.ts";
import { duration } from "../field-values.ts";
import {
  type OptionNames,
  requireFunction,
  requireKnown,
  requireQueue,
  requireSignal,
  shown,
} from "../option-checks.ts";
import { safeRead } from "../safe-read.ts";
import type { Delivery } from "./delivery.ts";
import { wrapped } from "./middleware.ts";
import type { Outcome, OutcomeKind } from "./outcome.ts";

/**
 * Processes one delivery. The delivery succeeds if the handler returns nothing, and fails if it throws. For another
 * outcome, return the result of `release`, `quarantine`, `discard` or `fail`.
 */
export type Handler = (delivery: Delivery) => PromiseLike<HandlerResult> | HandlerResult;

/**
 * Processes several deliveries at once; their list is frozen. If it returns nothing, all succeed; if it throws, all fail.
 * If it returns an outcome, that is the outcome of all. A list has the outcome of each, in order; undefined is success.
 */
export type BatchHandler = (
  deliveries: readonly Delivery[],
) => PromiseLike<BatchResult> | BatchResult;

// biome-ignore lint/suspicious/noConfusingVoidType: a handler may return nothing
export type BatchResult = readonly (Outcome | undefined)[] | Outcome | void;

/**
 * Wraps a handler. `next` calls the handler, or the next middleware. If the middleware returns nothing,
 * the result of `next` stands, also its error; without a call of `next` the delivery fails.
 */
export type Middleware = (
  delivery: Delivery,
  next: () => Promise<HandlerResult>,
) => PromiseLike<HandlerResult> | HandlerResult;

// biome-ignore lint/suspicious/noConfusingVoidType: a handler may return nothing
export type HandlerResult = Outcome | void;

/** The state of a message after its outcome. */
export interface SettledDelivery {
  readonly outcome: OutcomeKind;
  /** What the handler threw, or gave to `fail`; absent if it did not fail. */
  readonly error?: unknown;
  /** How long the handler ran. */
  readonly durationMs: number;
  readonly state: MessageStateName;
  /** When the next attempt is due; absent if there is none. */
  readonly dueTime?: Date;
  readonly quarantineReason?: QuarantineReasonName;
}

/** Options of `dlq.worker`, with one of two handlers. */
export type WorkerOptions = HandlerOptions | BatchHandlerOptions;

/** Options of a worker that processes one delivery at a time, or several in parallel. */
export interface HandlerOptions extends CommonWorkerOptions {
  /** Processes one delivery. */
  readonly handler: Handler;
  /** Functions that wrap the handler; the first is the outermost. */
  readonly middleware?: readonly Middleware[] | undefined;
  readonly batchHandler?: undefined;
  readonly batchSize?: undefined;
}

/** Options of a worker that processes batches. */
export interface BatchHandlerOptions extends CommonWorkerOptions {
  /** Processes several deliveries at once: those that wait, without waiting for more. */
  readonly batchHandler: BatchHandler;
  /** Limit of a batch, 1 to 1,000. Default 100. */
  readonly batchSize?: number | undefined;
  readonly handler?: undefined;
  readonly middleware?: undefined;
}

/** Options of all workers. */
export interface CommonWorkerOptions {
  /** 1 to 1,000 queues. They need not exist yet. */
  readonly queues: readonly string[];
  /** Limit of handlers at a time. Default 16; of batch handlers 1, so that others collect meanwhile. */
  readonly concurrency?: number | undefined;
  /**
   * How many deliveries may wait in this worker, so that handlers need not wait for the network. Other workers
   * cannot get these messages: give 0 if handlers take seconds. Default: as many as run at a time.
   */
  readonly prefetch?: number | undefined;
  /** Length of a lease, 1 s to 12 h. The worker extends it. Default: that of the queue (30 s). */
  readonly leaseDurationMs?: number | undefined;
  /** Limit of bytes in flight. Default 64 MiB. */
  readonly maxInFlightBytes?: number | undefined;
  /** Appears in the server's logs. Default: host and process id. */
  readonly workerId?: string | undefined;
  /** Stops the worker when it aborts. */
  readonly signal?: AbortSignal | undefined;
  /** How long `stop` waits for running handlers before it aborts them, in ms. Default 30,000. */
  readonly drainTimeoutMs?: number | undefined;
  /**
   * Called when a handler fails, the stream breaks, or an outcome does not count. Default: logs to the
   * console, a failed handler with its stack.
   */
  readonly onError?: ((error: DlqClientError, delivery?: Delivery) => void) | undefined;
  /** Called with each delivery whose outcome counts, and with the state of its message. */
  readonly onSettled?: ((delivery: Delivery, result: SettledDelivery) => void) | undefined;
}

/** The server's limits. */
const MAX_IN_FLIGHT = 10_000;
const MIN_LEASE_MS = 1_000;
const MAX_LEASE_MS = 12 * 3_600_000;

const WORKER_OPTIONS: OptionNames<WorkerOptions> = {
  queues: true,
  handler: true,
  batchHandler: true,
  batchSize: true,
  middleware: true,
  concurrency: true,
  prefetch: true,
  leaseDurationMs: true,
  maxInFlightBytes: true,
  workerId: true,
  signal: true,
  drainTimeoutMs: true,
  onError: true,
  onSettled: true,
};

/** How a worker calls its handler. */
export interface HandlerCalls {
  readonly handle: (deliveries: readonly Delivery[]) => unknown;
  readonly isBatch: boolean;
  readonly batchSize: number;
  readonly concurrency: number;
}

const CONCURRENCY = 16;
const BATCH_SIZE = 100;
const MAX_BATCH_SIZE = 1_000;

/** @throws TypeError for an unknown or invalid option */
export function handlerCallsOf(options: WorkerOptions): HandlerCalls {
  requireKnown("a worker", options, WORKER_OPTIONS);
  const { handler, batchHandler, batchSize } = options;
  const middleware: readonly Middleware[] = options.middleware ?? [];
  requireSignal(options.signal);
  for (const name of ["onError", "onSettled"] as const) {
    if (options[name] != null) requireFunction(name, options[name]);
  }
  // Programs without types may give neither or both.
  if ((handler === undefined) === (batchHandler === undefined)) {
    throw new TypeError("give a worker either handler or batchHandler");
  }
  if (batchHandler !== undefined) {
    if (middleware.length > 0) throw new TypeError("middleware wraps handler, not batchHandler");
    requireHandler("batchHandler", batchHandler);
    const size = batchSize ?? BATCH_SIZE;
    checkCount("batchSize", size, 1, MAX_BATCH_SIZE);
    const concurrency = options.concurrency ?? 1;
    return { handle: batchHandler, isBatch: true, batchSize: size, concurrency };
  }
  if (batchSize !== undefined) throw new TypeError("batchSize is for batchHandler");
  requireHandler("handler", handler);
  if (!Array.isArray(middleware)) throw new TypeError("middleware is no list; give a list");
  for (const one of middleware) requireFunction("a middleware", one);
  const whole = wrapped(handler as Handler, middleware);
  const handle = ([delivery]: readonly Delivery[]) => whole(delivery as Delivery);
  const concurrency = options.concurrency ?? CONCURRENCY;
  return { handle, isBatch: false, batchSize: 1, concurrency };
}

/** A handler with a callback would end before its work. @throws TypeError if it seems to be one, or no function */
function requireHandler(name: string, value: unknown): void {
  requireFunction(name, value);
  const handler = value as (...args: readonly unknown[]) => unknown;
  if (handler.length < 2 || Object.prototype.toString.call(handler) === ASYNC) return;
  if (safeRead(handler, promisify.custom) === handler) return; // promisify keeps the number
  throw new TypeError(
    `${name} has ${handler.length} parameters, and gets one: no callback; return a promise`,
  );
}

const ASYNC = "[object AsyncFunction]";

/** @throws TypeError for an invalid option */
export function requestOf(
  options: WorkerOptions,
  { concurrency, batchSize }: HandlerCalls,
): StreamDueRequest {
  const { queues, leaseDurationMs, maxInFlightBytes, workerId, drainTimeoutMs } = options;
  checkCount("concurrency", concurrency, 1);
  const atOnce = concurrency * batchSize;
  const prefetch = options.prefetch ?? atOnce;
  if (!Array.isArray(queues))
    throw new TypeError(`queues is ${shown(queues)}; give a list of names`);
  if (queues.length === 0) throw new TypeError("queues is empty; name at least one");
  for (const queue of queues) requireQueue(queue);
  checkCount("prefetch", prefetch, 0);
  if (drainTimeoutMs != null) checkMs("drainTimeoutMs", drainTimeoutMs, 0);
  const request = create(StreamDueRequestSchema, {
    queues: [...queues],
    workerId: workerId ?? `${hostname()}-${process.pid}`.slice(-128),
    maxInFlight: Math.min(atOnce + prefetch, MAX_IN_FLIGHT),
  });
  if (leaseDurationMs != null) {
    checkMs("leaseDurationMs", leaseDurationMs, MIN_LEASE_MS, MAX_LEASE_MS);
    request.leaseDuration = duration("leaseDurationMs", leaseDurationMs);
  }
  if (maxInFlightBytes != null) {
    if (!(maxInFlightBytes > 0)) {
      throw new TypeError(`maxInFlightBytes is ${shown(maxInFlightBytes)}; give more than 0`);
    }
    request.maxInFlightBytes = BigInt(
      Math.min(Math.ceil(maxInFlightBytes), Number.MAX_SAFE_INTEGER),
    );
  }
  return request;
}

function checkMs(name: string, ms: number, min: number, max = Number.POSITIVE_INFINITY): void {
  if (typeof ms === "number" && ms >= min && ms <= max) return;
  const range = Number.isFinite(max) ? `from ${min} to ${max}` : `of ${min} or more`;
  throw new TypeError(`${name} is ${shown(ms)}; give milliseconds ${range}`);
}

function checkCount(name: string, value: number, min: number, max?: number): void {
  if (Number.isInteger(value) && value >= min && value <= (max ?? value)) return;
  const range = max === undefined ? `of ${min} or more` : `from ${min} to ${max}`;
  throw new TypeError(`${name} is ${shown(value)}; give a whole number ${range}`);
}
