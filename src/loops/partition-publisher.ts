import { PagePublisher, type PagePublisherParts } from "../app/events/page-publisher.ts";
import type { EventObserver } from "../app/observer.ts";
import type {
  OutboxBacklog,
  OutboxGap,
  OutboxItem,
  OutboxPage,
  OutboxPosition,
  SharedReader,
  Store,
} from "../store/contract.ts";
import type { MissedChanges } from "./missed-changes.ts";
import type { PublishFailures } from "./publish-failures.ts";
import { RecentQueues } from "./recent-queues.ts";

/** Another server has the partition. */
const TAKEN_PAUSE_MS = 1_000;

export interface PartitionPublisherParts extends Omit<PagePublisherParts, "queuesOf"> {
  /** The queues that have or had something in a partition. */
  queuesIn(partition: number): Promise<readonly string[]>;
  outbox: Pick<Store["outbox"], "read" | "confirm">;
  reader: Pick<SharedReader, "take">;
  failures: Pick<PublishFailures, "failed" | "published">;
  missed: Pick<MissedChanges, "add" | "addUndone">;
  observer: Pick<EventObserver, "eventsPublished" | "eventPublishFailed">;
}

/** What waits in a partition. */
interface Backlog {
  readonly bytes: number;
  /** When the oldest change happened, by the clock of this server. */
  readonly sinceMs: number;
}

/** A page that is being published. */
interface OpenPage extends Pick<OutboxPage, "hasMore"> {
  readonly page: PagePublisher;
  readonly items: readonly OutboxItem[];
  /** After it. Undefined: it only has notices of what is undone, which are read once. */
  readonly position: OutboxPosition | undefined;
}

/** Publishes the events of one partition in order, a page at a time. */
export class PartitionPublisher {
  readonly partition: number;
  readonly #parts: PartitionPublisherParts;
  readonly #pageParts: PagePublisherParts;
  /** After what was published. */
  position: OutboxPosition;
  /** Whether no other server publishes it now. */
  isTaken = false;
  /** Whether the position is stored. */
  isStored = true;
  /** Whether there may be something to publish. */
  hasChanged = true;
  /** When something was last published. */
  publishedAtMs = performance.now();
  /** As of when the position was last stored. Undefined: nothing waits, or it is not known yet. */
  backlog: Backlog | undefined;
  readonly #recent = new RecentQueues();
  #open: OpenPage | undefined;
  /** Where another server has come in a later epoch. What this server published before that may be undone. */
  #later: OutboxPosition | undefined;
  /** Changes that were counted as missed, and for which no gap is published yet. */
  #missedEarly = 0;

  constructor(partition: number, position: OutboxPosition, parts: PartitionPublisherParts) {
    this.partition = partition;
    this.position = position;
    this.#parts = parts;
    this.#pageParts = { ...parts, queuesOf: (gap) => this.#queuesOf(gap) };
  }

  /**
   * Publishes the next page. Returns after how many milliseconds the next step may follow; undefined: there is nothing until
   * something changes. Rejects if the store does not answer.
   */
  async step(): Promise<number | undefined> {
    // It was lost to another server meanwhile.
    if (!this.isTaken) this.#dropOpen();
    if (this.#open === undefined) {
      this.hasChanged = false;
      const found = await this.#next();
      if (typeof found !== "object") return found;
      this.#open = found;
    }
    const { observer, failures } = this.#parts;
    const open = this.#open;
    try {
      await this.#parts.outbox.confirm();
      await open.page.run();
    } catch (error) {
      observer.eventPublishFailed();
      // Many partitions may fail: only what is published in part is remembered.
      if (open.page.published === 0) this.#dropOpen();
      this.hasChanged = true;
      return failures.failed(this.partition, error as Error);
    }
    // It was taken meanwhile from a server that has published more.
    if (this.#open !== open) return 0;
    this.#open = undefined;
    if (open.position !== undefined) this.position = open.position;
    this.#recent.add(open.items);
    [this.isStored, this.publishedAtMs] = [false, performance.now()];
    observer.eventsPublished(open.page.published);
    for (const item of open.items) this.#countGap(item);
    if (open.hasMore) this.hasChanged = true;
    else this.backlog = undefined;
    failures.published(this.partition, open.page.published, !open.hasMore);
    return this.hasChanged ? 0 : undefined;
  }

  /** Another server may have published more. A stored position that Redis has rolled back is not used: it would hide what is undone. */
  useStored(stored: OutboxPosition): void {
    const { epochMs, next } = this.position;
    if (stored.epochMs > epochMs) this.#later = stored;
    else if (stored.epochMs === epochMs && stored.next > next) this.#moveTo(stored);
  }

  #moveTo(position: OutboxPosition): void {
    this.#dropOpen();
    this.position = position;
    this.#missedEarly = 0;
  }

