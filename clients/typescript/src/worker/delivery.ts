import { inspect } from "node:util";
import { type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";
import type { Delivery as DeliveryMessage } from "../../../../gen/dlq/v1/dlq_service_pb.ts";
import type { Failure } from "../../../../gen/dlq/v1/failure_pb.ts";
import type { Message, Origin, TraceContext } from "../../../../gen/dlq/v1/message_pb.ts";
import { type ReasonName, reasonName } from "../enum-names.ts";
import { ORIGINAL } from "../json-text.ts";
import { type DeliveryPayload, HeldPayload } from "../payload.ts";
import type { HandlerRun } from "./current.ts";
import type { Outcome } from "./outcome.ts";

/**
 * A delivery of a message to a handler. Await sends of it there: one that begins after the handler's end cannot change
 * its outcome. A drop of it is only logged and reported to `onDropped`.
 */
export interface Delivery {
  /** The id that the service gave to the message. */
  readonly id: string;
  readonly queue: string;
  readonly payload: DeliveryPayload;
  /** Headers of the message, with edits. */
  readonly attributes: Readonly<Record<string, string>>;
  /** Why the latest attempt failed. */
  readonly reason: ReasonName;
  /** The latest failure; undefined if there is none. */
  readonly failure: Failure | undefined;
  /** How many failures are recorded. */
  readonly failureCount: number;
  /** The sender's id of the message; empty if it gave none. */
  readonly sourceId: string;
  readonly dedupKey: string;
  readonly orderingKey: string;
  readonly priority: number;
  readonly origin: Origin | undefined;
  readonly traceContext: TraceContext | undefined;
  /** Whether payload or attributes were edited after the send. */
  readonly edited: boolean;
  /** 1 for the first attempt. */
  readonly attempt: number;
  /** Counts all deliveries, lost and released ones too. */
  readonly deliveryNumber: number;
  /** An earlier delivery ended without an outcome: its work may have been done. */
  readonly outcomeUnknown: boolean;
  /** When the lease ends. The worker extends it. */
  readonly leaseExpireTime: Date;
  /** Aborts when the lease is lost, or when a stopping worker has waited long enough. */
  readonly signal: AbortSignal;
}

/** A delivery with its lease. Its fields are its own, so that a copy with spread syntax has them. */
export class HeldDelivery implements Delivery {
  readonly [ORIGINAL] = this;
  readonly id: string;
  readonly queue: string;
  readonly payload: HeldPayload;
  readonly attributes: Readonly<Record<string, string>>;
  readonly reason: ReasonName;
  readonly failure: Failure | undefined;
  readonly failureCount: number;
  readonly sourceId: string;
  readonly dedupKey: string;
  readonly orderingKey: string;
  readonly priority: number;
  readonly origin: Origin | undefined;
  readonly traceContext: TraceContext | undefined;
  readonly edited: boolean;
  readonly attempt: number;
  readonly deliveryNumber: number;
  readonly outcomeUnknown: boolean;
  leaseExpireTime: Date;
  readonly signal: AbortSignal;
  /** The address of its service. */
  readonly target: string;
  readonly leaseToken: string;
  /** When the lease began or was last extended, by the monotonic clock. */
  leasedAtMs: number;
  /** The run of its handler. */
  run: HandlerRun | undefined;
  /** True when its outcome is reported, or its message released. */
  isClosed = false;
  /** True when the lease is lost. */
  isLost = false;
  /** The outcome that a `send` of this message in its handler set. */
  ownOutcome: Outcome | undefined;
  /** The failure of the last send to another queue, if it was not kept. */
  forwardingFailure: Outcome | undefined;
  readonly #abort = new AbortController();

  /** What its sends say about it; undefined: nothing. */
  get sendOutcome(): Outcome | undefined {
    return this.ownOutcome ?? this.forwardingFailure;
  }

  constructor(delivery: DeliveryMessage, message: Message, target: string, nowMs: number) {
    this.id = message.id;
    this.queue = message.queue;
    this.payload = new HeldPayload(message.payload);
    this.attributes = message.attributes;
    this.reason = reasonName(message.reason);
    this.failure = message.failure;
    this.failureCount = message.failureCount;
    this.sourceId = message.sourceId;
    this.dedupKey = message.dedupKey;
    this.orderingKey = message.orderingKey;
    this.priority = message.priority;
    this.origin = message.origin;
    this.traceContext = message.traceContext;
    this.edited = message.edited;
    this.attempt = delivery.attempt;
    this.deliveryNumber = delivery.deliveryNumber;
    this.outcomeUnknown = delivery.outcomeUnknown;
    this.leaseExpireTime = dateOf(delivery.leaseExpireTime) ?? new Date(0);
    this.signal = this.#abort.signal;
    this.target = target;
    this.leaseToken = delivery.leaseToken;
    this.leasedAtMs = nowMs;
  }

  /** Without the parts that belong to the worker. */
  toJSON(): object {
    const { id, queue, payload, attributes, sourceId, attempt } = this;
    return { id, queue, payload, attributes, sourceId, attempt };
  }

  /** What `console.log` shows. */
  [inspect.custom](): object {
    return this.toJSON();
  }

  extendedTo(expireTime: Timestamp | undefined, nowMs: number): void {
    this.leasedAtMs = nowMs;
    this.leaseExpireTime = dateOf(expireTime) ?? this.leaseExpireTime;
  }

  get isAborted(): boolean {
    return this.signal.aborted;
  }

  abort(reason: Error): void {
    this.#abort.abort(reason);
  }
}

const dateOf = (time: Timestamp | undefined) => time && timestampDate(time);
