// Outcome callbacks of a service in this process, which answers WatchEvents with what a test gives.

import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { createClient, createRouterTransport } from "@connectrpc/connect";
import { onTestFinished, vi } from "vitest";
import type { DlqAdminStubs } from "../../../../clients/typescript/src/connection.ts";
import { createOutcomeWatches } from "../../../../clients/typescript/src/outcomes/outcome-watches.ts";
import { ReconnectingChannel } from "../../../../clients/typescript/src/reconnecting-channel.ts";
import {
  DlqService,
  type WatchEventsRequest,
  WatchEventsResponseSchema,
} from "../../../../gen/dlq/v1/dlq_service_pb.ts";
import { EventSchema, type EventType } from "../../../../gen/dlq/v1/event_pb.ts";
import { MessageState } from "../../../../gen/dlq/v1/state_pb.ts";
import { until } from "../client.ts";

type Response = MessageInitShape<typeof WatchEventsResponseSchema>;

/** One call of WatchEvents. */
export class EventCall {
  readonly request: WatchEventsRequest;
  readonly signal: AbortSignal;
  readonly #given: (Response | Error)[] = [];
  #isEnded = false;
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

  /** Ends the call without an error, after what was given. */
  end(): void {
    this.#isEnded = true;
    this.#wake();
  }

  async *responses() {
    while (!this.signal.aborted) {
      const next = this.#given.shift();
      if (next instanceof Error) throw next;
      if (next === undefined && this.#isEnded) return;
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

type Given = Parameters<typeof createOutcomeWatches>[1];

/** Creates watches whose callbacks record `KIND ID`. */
export function watchesOf(server = eventServer(), given: Given = {}) {
  const got: string[] = [];
  const record = (kind: string) => (event: { id: string }) => void got.push(`${kind} ${event.id}`);
  const watches = createOutcomeWatches(server.channel, {
    onSucceeded: record("succeeded"),
    onFailed: record("failed"),
    onQuarantined: record("quarantined"),
    ...given,
  });
  if (watches === undefined) throw new Error("there are no callbacks");
  onTestFinished(() => watches.close(0));
  const follow = (id: string, queue = "q") =>
    watches.follow({ status: "sent", id, queue, state: "SCHEDULED", reason: "TIMEOUT" }, "source");
  const opened = async (queue = "q", count = 1): Promise<EventCall> => {
    const calls = () => server.calls.filter((call) => call.queue === queue);
    await until(() => calls().length === count, "the watch");
    return calls().at(-1) as EventCall;
  };
  return { ...server, watches, follow, opened, got };
}

/** Returns the lines that are logged from now on to the end of the test. */
export function logLines(): readonly string[] {
  const lines: string[] = [];
  const log = vi.spyOn(console, "error").mockImplementation((line) => void lines.push(line));
  onTestFinished(() => log.mockRestore());
  return lines;
}
