import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import type { WatchEventsResponse } from "../../../../gen/dlq/v1/dlq_service_pb.ts";
import { Backoff } from "../backoff.ts";
import { callErrorOf } from "../call-error.ts";
import type { ReconnectingChannel } from "../reconnecting-channel.ts";
import { WATCHED_TYPES } from "./outcome-event.ts";

/** Options of an {@link EventStream}. */
export interface EventStreamOptions {
  readonly channel: ReconnectingChannel;
  readonly queue: string;
  /** When the oldest message was accepted, in ms since 1970. Called when the first stream opens. */
  readonly sinceMs: () => number;
  /** The next response is read when its promise resolves, which it must. */
  readonly onResponse: (response: WatchEventsResponse) => Promise<void>;
  readonly onBroken: (error: ConnectError) => void;
}

/** A stream begins this long before its oldest message or its latest event: the clocks of servers differ. */
const MARGIN_MS = 1_000;
const FIRST_PAUSE_MS = 500;
const MAX_PAUSE_MS = 30_000;

/**
 * The events of a queue. It opens itself again after the latest resume token, until it is closed. Events since that token come
 * again.
 */
export class EventStream {
  readonly #options: EventStreamOptions;
  readonly #backoff = new Backoff(FIRST_PAUSE_MS, MAX_PAUSE_MS);
  readonly #abort = new AbortController();
  #resumeToken = "";
  #sinceMs: number | undefined;

  constructor(options: EventStreamOptions) {
    this.#options = options;
    // One response may accept several messages: the stream opens after all are followed.
    setImmediate(() => void this.#run());
  }

  close(): void {
    this.#abort.abort();
  }

  async #run(): Promise<void> {
    const { signal } = this.#abort;
    while (!signal.aborted) {
      const error = await this.#read();
      if (signal.aborted) return;
      this.#options.onBroken(error);
      await pause(this.#backoff.nextMs(), signal);
    }
  }

  /** Reads one stream to its end, and returns why it ended. Never rejects. */
  async #read(): Promise<ConnectError> {
    const { channel, queue, sinceMs, onResponse } = this.#options;
    const { signal } = this.#abort;
    const { stubs } = channel;
    this.#sinceMs ??= sinceMs();
    const request = {
      queues: [queue],
      types: [...WATCHED_TYPES],
      resumeToken: this.#resumeToken,
      startTime: timestampFromMs(this.#sinceMs - MARGIN_MS), // counts where the token does not cover the queue
    };
    try {
      for await (const response of stubs.watchEvents(request, { signal })) {
        this.#backoff.reset();
        await onResponse(response);
        if (response.resumeToken !== "") this.#resumeToken = response.resumeToken;
        const time = response.events.at(-1)?.time;
        if (time !== undefined) this.#sinceMs = timestampMs(time);
      }
      return new ConnectError("the server ended the stream", Code.Unavailable);
    } catch (reason) {
      const error = callErrorOf(reason);
      channel.failed(stubs, error);
      // Another server may not accept the token: the time is less exact.
      if (error.code === Code.InvalidArgument) this.#resumeToken = "";
      return error;
    }
  }
}

/** Does not keep the process running. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms).unref();
    signal.addEventListener("abort", end);
  });
}
