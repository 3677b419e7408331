import type { Redis } from "ioredis";
import type { ChangeKind, OutboxChange, OutboxItem } from "../contract/outbox.ts";
import { partitionKeys } from "./keys.ts";
import { CONSTANTS } from "./packed/constants.ts";
import { LAYOUTS } from "./packed/layouts.ts";
import { optionalMs, Reader } from "./packed/reader.ts";
import { anyState, namesByNumber, storedQuarantineReason, storedReason } from "./states.ts";

const KINDS: readonly ChangeKind[] = namesByNumber(CONSTANTS.CHANGE);

/** Changes of one queue that one script made, as lua/lib/outbox.lua writes them. */
interface OutboxEntry {
  /** The position of the entry, `-`, and its time. No two entries have the same. */
  readonly id: string;
  readonly first: number;
  /** When Redis last restarted or failed over: it may have lost the changes right before an epoch. 0: never. */
  readonly epochMs: number;
  readonly changes: readonly OutboxChange[];
}

/** Entries of a partition that one step reads. */
const PAGE = 100;

interface Page {
  readonly entries: readonly OutboxEntry[];
  /** With those that no server has written. */
  readonly count: number;
  /** Of the last one that was read. */
  readonly endId: string;
}

const NO_PAGE: Page = { entries: [], count: 0, endId: "" };

/**
 * Reads outboxes, each change once, those of a partition in their order. Writes nothing: how far it has read is in this object
 * only.
 */
export class OutboxReader {
  readonly #redis: Redis;
  readonly #keys: readonly string[];
  /** The last entry that was read of each partition. */
  readonly #last: (OutboxEntry | undefined)[] = [];

  constructor(redis: Redis, prefix: string, partitions: readonly number[]) {
    this.#redis = redis;
    this.#keys = partitions.map((partition) => partitionKeys(prefix, partition).outbox);
  }

  /** Skips to the end of each outbox. Returns the last `count` changes before that, by time, of those that `isWanted` accepts. */
  async latest(
    count: number,
    isWanted: (change: OutboxChange) => boolean = () => true,
  ): Promise<OutboxChange[]> {
    const pages = await this.#read("XREVRANGE", (key) => [key, "+", "-", "COUNT", count]);
    const found = await Promise.all(
      pages.map((page, at) => {
        this.#last[at] = undefined;
        return this.#lastOf(at, page, count, isWanted);
      }),
    );
    return found
      .flat()
      .toSorted((a, b) => a.atMs - b.atMs)
      .slice(-count);
  }

