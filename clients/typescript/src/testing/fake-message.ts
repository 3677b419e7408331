import type { SendToDlqRequest } from "../../../../gen/dlq/v1/dlq_service_pb.ts";
import type { Failure } from "../../../../gen/dlq/v1/failure_pb.ts";
import {
  type MessageStateName,
  type QuarantineReasonName,
  type ReasonName,
  reasonName,
} from "../names.ts";
import { type DeliveryPayload, HeldPayload } from "../payload.ts";

/** A message of a fake, and what has become of it. */
export class FakeMessage {
  readonly id: string;
  /** As it was sent. */
  readonly request: SendToDlqRequest;
  readonly payload: DeliveryPayload;
  /** `SCHEDULED`, `IN_FLIGHT`, `QUARANTINED`, `SUCCEEDED` or `DISCARDED`. */
  state: MessageStateName = "SCHEDULED";
  quarantineReason: QuarantineReasonName | undefined;
  /** The one it was sent with, then those of sends that joined it and of its attempts. */
  readonly failures: Failure[] = [];
  /** Failed ones. */
  attempts = 0;
  /** Hand-outs, whatever became of them. */
  deliveries = 0;
  /** When it is due, by the wall clock. */
  dueAtMs: number;
  /** What a worker said when it discarded or quarantined it. */
  note = "";
  /** @internal */
  leaseToken = "";
  /** @internal Of the worker that has it. */
  sessionId = "";

  /** @internal */
  constructor(id: string, request: SendToDlqRequest, dueAtMs: number) {
    this.id = id;
    this.request = request;
    this.payload = new HeldPayload(request.payload);
    this.dueAtMs = dueAtMs;
  }

  get queue(): string {
    return this.request.queue;
  }

  get sourceId(): string {
    return this.request.sourceId;
  }

  get attributes(): Readonly<Record<string, string>> {
    return this.request.attributes;
  }

  /** The most recent one. */
  get failure(): Failure | undefined {
    return this.failures.at(-1);
  }

  /** As it was given: a fake reads no errors. */
  get reason(): ReasonName {
    const name = reasonName(this.failure?.reason ?? 0);
    return name === "UNSPECIFIED" ? "UNKNOWN_ERROR" : name;
  }

  /** Whether it is not gone. */
  get isThere(): boolean {
    return this.state !== "SUCCEEDED" && this.state !== "DISCARDED";
  }
}
