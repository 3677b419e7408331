import type { Redis } from "ioredis";
import type { OutboxItem, OutboxPage, OutboxPosition } from "../contract/outbox.ts";
import { partitionKeys } from "./keys.ts";
import {
  behind,
  bytesBefore,
  decodeEntry,
  type OutboxEntry,
  type StreamEntry,
} from "./outbox-entries.ts";
import type { OutboxReads } from "./outbox-reads.ts";
import { closeRedis } from "./redis-client.ts";

/** How long Redis waits for a new change, at most: as long a partition that is followed anew may wait. */
const BLOCK_MS = 250;
/** Entries in one reply, shared by the partitions that are busy: an entry has up to 64 changes. */
const ENTRIES = 2_048;
/** Entries of a partition in one reply. */
const [FEWEST, MOST] = [8, 100];
/** Time between two replies: changes that come often come together, which costs less. */
const PACE_MS = 15;
const RETRY_MS = 500;
/** Between two looks whether the connection is back. */
const LOST_MS = 50;
/** How often the ends are compared, in case an outbox began again: waiting for more than its old end would take long. */
const CHECK_MS = 5_000;
/** Changes that are remembered for those who read them: some 8 MiB. */
const REMEMBERED = 20_000;

export interface OutboxTailParts {
  /** Opens a connection of its own, since the waiting blocks it. */
  connect(): Redis;
  reads: Pick<OutboxReads, "ends">;
  prefix: string;
  /** Deadline of one call to the store, in milliseconds. */
  timeoutMs: number;
  onError(error: Error): void;
}

interface Followed {
  readonly listeners: Set<(partition: number) => void>;
  /** Where the tail reads on. Undefined: it must look for the end first. */
  end: OutboxPosition | undefined;
  /** The latest entries, each right behind the one before it. */
  recent: Remembered[];
}

interface Remembered {
  readonly entry: OutboxEntry;
  /** The position before it. */
  readonly from: OutboxPosition;
}

/**
 * Waits for new changes of all followed partitions in one call, and remembers them for a short time, so that many readers of this
 * process read them from Redis once. It uses Redis only while somebody follows.
 */
export class OutboxTail {
  readonly #parts: OutboxTailParts;
  readonly #followed = new Map<number, Followed>();
  /** Who has remembered entries, in the order in which they came, and how many changes they have. */
  #remembered: { readonly followed: Followed; readonly changes: number }[] = [];
  #rememberedChanges = 0;
  #running: Promise<void> | undefined;
  #redis: Redis | undefined;
  #closed = false;
  #checkedAtMs = 0;
  #pause: (() => void) | undefined;
  /** Partitions that had new changes in the last reply. */
  #busy = 1;

  constructor(parts: OutboxTailParts) {
    this.#parts = parts;
  }

  /** As Outbox.follow. */
  follow(partitions: readonly number[], listener: (partition: number) => void): () => void {
    for (const partition of partitions) {
      let followed = this.#followed.get(partition);
      if (followed === undefined) {
        followed = { listeners: new Set(), end: undefined, recent: [] };
        this.#followed.set(partition, followed);
      }
      followed.listeners.add(listener);
    }
    this.#running ??= this.#run();
    return () => {
      for (const partition of partitions) {
        const followed = this.#followed.get(partition);
        followed?.listeners.delete(listener);
        if (followed?.listeners.size === 0) this.#followed.delete(partition);
      }
    };
  }

  /** What follows a position, if all of it is remembered; undefined: it must be read. */
  after(partition: number, position: OutboxPosition): OutboxPage | undefined {
    const recent = this.#followed.get(partition)?.recent ?? [];
    const first = recent.findLastIndex(({ from }) => isSame(from, position));
    if (first < 0) return undefined;
    const entries = recent.slice(first).map(({ entry }) => entry);
    const items: OutboxItem[] = entries.flatMap(({ changes }) => changes);
    return { items, position: behind(entries.at(-1) as OutboxEntry), hasMore: false };
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
        await this.#sleep(PACE_MS);
      } catch (error) {
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
    for (const followed of this.#followed.values()) {
      followed.end = undefined;
      followed.recent = [];
    }
    this.#remembered = [];
    this.#rememberedChanges = 0;
  }

  /** Listeners read what came before the end that this finds. */
  async #findEnds(): Promise<void> {
    const isDue = performance.now() - this.#checkedAtMs >= CHECK_MS;
    if (isDue) this.#checkedAtMs = performance.now();
    await this.#lookAt([...this.#followed].filter(([, { end }]) => isDue || end === undefined));
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
    const ends = await this.#parts.reads.ends(sought.map(([partition]) => partition));
    sought.forEach(([partition, followed], at) => {
      const end = ends[at] as OutboxPosition;
      const hasBegunAgain = followed.end !== undefined && bytesOf(end) < bytesOf(followed.end);
      if (followed.end !== undefined && !hasBegunAgain) return;
      [followed.end, followed.recent] = [end, []];
      this.#notify(partition, followed);
    });
  }

  async #wait(redis: Redis): Promise<void> {
    const partitions = [...this.#followed.keys()];
    const keys = partitions.map((partition) => partitionKeys(this.#parts.prefix, partition).outbox);
    const ids = partitions.map((partition) => this.#followed.get(partition)?.end?.entryId ?? "$");
    const blockMs = Math.max(1, Math.min(BLOCK_MS, Math.floor(this.#parts.timeoutMs / 2)));
    const most = Math.min(MOST, Math.max(FEWEST, Math.floor(ENTRIES / this.#busy)));
    const args = ["COUNT", most, "BLOCK", blockMs, "STREAMS", ...keys, ...ids];
    const reply = (await redis.callBuffer("XREAD", args)) as [Buffer, StreamEntry[]][] | null;
    const at = new Map(keys.map((key, index) => [key, partitions[index] as number]));
    this.#busy = Math.max(1, reply?.length ?? 0);
    for (const [key, entries] of reply ?? []) {
      const partition = at.get(String(key));
      if (partition !== undefined) this.#take(partition, entries);
    }
  }

  #take(partition: number, found: readonly StreamEntry[]): void {
    const followed = this.#followed.get(partition);
    if (followed?.end === undefined) return;
    for (const one of found) {
      const entry = decodeEntry(one, partition);
      // What no server has written is passed over.
      if (entry === undefined) followed.end = { ...followed.end, entryId: String(one[0]) };
      else this.#remember(followed, followed.end, entry);
    }
    this.#notify(partition, followed);
  }

  #remember(followed: Followed, from: OutboxPosition, entry: OutboxEntry): void {
    followed.end = behind(entry);
    // Entries before it were removed: readers must find that out.
    if (entry.first !== from.next) {
      followed.recent = [];
      return;
    }
    followed.recent.push({ entry, from });
    this.#remembered.push({ followed, changes: entry.changes.length });
    this.#rememberedChanges += entry.changes.length;
    while (this.#rememberedChanges > REMEMBERED) {
      const oldest = this.#remembered.shift();
      if (oldest === undefined) return;
      this.#rememberedChanges -= oldest.changes;
      oldest.followed.recent.shift();
    }
  }

  #notify(partition: number, { listeners }: Followed): void {
    for (const listener of listeners) listener(partition);
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

const isSame = (a: OutboxPosition, b: OutboxPosition) =>
  a.entryId === b.entryId && a.next === b.next && a.epochMs === b.epochMs;
