import type { Redis } from "ioredis";
import type {
  OutboxBeginning,
  OutboxChange,
  OutboxPage,
  OutboxPosition,
} from "../contract/outbox.ts";
import { OUTBOX_START } from "../contract/outbox.ts";
import { partitionKeys } from "./keys.ts";
import {
  behind,
  bytesBefore,
  decodeEntry,
  type OutboxEntry,
  type StreamEntry,
} from "./outbox-entries.ts";
import { pageOf } from "./outbox-page.ts";
import { CONSTANTS } from "./packed/constants.ts";
import { LAYOUTS } from "./packed/layouts.ts";
import { Reader } from "./packed/reader.ts";
import { isOfWrongType } from "./pipeline-results.ts";
import { storeNowMs } from "./store-now.ts";

/** Entries of a partition that one step reads. */
const PAGE = 100;
/** What is left to look through, when an instant is looked for. */
const HALVED_BYTES = 8 * 1024;

interface StreamPage {
  readonly entries: readonly OutboxEntry[];
  /** With those that no server has written. */
  readonly count: number;
  readonly firstId: string;
  /** Of the last one that was read. */
  readonly endId: string;
}

type PagesReading = [
  command: "XRANGE" | "XREVRANGE",
  partitions: readonly number[],
  args: (key: string, partition: number) => (string | number)[],
];

const NO_PAGE: StreamPage = { entries: [], count: 0, firstId: "", endId: "" };

/** Runs commands on a connection. */
export type WithRedis = <T>(work: (redis: Redis) => Promise<T>) => Promise<T>;

/** Reads outboxes behind positions. It remembers nothing. */
export class OutboxReads {
  readonly #withRedis: WithRedis;
  readonly #prefix: string;

  constructor(withRedis: WithRedis, prefix: string) {
    this.#withRedis = withRedis;
    this.#prefix = prefix;
  }

