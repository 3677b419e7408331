import { randomBytes } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import { SendNumberSchema, type SendToDlqRequest } from "../../../gen/dlq/v1/dlq_service_pb.ts";

/** Numbers the sends of one client to each queue, so that the service detects late duplicates. */
export class SendNumbers {
  readonly #clientId = new Uint8Array(randomBytes(16));
  readonly #latest = new Map<string, bigint>();

  assign(request: SendToDlqRequest): void {
    const number = (this.#latest.get(request.queue) ?? 0n) + 1n;
    this.#latest.set(request.queue, number);
    request.sendNumber = create(SendNumberSchema, { clientId: this.#clientId, number });
  }
}
