import type { DlqClientError } from "../errors.ts";
import type { MessageStateName, QuarantineReasonName } from "../names.ts";
import type { Delivery } from "./delivery.ts";
import type { Outcome, OutcomeKind } from "./outcome.ts";

/**
 * Processes one delivery. Returning means succeeded, throwing means failed; `release`, `quarantine`,
 * `discard` and `fail` make outcomes to return instead.
 */
export type Handler = (
  delivery: Delivery,
  // biome-ignore lint/suspicious/noConfusingVoidType: a handler may be declared to give nothing
) => PromiseLike<Outcome | void> | Outcome | void;

/** What the server made of an outcome. */
export interface SettledDelivery {
  readonly outcome: OutcomeKind;
  readonly state: MessageStateName;
  /** When the next attempt is due, if one is. */
  readonly dueTime?: Date;
  readonly quarantineReason?: QuarantineReasonName;
}

/** What `dlq.worker` takes. */
export interface WorkerOptions {
  /** 1 to 1,000 queues. They need not exist yet. */
  readonly queues: readonly string[];
  readonly handler: Handler;
  /** Most handlers at a time. Default 16. */
  readonly concurrency?: number | undefined;
  /**
   * Deliveries that wait here for a handler, so that none waits for the network. They are held by
   * this worker meanwhile: give 0 where handlers take seconds. Default: as many as `concurrency`.
   */
  readonly prefetch?: number | undefined;
  /** How long the server waits for a sign of life, 1 s to 12 h. Default: the queue's (30 s). */
  readonly leaseDurationMs?: number | undefined;
  /** Most bytes in flight. Default 64 MiB. */
  readonly maxInFlightBytes?: number | undefined;
  /** Shown in the server's logs. Default: host and process id. */
  readonly workerId?: string | undefined;
  /** Stops the worker when it aborts. */
  readonly signal?: AbortSignal | undefined;
  /** How long `stop` waits for running handlers before it aborts them. Default 30,000. */
  readonly drainTimeoutMs?: number | undefined;
  /** Told when the stream breaks or an outcome does not count. Default: the console. */
  readonly onError?: ((error: DlqClientError, delivery?: Delivery) => void) | undefined;
  /** Told what became of each delivery whose outcome counts. */
  readonly onSettled?: ((delivery: Delivery, result: SettledDelivery) => void) | undefined;
}
