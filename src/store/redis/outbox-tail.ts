import type { Redis } from "ioredis";
import type { OutboxPage, OutboxPosition } from "../contract/outbox.ts";
import { DamagedOutbox } from "./damaged-outbox.ts";
import { partitionKeys } from "./keys.ts";
import {
  bytesBefore,
  decodeEntry,
  type OutboxEntry,
  positionAfter,
  type StreamEntry,
} from "./outbox-entries.ts";
import { pageOf } from "./outbox-page.ts";
import type { OutboxEnd, OutboxReads } from "./outbox-reads.ts";
import { isOfWrongType } from "./pipeline-results.ts";
import { MOST_CHANGES, RecentEntries } from "./recent-entries.ts";
import { closeRedis } from "./redis-client.ts";
import { ReplySize } from "./reply-size.ts";

/** How long Redis waits for a new change, at most: as long a partition that is followed anew may wait. */
const BLOCK_MS = 250;
/** Time between two replies: changes that come often come together, which costs less. More that is there already comes at once. */
const PACE_MS = 15;
const RETRY_MS = 500;
/** Between two looks whether the connection is back. */
const LOST_MS = 50;
/**
 * How often the ends are compared, in case an outbox began again: waiting for more than its old end would take long. So often
 * damaged outboxes are looked at, too.
 */
const CHECK_MS = 5_000;
/** How long readers are notified before other work runs: each partition may have a thousand. */
const NOTIFY_MS = 10;
/** Changes that are decoded of one reply. The last entry of each partition comes on top. */
const DECODED = MOST_CHANGES;

export interface OutboxTailParts {
  /** Opens a connection of its own, since the waiting blocks it. */
  connect(): Redis;
  reads: Pick<OutboxReads, "checkedEnds">;
  prefix: string;
  /** Deadline of one call to the store, in milliseconds. */
  timeoutMs: number;
  onError(error: Error): void;
}

interface Followed {
  readonly listeners: Set<(partition: number) => void>;
  /** Where the tail reads on. Undefined: it must look for the end first, or the outbox is damaged. */
  end: OutboxPosition | undefined;
}

/**
 * Waits for new changes of all followed partitions in one call, and caches them for a short time, so that many readers of this
 * process read them from Redis once. A read by the only follower of a partition removes what is before its position. It uses Redis
 * only while somebody follows.
 */
export class OutboxTail {
  readonly #parts: OutboxTailParts;
  readonly #followed = new Map<number, Followed>();
  /** Partitions whose outbox is no stream. They are left out, since one such key fails the call for all. */
  readonly #damaged = new Set<number>();
  readonly #size = new ReplySize();
  readonly #recent = new RecentEntries();
  #running: Promise<void> | undefined;
  #redis: Redis | undefined;
  #closed = false;
  #checkedAtMs = Number.NEGATIVE_INFINITY;
  #pause: (() => void) | undefined;

  constructor(parts: OutboxTailParts) {
    this.#parts = parts;
  }

  /** As Outbox.follow. */
  follow(partitions: readonly number[], listener: (partition: number) => void): () => void {
    for (const partition of partitions) {
      let followed = this.#followed.get(partition);
      if (followed === undefined) {
        followed = { listeners: new Set(), end: undefined };
        this.#followed.set(partition, followed);
      }
      followed.listeners.add(listener);
    }
    this.#running ??= this.#run();
    return () => {
      for (const partition of partitions) {
        const followed = this.#followed.get(partition);
        followed?.listeners.delete(listener);
        if (followed?.listeners.size !== 0) continue;
        this.#followed.delete(partition);
        this.#recent.forget(partition);
      }
    };
  }

  /** A page of what follows a position, if all of it is cached; undefined: it must be read. */
  after(partition: number, position: OutboxPosition): OutboxPage | undefined {
    const isOnlyReader = this.#followed.get(partition)?.listeners.size === 1;
    const entries = this.#recent.after(partition, position, { isOnlyReader });
    return entries && pageOf(entries, position, false);
  }

  /** Where the tail reads on in a partition. Undefined: nobody follows it, or it must look first. */
  endOf(partition: number): OutboxPosition | undefined {
    return this.#followed.get(partition)?.end;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#pause?.();
    const redis = this.#redis;
    if (redis !== undefined) await closeRedis(redis);
    await this.#running;
  }