  /** As Outbox.read. */
  async read(from: ReadonlyMap<number, OutboxPosition | undefined>): Promise<OutboxPage[]> {
    const partitions = [...from.keys()];
    // From the last one on: only so it can be seen whether it is still there.
    const pages = await this.#pages("XRANGE", partitions, (key, partition) => {
      return [key, from.get(partition)?.entryId ?? "-", "+", "COUNT", PAGE];
    });
    return Promise.all(
      partitions.map((partition, at) =>
        this.#behind(partition, from.get(partition), pages[at] as StreamPage),
      ),
    );
  }

  async #behind(
    partition: number,
    position: OutboxPosition | undefined,
    page: StreamPage,
  ): Promise<OutboxPage> {
    const { entries, count } = page;
    const hasMore = count === PAGE;
    if (position === undefined) return pageOf(entries, undefined, hasMore);
    if (page.firstId === position.entryId) {
      const fresh = entries.filter(({ id }) => id !== position.entryId);
      // What no server has written is passed over.
      const passed = fresh.length === 0 && count > 1 ? { entryId: page.endId } : {};
      return pageOf(fresh, { ...position, ...passed }, hasMore);
    }

    const oldest = (await this.#page("XRANGE", partition, "-", "+", 1)).entries[0];
    // It has expired, or there is none yet.
    if (oldest === undefined) return { items: [], position, hasMore: false };
    if (
      bytesBefore(oldest) >= bytesBefore({ id: position.entryId }) &&
      oldest.first >= position.next
    )
      return this.#behindTrimmed(partition, position, oldest);
    // A failover lost the last one. What came after the failover is of a later epoch.
    const last = await this.#lastUntilEpoch(partition, position.epochMs);
    const goesOnAt = last === undefined ? before(oldest) : behind(last);
    const { next: rolledBackTo } = goesOnAt;
    const undone = Math.max(0, position.next - rolledBackTo);
    return {
      items: [{ partition, epochMs: position.epochMs, rolledBackTo, undone }],
      position: goesOnAt,
      hasMore: true,
    };
  }

  /** Goes on with the oldest entry: those before it were removed. */
  async #behindTrimmed(
    partition: number,
    position: OutboxPosition,
    oldest: OutboxEntry,
  ): Promise<OutboxPage> {
    const missed = oldest.first - position.next;
    const { epochMs, next: from } = position;
    const gap = missed > 0 ? [{ partition, epochMs, missed, from }] : [];
    return pageOf([oldest], position, true, gap);
  }

  /** Returns the last entry of this or an earlier epoch. Undefined: there is none. */
  async #lastUntilEpoch(partition: number, epochMs: number): Promise<OutboxEntry | undefined> {
    let last: OutboxEntry | undefined;
    for (let from = "-"; ; ) {
      const page = await this.#page("XRANGE", partition, from, "+", PAGE);
      const earlier = page.entries.filter((entry) => entry.epochMs <= epochMs);
      last = earlier.at(-1) ?? last;
      if (earlier.length < page.entries.length || page.count < PAGE) return last;
      from = `(${page.endId}`;
    }
  }

  /** As Outbox.ends. */
  async ends(partitions: readonly number[]): Promise<OutboxPosition[]> {
    return (await this.endsOrErrors(partitions)).map(orThrow);
  }

  /** As `ends`, with an error in place of the end of an outbox that is no stream. */
  async endsOrErrors(partitions: readonly number[]): Promise<(OutboxPosition | Error)[]> {
    // Read first: if the outbox is empty after that, it has not moved.
    const emptyEnds = await this.#emptyEnds(partitions);
    const args = (key: string) => [key, "+", "-", "COUNT", 1];
    const pages = await this.#pagesOrErrors("XREVRANGE", partitions, args);
    return Promise.all(
      partitions.map(async (partition, at) => {
        const page = pages[at] as StreamPage | Error;
        if (page instanceof Error) return page;
        const { entries, count } = page;
        const last = entries[0] ?? (count > 0 ? await this.#newest(partition) : undefined);
        return last === undefined ? (emptyEnds[at] as OutboxPosition) : behind(last);
      }),
    );
  }

  async #newest(partition: number): Promise<OutboxEntry | undefined> {
    for await (const { entries } of this.#backward(partition))
      if (entries[0] !== undefined) return entries[0];
    return undefined;
  }

  /** Where outboxes end if they are empty, because they are new or their changes have expired. */
  async #emptyEnds(partitions: readonly number[]): Promise<OutboxPosition[]> {
    const replies = await this.#withRedis((redis) => {
      const reading = redis.pipeline();
      for (const partition of partitions)
        reading.getBuffer(partitionKeys(this.#prefix, partition).outboxEnd);
      return reading.exec();
    });
    return (replies ?? []).map((reply) => {
      const [error, bytes] = reply;
      // As one that is lost: the next change begins the outbox again.
      if (isOfWrongType(reply)) return OUTBOX_START;
      if (error) throw error;
      return emptyEnd(bytes as Buffer | null);
    });
  }

  /** As Outbox.since. By halves, since ids are bytes and times. */
  async since(partition: number, atMs: number): Promise<OutboxBeginning> {
    const [end = OUTBOX_START] = await this.#emptyEnds([partition]);
    const [first, last] = [await this.#oldest(partition), await this.#newest(partition)];
    if (first === undefined || last === undefined) {
      // All changes have expired: they were older than that.
      const agedMs = (await this.#withRedis(storeNowMs)) - CONSTANTS.LIMIT.OUTBOX_AGE_MS;
      return beginning(end, end.next > 0 && atMs < agedMs ? agedMs : undefined);
    }
    if (timeOf(first) >= atMs) {
      const isRemoved = first.first > 0 && timeOf(first) > atMs;
      return beginning(before(first), isRemoved ? timeOf(first) : undefined);
    }
    if (timeOf(last) < atMs) return beginning(behind(last));
    // The entry at `earlier` is older than the instant, and that at `later` is not.
    let [earlier, later] = [bytesBefore(first), bytesBefore(last)];
    while (later - earlier > HALVED_BYTES) {
      const middle = Math.floor((earlier + later) / 2);
      const found = (await this.#page("XRANGE", partition, `${middle}-0`, "+", 1)).entries[0];
      if (found === undefined || timeOf(found) >= atMs) later = middle;
      else earlier = bytesBefore(found);
    }
    return beginning(await this.#lastBefore(partition, earlier, atMs, first));
  }

  async #oldest(partition: number): Promise<OutboxEntry | undefined> {
    for (let from = "-"; ; ) {
      const page = await this.#page("XRANGE", partition, from, "+", PAGE);
      if (page.entries[0] !== undefined || page.count < PAGE) return page.entries[0];
      from = `(${page.endId}`;
    }
  }

  /** The position after the last entry from `bytes` on that is older than an instant. */
  async #lastBefore(partition: number, bytes: number, atMs: number, otherwise: OutboxEntry) {
    let found: OutboxEntry | undefined;
    for (let from = `${bytes}-0`; ; ) {
      const { entries, count, endId } = await this.#page("XRANGE", partition, from, "+", PAGE);
      const later = entries.findIndex((entry) => timeOf(entry) >= atMs);
      found = (later < 0 ? entries.at(-1) : entries[later - 1]) ?? found;
      if (later >= 0 || count < PAGE) break;
      from = `(${endId}`;
    }
    return found === undefined ? before(otherwise) : behind(found);
  }

  /** Yields pages from the end on, each with the newest entry first. */
  async *#backward(partition: number, most = PAGE): AsyncGenerator<StreamPage> {
    for (let from = "+"; ; ) {
      const page = await this.#page("XREVRANGE", partition, from, "-", most);
      yield page;
      if (page.count < most) return;
      from = `(${page.endId}`;
    }
  }

  /** Returns the last `count` changes of a partition that `isWanted` accepts, in order, and the end. */
  async latest(
    partition: number,
    count: number,
    isWanted: (change: OutboxChange) => boolean,
  ): Promise<{ changes: readonly OutboxChange[]; position: OutboxPosition | undefined }> {
    let found: readonly OutboxChange[] = [];
    let position: OutboxPosition | undefined;
    for await (const { entries } of this.#backward(partition)) {
      if (position === undefined && entries[0] !== undefined) position = behind(entries[0]);
      const changes = entries.toReversed().flatMap((entry) => entry.changes);
      found = [...changes.filter(isWanted), ...found];
      if (found.length >= count) break;
    }
    return { changes: found, position };
  }

  async #page(
    command: "XRANGE" | "XREVRANGE",
    partition: number,
    from: string,
    to: string,
    most: number,
  ): Promise<StreamPage> {
    const args = (key: string) => [key, from, to, "COUNT", most];
    return (await this.#pages(command, [partition], args))[0] ?? NO_PAGE;
  }

  async #pages(...reading: PagesReading): Promise<StreamPage[]> {
    return (await this.#pagesOrErrors(...reading)).map(orThrow);
  }

  async #pagesOrErrors(
    ...[command, partitions, args]: PagesReading
  ): Promise<(StreamPage | Error)[]> {
    const replies = await this.#withRedis((redis) => {
      const reading = redis.pipeline();
      for (const partition of partitions) {
        const key = partitionKeys(this.#prefix, partition).outbox;
        reading.callBuffer(command, ...args(key, partition));
      }
      return reading.exec();
    });
    return (replies ?? []).map((reply, at) => {
      const [error] = reply;
      if (error && isOfWrongType(reply)) return error;
      if (error) throw error;
      const found = reply[1] as StreamEntry[];
      const entries = found.flatMap((one) => decodeEntry(one, partitions[at] as number) ?? []);
      const [firstId, endId] = [String(found[0]?.[0]), String(found.at(-1)?.[0])];
      return { entries, count: found.length, firstId, endId };
    });
  }
}

function orThrow<T>(found: T | Error): T {
  if (found instanceof Error) throw found;
  return found;
}

function emptyEnd(bytes: Buffer | null): OutboxPosition {
  if (bytes === null) return OUTBOX_START;
  try {
    const { count, epoch } = new Reader(bytes).read(LAYOUTS.outboxEnd);
    return { ...OUTBOX_START, next: count, epochMs: epoch };
  } catch (error) {
    if (error instanceof RangeError) return OUTBOX_START;
    throw error;
  }
}

const timeOf = ({ id }: OutboxEntry): number => Number(id.split("-")[1]);

const beginning = (position: OutboxPosition, keptSinceMs?: number): OutboxBeginning => ({
  position,
  keptSinceMs,
});

/** The position before the oldest entry. */
const before = ({ first, epochMs }: OutboxEntry): OutboxPosition => ({
  ...OUTBOX_START,
  next: first,
  epochMs,
});