  #dropOpen(): void {
    if (this.#open?.position !== undefined) this.#open = undefined;
  }

  /** Publishes notices of what this server has published and Redis has lost. Call it when another server publishes from now on. */
  async announceUndone(): Promise<void> {
    const open = this.#open;
    if (open?.position === undefined) {
      await open?.page.run();
      for (const item of open?.items ?? []) this.#countGap(item);
      this.#open = undefined;
    }
    const { items } = await this.#parts.outbox.read(this.partition, this.position);
    const undone = items.filter(isUndone);
    if (undone.length === 0) return;
    await this.#opened(undone, undefined, false).page.run();
    for (const item of undone) this.#countGap(item);
  }

  /** Notes what waits after a stored position, and counts what was removed there. */
  noteBacklog(stored: OutboxPosition, { bytes, oldestAgeMs, missed }: OutboxBacklog): void {
    const { now, missed: allMissed } = this.#parts;
    // All was published meanwhile.
    if (stored !== this.position && this.#open === undefined && !this.hasChanged) return;
    this.backlog = oldestAgeMs === undefined ? undefined : { bytes, sinceMs: now() - oldestAgeMs };
    if (missed === 0 || stored !== this.position) return;
    // A page that is being published has some of them still.
    const end = stored.next + missed;
    const items = this.#open?.items ?? [];
    const kept = items.filter((item) => "kind" in item && item.number < end).length;
    const more = missed - kept - this.#missedEarly;
    if (more <= 0) return;
    this.#missedEarly += more;
    allMissed.add(this.partition, more);
  }

  async #next(): Promise<OpenPage | number | undefined> {
    const from = this.position;
    const page = await this.#parts.outbox.read(this.partition, from);
    // It was taken meanwhile.
    if (this.position !== from) return 0;
    const { items, position = from, hasMore } = page;
    if (items.length === 0 && !hasMore) {
      this.backlog = undefined;
      // Also if it failed before: the outbox is gone, or another server has published it.
      this.#parts.failures.published(this.partition, 0, true);
      return undefined;
    }
    if (!this.isTaken) {
      const taken = await this.#parts.reader.take(this.partition, from);
      if (taken === undefined) {
        this.hasChanged = true;
        return TAKEN_PAUSE_MS;
      }
      this.isTaken = true;
      this.useStored(taken);
      if (this.position !== from) return 0;
    }
    if (this.#later === undefined) return this.#opened(items, position, hasMore);
    this.#moveTo(this.#later);
    this.#later = undefined;
    const undone = items.filter(isUndone);
    return undone.length === 0 ? 0 : this.#opened(undone, undefined, true);
  }

  #opened(
    items: readonly OutboxItem[],
    position: OutboxPosition | undefined,
    hasMore: boolean,
  ): OpenPage {
    return { page: new PagePublisher(this.#pageParts, items), items, position, hasMore };
  }

  async #queuesOf(gap: OutboxGap): Promise<readonly string[]> {
    const queues = await this.#parts.queuesIn(this.partition);
    // A queue that is new may be lost with its changes.
    const lost = gap.gap === "undone" ? this.#recent.since(gap.from) : [];
    return [...new Set([...queues, ...lost])];
  }

  #countGap(item: OutboxItem): void {
    const { missed } = this.#parts;
    if ("kind" in item) return;
    if (item.gap === "undone") {
      missed.addUndone(this.partition, item.count);
      return;
    }
    const early = Math.min(this.#missedEarly, item.count);
    this.#missedEarly -= early;
    if (item.count > early) missed.add(this.partition, item.count - early);
  }
}

const isUndone = (item: OutboxItem) => "gap" in item && item.gap === "undone";