  /** `page`: the last entries of a partition, backward. */
  async #lastOf(
    at: number,
    { entries, count: read, endId }: Page,
    count: number,
    isWanted: (change: OutboxChange) => boolean,
    found: readonly OutboxChange[] = [],
  ): Promise<readonly OutboxChange[]> {
    this.#last[at] ??= entries[0];
    const wanted = entries
      .toReversed()
      .flatMap(({ changes }) => changes)
      .filter(isWanted);
    const all = [...wanted, ...found];
    if (read === 0 || all.length >= count) return all;
    const args = (key: string) => [key, `(${endId}`, "-", "COUNT", PAGE];
    const [next = NO_PAGE] = await this.#read("XREVRANGE", args, [at]);
    return this.#lastOf(at, next, count, isWanted, all);
  }

  /** Returns what came since the last call. Empty: nothing more is there now. */
  async next(): Promise<OutboxItem[]> {
    // From the last one on: only so it can be seen whether it is still there.
    const pages = await this.#read("XRANGE", (key, at) => {
      return [key, this.#last[at]?.id ?? "-", "+", "COUNT", PAGE];
    });
    const items = await Promise.all(pages.map((page, at) => this.#take(page, at)));
    return items.flat();
  }

  async #take({ entries }: Page, at: number): Promise<OutboxItem[]> {
    const last = this.#last[at];
    if (last === undefined) return this.#moveTo(at, entries);
    if (entries[0]?.id === last.id) return this.#moveTo(at, entries.slice(1));

    const [start] = await this.#read("XRANGE", (key) => [key, "-", "+", "COUNT", 1], [at]);
    const oldest = start?.entries[0];
    // It has expired.
    if (oldest === undefined) return [];
    const expected = endOf(last);
    if (positionOf(oldest) > positionOf(last) && oldest.first >= expected) {
      const missed = oldest.first - expected;
      return [...(missed > 0 ? [{ missed }] : []), ...this.#moveTo(at, [oldest])];
    }
    // A failover lost the last one. What came after the failover is of a later epoch.
    this.#last[at] = await this.#lastUntilEpoch(at, last.epochMs);
    return [{ rolledBackTo: endOf(this.#last[at] ?? { first: oldest.first, changes: [] }) }];
  }

  /** Returns the last entry of this or an earlier epoch. Undefined: there is none. */
  async #lastUntilEpoch(at: number, epochMs: number): Promise<OutboxEntry | undefined> {
    let last: OutboxEntry | undefined;
    for (let from = "-"; ; ) {
      const [page = NO_PAGE] = await this.#read(
        "XRANGE",
        (key) => [key, from, "+", "COUNT", PAGE],
        [at],
      );
      const before = page.entries.filter((entry) => entry.epochMs <= epochMs);
      last = before.at(-1) ?? last;
      if (before.length < page.entries.length || page.count < PAGE) return last;
      from = `(${page.endId}`;
    }
  }

  #moveTo(at: number, entries: readonly OutboxEntry[]): OutboxChange[] {
    this.#last[at] = entries.at(-1) ?? this.#last[at];
    return entries.flatMap(({ changes }) => changes);
  }

  async #read(
    command: "XRANGE" | "XREVRANGE",
    args: (key: string, at: number) => (string | number)[],
    which: readonly number[] = [...this.#keys.keys()],
  ): Promise<Page[]> {
    const reading = this.#redis.pipeline();
    for (const at of which) reading.callBuffer(command, ...args(this.#keys[at] as string, at));
    const replies = (await reading.exec()) ?? [];
    return replies.map(([error, reply]) => {
      if (error) throw error;
      const found = reply as StreamEntry[];
      const entries = found.map(decodeEntry).filter((entry) => entry !== undefined);
      return { entries, count: found.length, endId: String(found.at(-1)?.[0]) };
    });
  }
}

const positionOf = ({ id }: OutboxEntry) => Number(id.split("-")[0]);
/** The number of the change behind it. */
const endOf = ({ first, changes }: Pick<OutboxEntry, "first" | "changes">) =>
  first + changes.length;

type StreamEntry = [id: Buffer, fields: Buffer[]];

/** Undefined: no server has written it. If no server can write behind it, the next change begins the outbox again. */
function decodeEntry(entry: StreamEntry): OutboxEntry | undefined {
  try {
    return decodeOwnEntry(entry);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function decodeOwnEntry([id, [, data]]: StreamEntry): OutboxEntry {
  const reader = new Reader(data ?? Buffer.alloc(0));
  const { first, count, epoch, queue } = reader.read(LAYOUTS.outboxEntry);
  const atMs = Number(String(id).split("-")[1]);
  const changes = Array.from({ length: count }, (_, index) =>
    decodeChange(reader, { number: first + index, atMs, queue: Buffer.from(queue).toString() }),
  );
  return { id: String(id), first, epochMs: epoch, changes };
}

function decodeChange(
  reader: Reader,
  of: Pick<OutboxChange, "number" | "atMs" | "queue">,
): OutboxChange {
  const change = reader.read(LAYOUTS.change);
  return {
    ...of,
    kind: KINDS[change.kind],
    id: change.id,
    version: change.version,
    state: anyState(change.state),
    reason: change.reason === 0 ? undefined : storedReason(change.reason),
    quarantineReason: storedQuarantineReason(change.qreason),
    attempts: change.attempts,
    deliveryNumber: change.delivery,
    dueAtMs: optionalMs(change.due),
    note: Buffer.from(change.note).toString(),
    fields: change.fields,
  };
}
