import { timestampDate } from "@bufbuild/protobuf/wkt";
import type { Delivery as DeliveryMessage } from "../../../../gen/dlq/v1/dlq_service_pb.ts";
import type { Failure } from "../../../../gen/dlq/v1/failure_pb.ts";
import type { Message, Origin, TraceContext } from "../../../../gen/dlq/v1/message_pb.ts";
import { type ReasonName, reasonName } from "../names.ts";
import { type DeliveryPayload, HeldPayload } from "../payload.ts";
import type { Outcome } from "./outcome.ts";

/** One hand-out of one message, as a handler sees it. */
export interface Delivery {
  /** The service's id of the message. */
  readonly id: string;
  readonly queue: string;
  readonly payload: DeliveryPayload;
  /** Headers of the message, as sent or as edited. */
  readonly attributes: Readonly<Record<string, string>>;
  /** Why it failed most recently. */
  readonly reason: ReasonName;
  /** The most recent failure, if one was reported. */
  readonly failure: Failure | undefined;
  /** How many failures are on record. */
  readonly failureCount: number;
  /** The sender's own identity of the message; empty if it has none. */
  readonly sourceId: string;
  readonly dedupKey: string;
  readonly orderingKey: string;
  readonly priority: number;
  readonly origin: Origin | undefined;
  readonly traceContext: TraceContext | undefined;
  /** Whether payload or attributes have been edited since it was sent. */
  readonly edited: boolean;
  /** 1 for the first. */
  readonly attempt: number;
  /** Counts every hand-out, lost and released ones too. */
  readonly deliveryNumber: number;
  /** An earlier delivery ended without an outcome: check whether its work has taken effect. */
  readonly outcomeUnknown: boolean;
  /** When the server would take it back; moves on while the worker extends the lease. */
  readonly leaseExpireTime: Date;
  /** Aborts when the lease is lost, or when a stopping worker waits no longer. */
  readonly signal: AbortSignal;
}

/** A delivery and its lease, until its outcome is reported. */
export class HeldDelivery implements Delivery {
  /** Of the worker that holds it. */
  readonly client: object;
  /** When its lease was given or last extended, by the monotonic clock. */
  leasedAtMs: number;
  /** The handler is done, or its outcome no longer matters. */
  isClosed = false;
  /** The lease is somebody else's. */
  isLost = false;
  /** What a `send` of this message in its handler has said. */
  sent: Outcome | undefined;
  readonly #delivery: DeliveryMessage;
  readonly #message: Message;
  #payload: HeldPayload | undefined;
  #abort: AbortController | undefined;
  #abortReason: Error | undefined;

  constructor(delivery: DeliveryMessage, message: Message, client: object, nowMs: number) {
    this.#delivery = delivery;
    this.#message = message;
    this.client = client;
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

  /** Made when it is first asked for: most handlers never do. */
  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      this.#abort = new AbortController();
      if (this.#abortReason !== undefined) this.#abort.abort(this.#abortReason);
    }
    return this.#abort.signal;
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
