import { randomUUID } from "node:crypto";
import { durationMs, timestampMs } from "@bufbuild/protobuf/wkt";
import type { Outcome, SendToDlqRequest } from "../../../../gen/dlq/v1/dlq_service_pb.ts";
import { EventType } from "../../../../gen/dlq/v1/event_pb.ts";
import { samePayload } from "../payload.ts";
import { FakeEvents } from "./fake-events.ts";
import { FakeMessage } from "./fake-message.ts";

/** The server's default. */
const MAX_RETRIES = 3;

/** The messages of a fake, and their state changes. */
export class FakeStore {
  readonly messages: FakeMessage[] = [];
  readonly events = new FakeEvents();
  readonly #listeners = new Set<() => void>();

  /** Calls `listener` after each change. Returns a function that stops it. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  changed(): void {
    for (const listener of this.#listeners) listener();
  }

  /** @returns the message, and whether it is an earlier one that the send joined */
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
      this.events.add(message, EventType.MESSAGE_ADDED);
    }
    this.changed();
    return { message, joined: earlier !== undefined };
  }

  /** Delivers due messages to a worker session, at most `limit`. */
  take(queues: readonly string[], sessionId: string, limit: number): FakeMessage[] {
    const nowMs = Date.now();
    const due = this.#scheduled(queues).filter((message) => message.dueAtMs <= nowMs);
    const taken = due.slice(0, Math.max(0, limit));
    for (const message of taken) {
      message.state = "IN_FLIGHT";
      message.deliveries++;
      message.leaseToken = randomUUID();
      message.sessionId = sessionId;
    }
    return taken;
  }

  /** Returns when the next message is due; undefined if none is scheduled. */
  nextDueAtMs(queues: readonly string[]): number | undefined {
    const times = this.#scheduled(queues).map((message) => message.dueAtMs);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  /** Applies an outcome. @returns undefined if the lease is lost */
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
        const limit = maxRetries ?? retryPolicy?.maxRetries ?? MAX_RETRIES;
        if (nonRetryable) quarantine(message, "NON_RETRYABLE");
        else if (message.attempts >= limit) quarantine(message, "RETRIES_EXHAUSTED");
        break;
      }
      default:
        message.state = "SCHEDULED";
        if (result.case === "released" && result.value.delay !== undefined) {
          message.dueAtMs = Date.now() + durationMs(result.value.delay);
        }
    }
    this.events.add(message, eventTypeOf(result.case));
    this.changed();
    return message;
  }

  leased(leaseToken: string): FakeMessage | undefined {
    return this.messages.find(
      (message) => message.state === "IN_FLIGHT" && message.leaseToken === leaseToken,
    );
  }

  /** Returns the lease tokens of a worker session. */
  leasesOf(sessionId: string): string[] {
    return this.messages
      .filter((message) => message.state === "IN_FLIGHT" && message.sessionId === sessionId)
      .map(({ leaseToken }) => leaseToken);
  }

  /** Makes scheduled messages due now. Quarantined ones begin with no failed attempts. */
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
        message.isOpen &&
        message.queue === queue &&
        message.request.dedupKey === dedupKey &&
        samePayload(message.request.payload, payload),
    );
  }
}

/** Undefined: the state of the message says what happened. */
function eventTypeOf(result: Outcome["result"]["case"]): EventType | undefined {
  if (result === "succeeded") return EventType.RETRY_SUCCESS;
  if (result === "failed") return EventType.RETRY_FAILED;
  if (result === "discarded") return EventType.DISCARDED;
  return result === "quarantined" ? undefined : EventType.RELEASED;
}

function quarantine(message: FakeMessage, reason: FakeMessage["quarantineReason"]): void {
  message.state = "QUARANTINED";
  message.quarantineReason = reason;
}

/** Without a delay a message is due at once: tests do not wait for a policy. */
function dueAtMs({ firstRetry }: SendToDlqRequest): number {
  if (firstRetry.case === "delay") return Date.now() + durationMs(firstRetry.value);
  return firstRetry.case === "dueTime" ? timestampMs(firstRetry.value) : 0;
}
