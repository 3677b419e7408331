import { hostname } from "node:os";
import { create } from "@bufbuild/protobuf";
import {
  type StreamDueRequest,
  StreamDueRequestSchema,
} from "../../../../gen/dlq/v1/dlq_service_pb.ts";
import type { MessageStateName, QuarantineReasonName } from "../enum-names.ts";
import type { DlqClientError } from "../errors.ts";
import { duration } from "../field-values.ts";
import type { Delivery } from "./delivery.ts";
import type { Outcome, OutcomeKind } from "./outcome.ts";

/**
 * Processes one delivery. It succeeds if the handler returns, and fails if it throws. `release`,
 * `quarantine`, `discard` and `fail` make other outcomes to return.
 */
export type Handler = (
  delivery: Delivery,
  // biome-ignore lint/suspicious/noConfusingVoidType: a handler may return nothing
) => PromiseLike<Outcome | void> | Outcome | void;

/** The state of a message after its outcome. */
export interface SettledDelivery {
  readonly outcome: OutcomeKind;
  readonly state: MessageStateName;
  /** When the next attempt is due; absent if there is none. */
  readonly dueTime?: Date;
  readonly quarantineReason?: QuarantineReasonName;
}

/** Options of `dlq.worker`. */
export interface WorkerOptions {
  /** 1 to 1,000 queues. They need not exist yet. */
  readonly queues: readonly string[];
  readonly handler: Handler;
  /** Limit of handlers at a time. Default 16. */
  readonly concurrency?: number | undefined;
  /**
   * How many deliveries may wait in this worker, so that handlers need not wait for the network. Give
   * 0 if handlers take seconds, because other workers cannot get these messages. Default: `concurrency`.
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
  /** Called when the stream breaks or an outcome does not count. Default: logs to the console. */
  readonly onError?: ((error: DlqClientError, delivery?: Delivery) => void) | undefined;
  /** Called with each delivery whose outcome counts, and with the state of its message. */
  readonly onSettled?: ((delivery: Delivery, result: SettledDelivery) => void) | undefined;
}

/** The server's limit. */
const MAX_IN_FLIGHT = 10_000;

/** @throws TypeError for an invalid option */
export function requestOf(options: WorkerOptions, concurrency: number): StreamDueRequest {
  const { queues, leaseDurationMs, maxInFlightBytes, workerId } = options;
  const prefetch = options.prefetch ?? concurrency;
  if (queues.length === 0) throw new TypeError("queues is empty; name at least one");
  checkCount("concurrency", concurrency, 1);
  checkCount("prefetch", prefetch, 0);
  const request = create(StreamDueRequestSchema, {
    queues: [...queues],
    workerId: workerId ?? `${hostname()}-${process.pid}`.slice(-128),
    maxInFlight: Math.min(concurrency + prefetch, MAX_IN_FLIGHT),
  });
  if (leaseDurationMs != null) {
    request.leaseDuration = duration("leaseDurationMs", leaseDurationMs);
  }
  if (maxInFlightBytes != null) {
    request.maxInFlightBytes = BigInt(Math.min(maxInFlightBytes, Number.MAX_SAFE_INTEGER));
  }
  return request;
}

function checkCount(name: string, value: number, min: number): void {
  if (Number.isInteger(value) && value >= min) return;
  throw new TypeError(`${name} is ${value}; give a whole number of ${min} or more`);
}
