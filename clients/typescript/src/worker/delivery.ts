import { timestampDate } from "@bufbuild/protobuf/wkt";
import type { Delivery as DeliveryMessage } from "../../../../gen/dlq/v1/dlq_service_pb.ts";
import type { Failure } from "../../../../gen/dlq/v1/failure_pb.ts";
import type { Message, Origin, TraceContext } from "../../../../gen/dlq/v1/message_pb.ts";
import { type ReasonName, reasonName } from "../enum-names.ts";
import { type DeliveryPayload, HeldPayload } from "../payload.ts";
import type { Outcome } from "./outcome.ts";

/** A delivery of a message to a handler. */
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

/** A delivery with its lease. */
export class HeldDelivery implements Delivery {
  /** The address of its service. */
  readonly target: string;
  /** When the lease began or was last extended, by the monotonic clock. */
  leasedAtMs: number;
  /** How long its handler ran; 0 before its end. */
  handledMs = 0;
  /** True when the handler has ended, or its outcome no longer counts. */
  isClosed = false;
  /** True when the lease is lost. */
  isLost = false;
  /** The outcome that a `send` of this message in its handler set. */
  sendOutcome: Outcome | undefined;
  readonly #delivery: DeliveryMessage;
  readonly #message: Message;
  #payload: HeldPayload | undefined;
  #abort: AbortController | undefined;
  #abortReason: Error | undefined;

  constructor(delivery: DeliveryMessage, message: Message, target: string, nowMs: number) {
    this.#delivery = delivery;
    this.#message = message;
    this.target = target;
    this.leasedAtMs = nowMs;
  }

  get id(): string {
    return this.#message.id;
  }
  get queue(): string {
    return this.#message.queue;
  }
  get payload(): HeldPayload {
    this.#payload ??= new HeldPayload(this.#message.payload);
    return this.#payload;
  }
  get attributes(): Readonly<Record<string, string>> {
    return this.#message.attributes;
  }
  get reason(): ReasonName {
    return reasonName(this.#message.reason);
  }
  get failure(): Failure | undefined {
    return this.#message.failure;
  }
  get failureCount(): number {
    return this.#message.failureCount;
  }
  get sourceId(): string {
    return this.#message.sourceId;
  }
  get dedupKey(): string {
    return this.#message.dedupKey;
  }
  get orderingKey(): string {
    return this.#message.orderingKey;
  }
  get priority(): number {
    return this.#message.priority;
  }
  get edited(): boolean {
    return this.#message.edited;
  }
  get origin(): Origin | undefined {
    return this.#message.origin;
  }
  get traceContext(): TraceContext | undefined {
    return this.#message.traceContext;
  }
  get attempt(): number {
    return this.#delivery.attempt;
  }
  get deliveryNumber(): number {
    return this.#delivery.deliveryNumber;
  }
  get outcomeUnknown(): boolean {
    return this.#delivery.outcomeUnknown;
  }
  get leaseExpireTime(): Date {
    const time = this.#delivery.leaseExpireTime;
    return time === undefined ? new Date(0) : timestampDate(time);
  }

  /** Created on first use: most handlers do not need it. */
  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      this.#abort = new AbortController();
      if (this.#abortReason !== undefined) this.#abort.abort(this.#abortReason);
    }
    return this.#abort.signal;
  }

  /** Without the parts that belong to the worker. */
  toJSON(): object {
    const { id, queue, payload, attributes, sourceId, attempt } = this;
    return { id, queue, payload, attributes, sourceId, attempt };
  }

  get leaseToken(): string {
    return this.#delivery.leaseToken;
  }

  extendedTo(expireTime: DeliveryMessage["leaseExpireTime"], nowMs: number): void {
    this.leasedAtMs = nowMs;
    if (expireTime !== undefined) this.#delivery.leaseExpireTime = expireTime;
  }

  get isAborted(): boolean {
    return this.#abortReason !== undefined;
  }

  abort(reason: Error): void {
    this.#abortReason = reason;
    this.#abort?.abort(reason);
  }
}
