import { AsyncLocalStorage, AsyncResource } from "node:async_hooks";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { type Event, EventType } from "../../../../gen/dlq/v1/event_pb.ts";
import { Deadline } from "../deadline.ts";
import type { ReconnectingChannel } from "../reconnecting-channel.ts";
import { safeCallback } from "../safe-callback.ts";
import type { OnStored } from "../send-result.ts";
import {
  acceptedAtMs,
  CALLBACK_NAMES,
  type CallbackName,
  callbackOf,
  type OutcomeEvent,
  outcomeEventFrom,
} from "./outcome-event.ts";
import { OutcomeReports } from "./outcome-reports.ts";
import { OutcomeWatch, type SentMessage } from "./outcome-watch.ts";

type OnOutcome = (event: OutcomeEvent) => unknown;
type OutcomeCallbacks = { readonly [Name in CallbackName]?: OnOutcome | undefined };
/** Calls a callback. The promise, if it returned one, never rejects. */
type Call = (event: OutcomeEvent) => Promise<void> | undefined;

/** Of a client, so that messages whose queue has no workers do not fill its memory. */
const MAX_FOLLOWED = 10_000;
/** The longest that a close waits for the running callbacks. */
const MAX_WAIT_MS = 5_000;

/** A call of a callback. */
interface CallbackRun {
  readonly watches: OutcomeWatches;
  isOver: boolean;
}

/** The call that is the caller, or has started it. */
const currentRun = new AsyncLocalStorage<CallbackRun>();

/** Returns undefined without callbacks: then sends pay nothing. */
export function createOutcomeWatches(
  channel: ReconnectingChannel,
  callbacks: OutcomeCallbacks,
): OutcomeWatches | undefined {
  const calls = CALLBACK_NAMES.flatMap((name): [CallbackName, Call][] => {
    const callback = callbacks[name];
    return callback == null ? [] : [[name, callOf(name, callback)]];
  });
  return calls.length === 0 ? undefined : new OutcomeWatches(channel, new Map(calls));
}

/** Calls the program back about the messages that its client sent: follows at most 10,000, in a watch for each queue. */
export class OutcomeWatches {
  readonly #channel: ReconnectingChannel;
  readonly #calls: ReadonlyMap<CallbackName, Call>;
  readonly #reports = new OutcomeReports();
  readonly #watches = new Map<string, OutcomeWatch>();
  /** Where each message is followed; the message that was sent first is first. */
  readonly #followed = new Map<string, OutcomeWatch>();
  /** Callbacks run outside of the handlers and spans whose sends they are about. */
  readonly #scope = new AsyncResource("OutcomeWatches");
  #isClosed = false;

  constructor(channel: ReconnectingChannel, calls: ReadonlyMap<CallbackName, Call>) {
    this.#channel = channel;
    this.#calls = calls;
  }

  /** Follows a message. Does nothing for one without an id, which a rule dropped or the service has forgotten. */
  readonly follow: OnStored = ({ id, queue }, sourceId) => {
    if (id === "" || this.#followed.has(id)) return;
    const sinceMs = acceptedAtMs(id);
    this.#scope.runInAsyncScope(() => this.#follow(queue, { id, sourceId, sinceMs }));
  };

  /** Ends the watches. Waits for the running callbacks, at most `maxMs` and 5 s, unless one of them is the caller. */
  async close(maxMs: number): Promise<void> {
    this.#isClosed = true;
    const ended = Promise.all([...this.#watches.values()].map((watch) => watch.close()));
    this.#watches.clear();
    this.#followed.clear();
    const run = currentRun.getStore();
    if (run?.watches === this && !run.isOver) return;
    await new Deadline(Math.min(maxMs, MAX_WAIT_MS)).meets(ended.then(() => {}));
  }

  #follow(queue: string, message: SentMessage): void {
    if (this.#isClosed) return;
    const watch = this.#watches.get(queue) ?? this.#watch(queue);
    this.#followed.set(message.id, watch);
    watch.follow(message);
    if (this.#followed.size <= MAX_FOLLOWED) return;
    this.#forgetOldest();
    this.#reports.full(MAX_FOLLOWED);
  }

  #forgetOldest(): void {
    for (const [id, watch] of this.#followed) {
      this.#followed.delete(id);
      watch.forget(id);
      return;
    }
  }

  #watch(queue: string): OutcomeWatch {
    const watch = new OutcomeWatch({
      ...{ queue, channel: this.#channel, reports: this.#reports },
      onEvent: (event, message) => this.#call(event, message),
      onLeft: this.#onLeft,
      onIdle: () => this.#watches.delete(queue),
    });
    this.#watches.set(queue, watch);
    return watch;
  }

  async #call(event: Event, { sourceId }: SentMessage): Promise<void> {
    const name = callbackOf(event.type);
    const call = name && this.#calls.get(name);
    if (call === undefined) return;
    const run = { watches: this, isOver: false };
    await currentRun.run(run, () => call(outcomeEventFrom(event, sourceId)));
    run.isOver = true;
  }

  readonly #onLeft = (event: Event, message: SentMessage): void => {
    const { type, otherQueue, time } = event;
    if (type !== EventType.MOVED_AWAY || time === undefined) this.#followed.delete(message.id);
    else this.#follow(otherQueue, { ...message, sinceMs: timestampMs(time) });
  };
}

function callOf(name: CallbackName, callback: OnOutcome): Call {
  return (event) => {
    let end: Promise<void> | undefined;
    const failure = `${name} failed for message ${event.id} of queue "${event.queue}"; the event is not repeated`;
    const call = safeCallback(failure, callback, (promise) => {
      end = promise;
    });
    call(event);
    return end;
  };
}
