import { create } from "@bufbuild/protobuf";
import { timestampFromMs, timestampMs, timestampNow } from "@bufbuild/protobuf/wkt";
import type { WatchEventsRequest } from "../../../../gen/dlq/v1/dlq_service_pb.ts";
import { type Event, EventSchema, EventType } from "../../../../gen/dlq/v1/event_pb.ts";
import { MessageState, QuarantineReason, Reason } from "../../../../gen/dlq/v1/state_pb.ts";
import type { FakeMessage } from "./fake-message.ts";

/** The events of a fake's messages. */
export class FakeEvents {
  readonly #events: Event[] = [];

  /** Adds what happened to a message, and then where it went by it. @param type undefined: only that */
  add(message: FakeMessage, type?: EventType): void {
    const { state } = message;
    if (type !== undefined) this.#add(message, type);
    if (state === "QUARANTINED") this.#add(message, EventType.MOVED_TO_POISON);
    const isPlanned = state === "SCHEDULED" && type !== EventType.RELEASED;
    if (isPlanned) this.#add(message, EventType.RETRY_SCHEDULED);
  }

  /** Returns where a watch begins: behind its token, else at its start time, else at the end. */
  startOf({ resumeToken, startTime }: WatchEventsRequest): number {
    if (resumeToken !== "") return Number(resumeToken);
    if (startTime === undefined) return this.#events.length;
    const sinceMs = timestampMs(startTime);
    const found = this.#events.findIndex(({ time }) => time && timestampMs(time) >= sinceMs);
    return found === -1 ? this.#events.length : found;
  }

  /** Returns the events of a watch from a place on, and where the next ones begin. */
  read(from: number, { queues, types }: WatchEventsRequest) {
    const isWanted = ({ queue, type }: Event) =>
      (queues.length === 0 || queues.includes(queue)) &&
      (types.length === 0 || types.includes(type));
    return { events: this.#events.slice(from).filter(isWanted), next: this.#events.length };
  }

  #add(message: FakeMessage, type: EventType): void {
    const { state, quarantineReason = "UNSPECIFIED", dueAtMs } = message;
    const event = create(EventSchema, {
      ...{ type, queue: message.queue, messageId: message.id, note: message.note },
      id: String(this.#events.length),
      time: timestampNow(),
      reason: Reason[message.reason],
      retryCount: message.attempts,
      state: MessageState[state],
      quarantineReason: QuarantineReason[quarantineReason],
      deliveryCount: message.deliveries,
      sourceId: message.sourceId,
    });
    if (state === "SCHEDULED") event.dueTime = timestampFromMs(dueAtMs || Date.now());
    this.#events.push(event);
  }
}
