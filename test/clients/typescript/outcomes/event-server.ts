// A service in this process that answers WatchEvents with what a test gives.

import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { createClient, createRouterTransport } from "@connectrpc/connect";
import type { DlqAdminStubs } from "../../../../clients/typescript/src/connection.ts";
import { ReconnectingChannel } from "../../../../clients/typescript/src/reconnecting-channel.ts";
import {
  DlqService,
  type WatchEventsRequest,
  WatchEventsResponseSchema,
} from "../../../../gen/dlq/v1/dlq_service_pb.ts";
import { EventSchema, type EventType } from "../../../../gen/dlq/v1/event_pb.ts";
import { MessageState } from "../../../../gen/dlq/v1/state_pb.ts";

type Response = MessageInitShape<typeof WatchEventsResponseSchema>;

/** One call of WatchEvents. */
export class EventCall {
  readonly request: WatchEventsRequest;
  readonly signal: AbortSignal;
  readonly #given: (Response | Error)[] = [];
  #wake = () => {};

  constructor(request: WatchEventsRequest, signal: AbortSignal) {
    this.request = request;
    this.signal = signal;
    signal.addEventListener("abort", () => this.#wake());
  }

  get queue(): string {
    return this.request.queues.join();
  }

  /** Answers with a response, or ends the call with an error. */
  give(response: Response | Error): void {
    this.#given.push(response);
    this.#wake();
  }

  async *responses() {
    while (!this.signal.aborted) {
      const next = this.#given.shift();
      if (next instanceof Error) throw next;
      if (next !== undefined) yield create(WatchEventsResponseSchema, next);
      else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }
}

/** @param onCall refuses a call by throwing */
export function eventServer(onCall: () => void = () => {}) {
  const calls: EventCall[] = [];
  const transport = createRouterTransport(({ rpc }) => {
    rpc(DlqService.method.watchEvents, async function* (request, { signal }) {
      onCall();
      const call = new EventCall(request, signal);
      calls.push(call);
      call.give({ resumeToken: "start" });
      yield* call.responses();
    });
  });
  const stubs = createClient(DlqService, transport);
  const admin = {} as DlqAdminStubs;
  const channel = new ReconnectingChannel(() => ({ stubs, admin, close: () => {} }));
  const callOf = (queue: string) => calls.findLast((call) => call.queue === queue);
  return { calls, channel, callOf };
}

let events = 0;
/** Returns an event with its own id, of a message that is still there. */
export function eventOf(
  type: EventType,
  messageId: string,
  fields: MessageInitShape<typeof EventSchema> = {},
) {
  const id = `00-1-${++events}`;
  const time = timestampFromMs(Date.now());
  const state = MessageState.SCHEDULED;
  return create(EventSchema, { id, type, messageId, queue: "q", time, state, ...fields });
}
