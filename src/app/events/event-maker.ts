import type { DlqEvent } from "../../core/event.ts";
import type { QueueSettings } from "../../core/settings.ts";
import type { GroupBeginning, Groups, OutboxChange } from "../../store/contract.ts";
import { eventsOfChange } from "./events-of-change.ts";
import { shownChange } from "./shown-changes.ts";

export interface EventMakerParts {
  store: { groups: Pick<Groups, "beginnings"> };
  /** Throws if settings are not known yet. */
  settingsOf(queue: string): Pick<QueueSettings, "redact">;
}

/** Makes events from state changes: without what their queues hide. */
export class EventMaker {
  readonly #parts: EventMakerParts;

  constructor(parts: EventMakerParts) {
    this.#parts = parts;
  }

  /** Returns the events of a change, in their order. Rejects if the store does not answer. */
  async eventsOf(change: OutboxChange): Promise<DlqEvent[]> {
    const { kind } = change;
    if (kind === "GROUP_OPENED" || kind === "GROUP_REGRESSED") {
      if (!(await this.#isFirst(change, kind))) return [];
    }
    return eventsOfChange(shownChange(change, this.#parts.settingsOf(change.queue).redact));
  }

  /** A group may be in several partitions; only the first of them opened it, or made it regress. */
  async #isFirst(
    { partition, note }: OutboxChange,
    kind: "GROUP_OPENED" | "GROUP_REGRESSED",
  ): Promise<boolean> {
    const all = await this.#parts.store.groups.beginnings(note);
    const whenOf = (one: GroupBeginning) =>
      (kind === "GROUP_OPENED" ? one.firstFailureAtMs : one.regressedAtMs) ?? Infinity;
    const own = all.find((one) => one.partition === partition);
    // It is gone, or was resolved again: the order is unknown, so report it.
    if (own === undefined || whenOf(own) === Infinity) return true;
    return all.every(
      (one) =>
        whenOf(one) > whenOf(own) || (whenOf(one) === whenOf(own) && one.partition >= partition),
    );
  }
}
