import { randomUUID } from "node:crypto";
import { durationMs, timestampMs } from "@bufbuild/protobuf/wkt";
import type { Outcome, SendToDlqRequest } from "../../../../gen/dlq/v1/dlq_service_pb.ts";
import { samePayload } from "../payload.ts";
import { FakeMessage } from "./fake-message.ts";

/** What the server does where a message and its queue say nothing. */
const MAX_RETRIES = 3;

/** The messages of a fake, and how they move. */
export class FakeStore {
  readonly messages: FakeMessage[] = [];
  readonly #listeners = new Set<() => void>();

  /** Calls `listener` after each change; gives how to stop that. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  changed(): void {
    for (const listener of this.#listeners) listener();
  }

  /** @returns the message, and whether it was there already */
  accept(request: SendToDlqRequest): { readonly message: FakeMessage; readonly joined: boolean } {
    const earlier = this.#joinedBy(request);
    const message = earlier ?? new FakeMessage(randomUUID(), request, dueAtMs(request));
    if (request.failure !== undefined) message.failures.push(request.failure);
    if (earlier === undefined) {
      this.messages.push(message);
      const { reason } = message;
      if (reason === "POISON_MESSAGE" || reason === "MAX_RETRIES_EXCEEDED") {
        message.state = "QUARANTINED";
        message.quarantineReason = "PRODUCER_REQUEST";
      }
    }
    this.changed();
    return { message, joined: earlier !== undefined };
  }

  /** Hands out what is due, at most so many. */
  take(queues: readonly string[], sessionId: string, most: number): FakeMessage[] {
    const nowMs = Date.now();
    const due = this.#scheduled(queues).filter((message) => message.dueAtMs <= nowMs);
    const taken = due.slice(0, Math.max(0, most));
    for (const message of taken) {
      message.state = "IN_FLIGHT";
      message.deliveries++;
      message.leaseToken = randomUUID();
      message.sessionId = sessionId;
    }
    return taken;
  }

  /** When the next one is due; undefined if none waits. */
  nextDueAtMs(queues: readonly string[]): number | undefined {
    const times = this.#scheduled(queues).map((message) => message.dueAtMs);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  /** @returns undefined where the lease is lost */
  settle({ leaseToken, result }: Outcome): FakeMessage | undefined {
    const message = this.leased(leaseToken);
    if (message === undefined) return undefined;
    message.dueAtMs = 0;
    switch (result.case) {
      case "succeeded":
        message.state = "SUCCEEDED";
        break;
      case "discarded":
        message.state = "DISCARDED";
        message.note = result.value.note;
        break;
      case "quarantined":
        message.note = result.value.note;
        quarantine(message, "WORKER_REQUEST");
        break;
      case "failed": {
        const { failure, retryAfter, nonRetryable } = result.value;
        message.attempts++;
        if (failure !== undefined) message.failures.push(failure);
        message.state = "SCHEDULED";
        if (retryAfter !== undefined) message.dueAtMs = Date.now() + durationMs(retryAfter);
        const { maxRetries, retryPolicy } = message.request;
        const most = maxRetries ?? retryPolicy?.maxRetries ?? MAX_RETRIES;
        if (nonRetryable) quarantine(message, "NON_RETRYABLE");
        else if (message.attempts >= most) quarantine(message, "RETRIES_EXHAUSTED");
        break;
      }
      default:
        message.state = "SCHEDULED";
        if (result.case === "released" && result.value.delay !== undefined) {
          message.dueAtMs = Date.now() + durationMs(result.value.delay);
        }
    }
    this.changed();
    return message;
  }

  leased(leaseToken: string): FakeMessage | undefined {
    return this.messages.find(
      (message) => message.state === "IN_FLIGHT" && message.leaseToken === leaseToken,
    );
  }

  /** What a worker has, or never got. */
  leasesOf(sessionId: string): string[] {
    return this.messages
      .filter((message) => message.state === "IN_FLIGHT" && message.sessionId === sessionId)
      .map(({ leaseToken }) => leaseToken);
  }

  /** Whatever waits is due; what is in quarantine starts a new round. */
  retry(messages: readonly FakeMessage[]): void {
    for (const message of messages) {
      if (message.state === "QUARANTINED") {
        message.attempts = 0;
        message.quarantineReason = undefined;
      } else if (message.state !== "SCHEDULED") continue;
      message.state = "SCHEDULED";
      message.dueAtMs = 0;
    }
    this.changed();
  }

  #scheduled(queues: readonly string[]): FakeMessage[] {
    return this.messages.filter(
      (message) => message.state === "SCHEDULED" && queues.includes(message.queue),
    );
  }

  #joinedBy({ queue, dedupKey, payload }: SendToDlqRequest): FakeMessage | undefined {
    if (dedupKey === "" || payload === undefined) return undefined;
    return this.messages.find(
      (message) =>
        message.isThere &&
        message.queue === queue &&
        message.request.dedupKey === dedupKey &&
        samePayload(message.request.payload, payload),
    );
  }
}

function quarantine(message: FakeMessage, reason: FakeMessage["quarantineReason"]): void {
  message.state = "QUARANTINED";
  message.quarantineReason = reason;
}

/** At once where the send does not say when: tests do not wait for a policy. */
function dueAtMs({ firstRetry }: SendToDlqRequest): number {
  if (firstRetry.case === "delay") return Date.now() + durationMs(firstRetry.value);
  return firstRetry.case === "dueTime" ? timestampMs(firstRetry.value) : 0;
}