  async #run(): Promise<void> {
    const redis = this.#parts.connect();
    this.#redis = redis;
    let isLost = false;
    redis.on("close", () => {
      isLost = true;
    });
    redis.on("error", (error: Error) => this.#parts.onError(error));
    while (!this.#closed && this.#followed.size > 0) {
      try {
        if (redis.status !== "ready") throw new Error("Redis does not answer");
        if (isLost) {
          this.#forget();
          isLost = false;
        }
        await this.#findEnds();
        await this.#wait(redis);
        if (!this.#size.hasMore) await this.#sleep(PACE_MS);
      } catch (error) {
        if (isOfWrongType([error as Error, undefined])) {
          // The next look finds the damaged outbox, and leaves it out.
          this.#checkedAtMs = Number.NEGATIVE_INFINITY;
          await this.#sleep(LOST_MS);
          continue;
        }
        if (redis.status === "ready") this.#parts.onError(error as Error);
        isLost = true;
        await this.#sleep(redis.status === "ready" ? RETRY_MS : LOST_MS);
      }
    }
    this.#running = undefined;
    this.#redis = undefined;
    this.#forget();
    if (!this.#closed) await closeRedis(redis);
    if (!this.#closed && this.#followed.size > 0) this.#running ??= this.#run();
  }

  /** After an outage Redis may have older data: readers compare their positions with it. */
  #forget(): void {
    for (const followed of this.#followed.values()) followed.end = undefined;
    this.#recent.clear();
  }

  /** Listeners read what came before the end that this finds. */
  async #findEnds(): Promise<void> {
    const isDue = performance.now() - this.#checkedAtMs >= CHECK_MS;
    if (isDue) this.#checkedAtMs = performance.now();
    await this.#lookAt(
      [...this.#followed].filter(
        ([one, { end }]) => isDue || (end === undefined && !this.#damaged.has(one)),
      ),
    );
  }

  /** Looks for the ends of followed partitions now. */
  findEnds(partitions: readonly number[]): Promise<void> {
    const sought = new Set(partitions);
    return this.#lookAt(
      [...this.#followed].filter(([one, { end }]) => sought.has(one) && end === undefined),
    );
  }

  async #lookAt(sought: readonly (readonly [number, Followed])[]): Promise<void> {
    if (sought.length === 0) return;
    const ends = await this.#parts.reads.checkedEnds(sought.map(([partition]) => partition));
    const moved: (readonly [number, Followed])[] = [];
    for (const [at, [partition, followed]] of sought.entries()) {
      const { position: end, damage } = ends[at] as OutboxEnd;
      if (damage !== undefined) {
        this.#leaveOut(partition, followed, damage);
        continue;
      }
      this.#damaged.delete(partition);
      const hasBegunAgain = followed.end !== undefined && bytesOf(end) < bytesOf(followed.end);
      if (followed.end !== undefined && !hasBegunAgain) continue;
      followed.end = end;
      this.#recent.forget(partition);
      moved.push([partition, followed]);
    }
    await this.#notify(moved);
  }

  #leaveOut(partition: number, followed: Followed, { message }: Error): void {
    followed.end = undefined;
    this.#recent.forget(partition);
    if (this.#damaged.has(partition)) return;
    this.#damaged.add(partition);
    this.#parts.onError(new DamagedOutbox(this.#keyOf(partition), message));
  }

  async #wait(redis: Redis): Promise<void> {
    const partitions = [...this.#followed.keys()].filter((one) => !this.#damaged.has(one));
    const blockMs = Math.max(1, Math.min(BLOCK_MS, Math.floor(this.#parts.timeoutMs / 2)));
    if (partitions.length === 0) return this.#sleep(blockMs);
    const keys = partitions.map((partition) => this.#keyOf(partition));
    const ids = partitions.map((partition) => this.#followed.get(partition)?.end?.entryId ?? "$");
    const most = this.#size.entries(performance.now());
    const block = this.#size.hasMore ? [] : ["BLOCK", blockMs];
    const args = ["COUNT", most, ...block, "STREAMS", ...keys, ...ids];
    const reply = (await redis.callBuffer("XREAD", args)) as [Buffer, StreamEntry[]][] | null;
    const pages = reply ?? [];
    const sizes = pages.map(([, entries]) => entries.length);
    this.#size.replied(sizes);
    const at = new Map(keys.map((key, index) => [key, partitions[index] as number]));
    const moved: (readonly [number, Followed])[] = [];
    let left = DECODED;
    for (const [key, entries] of pages) {
      const partition = at.get(String(key));
      const followed = partition === undefined ? undefined : this.#followed.get(partition);
      if (partition === undefined || followed === undefined) continue;
      left -= this.#take(partition, followed, entries, left);
      moved.push([partition, followed]);
    }
    await this.#notify(moved);
  }

  /** Caches a page. If it has more changes than `most`, only moves after it. Returns how many changes were decoded. */
  #take(
    partition: number,
    followed: Followed,
    found: readonly StreamEntry[],
    most: number,
  ): number {
    if (followed.end === undefined) return 0;
    let changes = 0;
    for (const one of found) {
      if (changes >= most) {
        this.#skipTo(partition, followed, found.at(-1) as StreamEntry);
        break;
      }
      const entry = decodeEntry(one, partition);
      // What no server has written is passed over.
      if (entry === undefined) followed.end = { ...followed.end, entryId: String(one[0]) };
      else this.#cache(partition, followed, followed.end, entry);
      changes += entry?.changes.length ?? 0;
    }
    return changes;
  }

  /** Moves after an entry, and caches nothing before it. */
  #skipTo(partition: number, followed: Followed, one: StreamEntry): void {
    const entry = decodeEntry(one, partition);
    followed.end = entry && positionAfter(entry);
    this.#recent.forget(partition);
  }

  #cache(partition: number, followed: Followed, from: OutboxPosition, entry: OutboxEntry): void {
    followed.end = positionAfter(entry);
    // Otherwise entries before it were removed: readers must find that out.
    if (entry.first === from.next) this.#recent.add(partition, from, entry);
    else this.#recent.forget(partition);
  }

  #keyOf(partition: number): string {
    return partitionKeys(this.#parts.prefix, partition).outbox;
  }

  async #notify(moved: readonly (readonly [number, Followed])[]): Promise<void> {
    let startedAtMs = performance.now();
    for (const [partition, { listeners }] of moved) {
      for (const listener of listeners) listener(partition);
      if (performance.now() - startedAtMs < NOTIFY_MS) continue;
      await new Promise<void>((resolve) => setImmediate(resolve));
      startedAtMs = performance.now();
    }
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#pause = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

const bytesOf = ({ entryId }: OutboxPosition) => bytesBefore({ id: entryId });
