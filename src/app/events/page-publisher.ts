import type { DlqEvent, EventType } from "../../core/event.ts";
import type { OutboxGap, OutboxItem } from "../../store/contract.ts";
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
    const steps: Step[] = [{ gap: undefined, events: new Map() }];
    for (const item of this.#items) {
      if (!("kind" in item)) {
        steps.push({ gap: item, events: new Map() });
        continue;
      }
      const { events } = steps.at(-1) as Step;
      for (const event of await this.#parts.maker.eventsOf(item, this.#parts.types)) {
        const own = events.get(event.queue);
        if (own === undefined) events.set(event.queue, [event]);
        else own.push(event);
      }
    }
    return steps;
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
