import type { DlqEvent, EventType, GapNotice } from "../../core/event.ts";
import type {
  GroupBeginning,
  Groups,
  Outbox,
  OutboxChange,
  OutboxGap,
} from "../../store/contract.ts";
import { eventsOfChange, hasEventOf, isGroupKind, partitionText } from "./events-of-change.ts";
import { shownChange } from "./shown-changes.ts";

export interface EventMakerParts {
  store: { groups: Pick<Groups, "beginnings">; outbox: Pick<Outbox, "storeId"> };
  /** Returns what must be hidden in a change. Throws if settings are not known yet. */
  redactOf(change: OutboxChange): readonly string[];
  /** Whether several readers get the same changes, so that their events are cached. */
  isShared: boolean;
}

/** Changes whose events are cached: those of a step of a watch, about 2 MiB. */
const MADE_MAX = 1_000;
/** Answers about groups are cached for so long, and so many. */
const CACHE_MS = 200;
const CACHE_MAX = 1_000;

interface Made {
  /** What was hidden in them. */
  readonly redact: readonly string[];
  readonly events: readonly DlqEvent[];
}

interface Answer {
  readonly atMs: number;
  readonly beginnings: Promise<readonly GroupBeginning[]>;
}

/** Makes events from state changes: without what their queues hide. */
export class EventMaker {
  readonly #parts: EventMakerParts;
  /** Each maker asks the store about groups itself: one for NATS and one for watches ask twice. */
  readonly #cache = new Map<string, Answer>();
  /** The latest changes, oldest first: readers get the same ones at about the same time. */
  readonly #made = new Map<OutboxChange, Made>();

  constructor(parts: EventMakerParts) {
    this.#parts = parts;
  }

  /**
   * Returns the events of these types of changes, in their order. Rejects if the store does not answer, and if settings are not
   * known yet.
   */
  async eventsOf(
    changes: readonly OutboxChange[],
    types: ReadonlySet<EventType>,
  ): Promise<DlqEvent[]> {
    const wanted = changes.filter((change) => hasEventOf(change, types));
    const ofGroups = wanted.filter(({ kind }) => isGroupKind(kind));
    const beginnings = await this.#beginnings([...new Set(ofGroups.map(({ note }) => note))]);
    const events: DlqEvent[] = [];
    for (const change of wanted) {
      const isLater = isGroupKind(change.kind) && !isFirst(change, beginnings.get(change.note));
      if (isLater) continue;
      for (const event of this.#allOf(change)) {
        if (types.has(event.type)) events.push(event);
      }
    }
    return events;
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

  #allOf(change: OutboxChange): readonly DlqEvent[] {
    const { redactOf, store, isShared } = this.#parts;
    const redact = redactOf(change);
    const known = this.#made.get(change);
    if (known?.redact === redact) return known.events;
    const events = eventsOfChange(shownChange(change, redact), store.outbox.storeId);
    if (!isShared) return events;
    this.#made.delete(change);
    this.#made.set(change, { redact, events });
    if (this.#made.size > MADE_MAX) {
      const [oldest] = this.#made.keys();
      this.#made.delete(oldest as OutboxChange);
    }
    return events;
  }

  /** Several readers ask about the same groups at about the same time. */
  async #beginnings(
    digests: readonly string[],
  ): Promise<ReadonlyMap<string, readonly GroupBeginning[]>> {
    const nowMs = performance.now();
    const known = new Map<string, Answer["beginnings"]>();
    for (const digest of digests) {
      const answer = this.#cache.get(digest);
      if (answer !== undefined && nowMs - answer.atMs < CACHE_MS)
        known.set(digest, answer.beginnings);
    }
    const unknown = digests.filter((digest) => !known.has(digest));
    if (unknown.length > 0) {
      const asked = this.#parts.store.groups.beginnings(unknown);
      for (const digest of unknown) {
        const beginnings = asked.then((found) => found.get(digest) ?? []);
        known.set(digest, beginnings);
        this.#remember(digest, { atMs: nowMs, beginnings });
      }
    }
    const found = [...known].map(
      async ([digest, beginnings]) => [digest, await beginnings] as const,
    );
    return new Map(await Promise.all(found));
  }

  #remember(digest: string, answer: Answer): void {
    if (this.#cache.size >= CACHE_MAX) this.#cache.clear();
    this.#cache.set(digest, answer);
    answer.beginnings.catch(() => this.#cache.delete(digest));
  }
}

/** A group may be in several partitions; only the first of them opened it, or made it regress. */
function isFirst({ kind, partition }: OutboxChange, all: readonly GroupBeginning[] = []): boolean {
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
