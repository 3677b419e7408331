import type { SendToDlqRequest } from "../../../../gen/dlq/v1/dlq_service_pb.ts";
import type { Failure } from "../../../../gen/dlq/v1/failure_pb.ts";
import {
  type MessageStateName,
  type QuarantineReasonName,
  type ReasonName,
  reasonName,
} from "../enum-names.ts";
import { type DeliveryPayload, HeldPayload } from "../payload.ts";

/** A message of a fake, with its state. */
export class FakeMessage {
  readonly id: string;
  /** As it was sent. */
  readonly request: SendToDlqRequest;
  readonly payload: DeliveryPayload;
  /** `SCHEDULED`, `IN_FLIGHT`, `QUARANTINED`, `SUCCEEDED` or `DISCARDED`. */
  state: MessageStateName = "SCHEDULED";
  quarantineReason: QuarantineReasonName | undefined;
  /** The failures of its send, of sends that joined it, and of its attempts. */
  readonly failures: Failure[] = [];
  /** Count of failed attempts. */
  attempts = 0;
  /** Count of deliveries, with any outcome. */
  deliveries = 0;
  /** When it is due, in ms since 1970. */
  dueAtMs: number;
  /** The note of a worker that discarded or quarantined it. */
  note = "";
  /** @internal */
  leaseToken = "";
  /** @internal The worker session that has it. */
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

  /** The latest failure. */
  get failure(): Failure | undefined {
    return this.failures.at(-1);
  }

  /** The reason of the send. A fake derives none from the error. */
  get reason(): ReasonName {
    const name = reasonName(this.failure?.reason ?? 0);
    return name === "UNSPECIFIED" ? "UNKNOWN_ERROR" : name;
  }

  /** True until it has succeeded or was discarded. */
  get isOpen(): boolean {
    return this.state !== "SUCCEEDED" && this.state !== "DISCARDED";
  }
}
