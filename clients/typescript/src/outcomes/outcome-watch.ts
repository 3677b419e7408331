import type { WatchEventsResponse } from "../../../../gen/dlq/v1/dlq_service_pb.ts";
import { type Event, EventType } from "../../../../gen/dlq/v1/event_pb.ts";
import type { ReconnectingChannel } from "../reconnecting-channel.ts";
import { EarlyEvents } from "./early-events.ts";
import { EventStream } from "./event-stream.ts";
import { isGone } from "./outcome-event.ts";
import type { OutcomeReports } from "./outcome-reports.ts";
import { SeenEvents } from "./seen-events.ts";

/** A sent message. */
export interface SentMessage {
  readonly id: string;
  /** As this client sent it. */
  readonly sourceId: string;
  /** Its events count from here on, in ms since 1970. */
  readonly sinceMs: number;
}

/** Options of an {@link OutcomeWatch}. */
export interface OutcomeWatchOptions {
  readonly queue: string;
  readonly channel: ReconnectingChannel;
  readonly reports: OutcomeReports;
  /** Called with each event of a followed message, once and in order. The next one waits for its promise, which never rejects. */
  readonly onEvent: (event: Event, message: SentMessage) => Promise<void> | undefined;
  /** Called when a message is gone from the queue: `event` says where to. */
  readonly onLeft: (event: Event, message: SentMessage) => void;
  /** Called when nothing was followed for 60 s: the watch has ended. */
  readonly onIdle: () => void;
}

interface Followed {
  readonly message: SentMessage;
  /** Events that came before it was followed. */
  readonly early: Event[];
}

const IDLE_MS = 60_000;

/** Follows the sent messages of a queue until they are gone. */
export class OutcomeWatch {
  readonly #options: OutcomeWatchOptions;
  readonly #followed = new Map<string, Followed>();
  readonly #early = new EarlyEvents();
  /** Events come again when the stream reconnects: its token may be a second old. */
  readonly #seen = new SeenEvents();
  readonly #stream: EventStream;
  #turns: Promise<void> = Promise.resolve();
  #idle: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: OutcomeWatchOptions) {
    this.#options = options;
    const { queue, channel, reports } = options;
    this.#stream = new EventStream({
      ...{ queue, channel },
      sinceMs: () =>
        [...this.#followed.values()].reduce(
          (oldest, { message }) => Math.min(oldest, message.sinceMs),
          Date.now(),
        ),
      onResponse: (response) => this.#inTurn(() => this.#take(response)),
      onBroken: (error) => reports.broken(queue, error),
    });
  }

  follow(message: SentMessage): void {
    clearTimeout(this.#idle);
    const followed = { message, early: this.#early.take(message.id) };
    this.#followed.set(message.id, followed);
    if (followed.early.length > 0) void this.#inTurn(() => this.#catchUp(followed));
  }

  forget(id: string): void {
    this.#followed.delete(id);
    if (this.#followed.size > 0 || this.#isClosed) return;
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => void this.#inTurn(this.#endIfIdle), IDLE_MS).unref();
  }

  /** Begins no more callbacks. Resolves when the running one has ended. */
  close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#idle);
    this.#stream.close();
    return this.#turns;
  }

  /** Runs work when the earlier one has ended, so that one callback runs at a time. */
  #inTurn(work: () => Promise<void>): Promise<void> {
    this.#turns = this.#turns.then(work);
    return this.#turns;
  }

  readonly #endIfIdle = async (): Promise<void> => {
    if (this.#followed.size > 0 || this.#isClosed) return;
    this.#isClosed = true;
    this.#stream.close();
    this.#options.onIdle();
  };

  async #take({ events, gap }: WatchEventsResponse): Promise<void> {
    if (gap !== undefined) this.#options.reports.gap(this.#options.queue, gap);
    for (const event of events) {
      const followed = this.#followed.get(event.messageId);
      if (followed === undefined) this.#early.add(event);
      else {
        if (followed.early.length > 0) await this.#catchUp(followed);
        await this.#handle(event, followed);
      }
    }
  }

  async #catchUp(followed: Followed): Promise<void> {
    for (let event = followed.early.shift(); event; event = followed.early.shift()) {
      await this.#handle(event, followed);
    }
  }

  async #handle(event: Event, followed: Followed): Promise<void> {
    const { message } = followed;
    const isFollowed = this.#followed.get(message.id) === followed;
    if (this.#isClosed || !isFollowed || this.#seen.has(event.id)) return;
    this.#seen.add(event.id);
    await this.#options.onEvent(event, message);
    if (event.type !== EventType.MOVED_AWAY && !isGone(event)) return;
    this.forget(message.id);
    this.#options.onLeft(event, message);
  }
}
