import type { DlqEvent, EventType, GapNotice } from "../../core/event.ts";
import type {
  GroupBeginning,
  Groups,
  Outbox,
  OutboxChange,
  OutboxGap,
} from "../../store/contract.ts";
import { eventsOfChange, isGroupKind, partitionText } from "./events-of-change.ts";
import { shownChange } from "./shown-changes.ts";

export interface EventMakerParts {
  store: { groups: Pick<Groups, "beginnings">; outbox: Pick<Outbox, "storeId"> };
  /** Returns what must be hidden in a change. Throws if settings are not known yet. */
  redactOf(change: OutboxChange): readonly string[];
}

/** Answers about groups are cached for so long, and so many. */
const CACHE_MS = 200;
const CACHE_MAX = 1_000;

interface Answer {
  readonly atMs: number;
  readonly beginnings: Promise<readonly GroupBeginning[]>;
}

/** Makes events from state changes: without what their queues hide. */
export class EventMaker {
  readonly #parts: EventMakerParts;
  readonly #cache = new Map<string, Answer>();

  constructor(parts: EventMakerParts) {
    this.#parts = parts;
  }

  /**
   * Returns the events of these types of a change, in their order. Rejects if the store does not answer, and if settings are not
   * known yet.
   */
  async eventsOf(change: OutboxChange, types: ReadonlySet<EventType>): Promise<DlqEvent[]> {
    const shown = shownChange(change, this.#parts.redactOf(change));
    const { storeId } = this.#parts.store.outbox;
    const events = eventsOfChange(shown, storeId).filter(({ type }) => types.has(type));
    if (events.length === 0 || !isGroupKind(change.kind)) return events;
    return (await this.#isFirst(change)) ? events : [];
  }

  /**
   * Returns what consumers of a queue get in the place of events that are missing. The id has the end of the gap: one that has grown
   * before it could be published is another notice.
   */
  noticeOf(of: OutboxGap, queue: string, atMs: number): GapNotice {
    const { gap, partition, epochMs, from, count, afterMs, untilMs } = of;
    const place = [this.#parts.store.outbox.storeId, partitionText(partition), epochMs];
    return {
      id: [...place, from, from + count, gap, queue].join("-"),
      ...{ queue, atMs, missed: 0, undone: 0, [gap]: count, afterMs, untilMs },
    };
  }

  /** Several readers ask about the same group at about the same time. */
  #beginnings(digest: string): Promise<readonly GroupBeginning[]> {
    const nowMs = performance.now();
    const known = this.#cache.get(digest);
    if (known !== undefined && nowMs - known.atMs < CACHE_MS) return known.beginnings;
    if (this.#cache.size >= CACHE_MAX) this.#cache.clear();
    const beginnings = this.#parts.store.groups.beginnings(digest);
    this.#cache.set(digest, { atMs: nowMs, beginnings });
    beginnings.catch(() => this.#cache.delete(digest));
    return beginnings;
  }

  /** A group may be in several partitions; only the first of them opened it, or made it regress. */
  async #isFirst({ kind, partition, note }: OutboxChange): Promise<boolean> {
    const all = await this.#beginnings(note);
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
