import type { DlqEvent, EventType } from "../../core/event.ts";
import type { OutboxChange, OutboxGap, OutboxItem } from "../../store/contract.ts";
import type { EventMaker } from "./event-maker.ts";
import type { EventPublisher } from "./event-publisher.ts";

/** What is published together: events by queue, after a gap if there is one. */
interface Step {
  gap: OutboxGap | undefined;
  events: Map<string, DlqEvent[]>;
}

export interface PagePublisherParts {
  maker: Pick<EventMaker, "eventsOf" | "noticeOf">;
  publisher: EventPublisher;
  types: ReadonlySet<EventType>;
  /** The queues whose events may be missing, or undone, in a gap. */
  queuesOf(gap: OutboxGap): Promise<readonly string[]>;
  /** The wall clock of this server. */
  now(): number;
}

/**
 * Publishes items of a partition in the order of each queue; queues at once. Call `run` again after an error: it continues with what
 * is not published.
 */
export class PagePublisher {
  readonly #parts: PagePublisherParts;
  readonly #items: readonly OutboxItem[];
  #steps: Step[] | undefined;
  /** Events that were published. */
  published = 0;

  constructor(parts: PagePublisherParts, items: readonly OutboxItem[]) {
    this.#parts = parts;
    this.#items = items;
  }

  async run(): Promise<void> {
    this.#steps ??= await this.#stepsOf();
    for (let step = this.#steps[0]; step !== undefined; step = this.#steps[0]) {
      if (step.gap !== undefined) {
        await this.#announce(step.gap);
        step.gap = undefined;
      }
      await this.#publish(step.events);
      this.#steps.shift();
    }
  }

  async #stepsOf(): Promise<Step[]> {
    const { maker, types } = this.#parts;
    const parts: { gap: OutboxGap | undefined; changes: OutboxChange[] }[] = [
      { gap: undefined, changes: [] },
    ];
    for (const item of this.#items) {
      if ("kind" in item) parts.at(-1)?.changes.push(item);
      else parts.push({ gap: item, changes: [] });
    }
    return Promise.all(
      parts.map(async ({ gap, changes }) => {
        const events = await maker.eventsOf(changes, types);
        return { gap, events: Map.groupBy(events, ({ queue }) => queue) };
      }),
    );
  }

  async #publish(events: Map<string, DlqEvent[]>): Promise<void> {
    const results = await Promise.allSettled(
      [...events].map(async ([queue, own]) => {
        await this.#parts.publisher.publish(own);
        this.published += own.length;
        events.delete(queue);
      }),
    );
    const failed = results.find(({ status }) => status === "rejected");
    if (failed !== undefined) throw (failed as PromiseRejectedResult).reason;
  }

  async #announce(gap: OutboxGap): Promise<void> {
    const { maker, queuesOf, publisher, now } = this.#parts;
    for (const queue of await queuesOf(gap))
      await publisher.publishGap(maker.noticeOf(gap, queue, now()));
  }
}
