import type { DlqEvent } from "../../core/event.ts";
import type { EventFilter } from "../../rules/event-filter.ts";

/** Results that are cached of each filter that watches share: of the events of a step, some 80 KiB. */
const CACHE_MAX = 2_000;

interface Shared {
  readonly filter: EventFilter;
  users: number;
  /** The latest events, oldest first: watches read the same ones at about the same time. */
  readonly results: Map<DlqEvent, boolean>;
}

/** Evaluates equal filters of watches once for each event. */
export class SharedFilters {
  readonly #shared = new Map<string, Shared>();

  /** Returns a filter that does the same, until `release` is called. */
  use(filter: EventFilter): Pick<EventFilter, "matches"> & { release(): void } {
    const shared = this.#shared.get(filter.text) ?? { filter, users: 0, results: new Map() };
    this.#shared.set(filter.text, shared);
    shared.users++;
    return {
      matches: (event) => matches(shared, event),
      release: () => {
        shared.users--;
        if (shared.users === 0) this.#shared.delete(filter.text);
      },
    };
  }
}

function matches({ filter, users, results }: Shared, event: DlqEvent): boolean {
  if (users === 1 || filter.text === "") return filter.matches(event);
  const known = results.get(event);
  if (known !== undefined) return known;
  const found = filter.matches(event);
  results.set(event, found);
  if (results.size > CACHE_MAX) {
    const [oldest] = results.keys();
    results.delete(oldest as DlqEvent);
  }
  return found;
}
