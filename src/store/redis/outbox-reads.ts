import type {
  OutboxBeginning,
  OutboxChange,
  OutboxGap,
  OutboxPage,
  OutboxPosition,
} from "../contract/outbox.ts";
import { OUTBOX_START } from "../contract/outbox.ts";
import { partitionKeys } from "./keys.ts";
import { type OutboxEntry, positionAfter, timeOf } from "./outbox-entries.ts";
import { PAGE_CHANGES, pageOf } from "./outbox-page.ts";
import { lastBefore } from "./outbox-search.ts";
import { CONSTANTS } from "./packed/constants.ts";
import { LAYOUTS } from "./packed/layouts.ts";
import { Reader } from "./packed/reader.ts";
import { isOfWrongType } from "./pipeline-results.ts";
import { storeNowMs } from "./store-now.ts";
import { STREAM_PAGE, type StreamPage, StreamPages, type WithRedis } from "./stream-pages.ts";

/** Where an outbox ends. */
export interface OutboxEnd {
  readonly position: OutboxPosition;
  /** Why it is no stream: the next change begins it again there. Undefined: it is sound. */
  readonly damage: Error | undefined;
}

/** Reads outboxes from positions on. It remembers nothing. An outbox that is damaged has nothing to read. */
export class OutboxReads {
  readonly #withRedis: WithRedis;
  readonly #prefix: string;
  readonly #pages: StreamPages;

  constructor(withRedis: WithRedis, prefix: string) {
    this.#withRedis = withRedis;
    this.#prefix = prefix;
    this.#pages = new StreamPages(withRedis, prefix);
  }

  /** As Outbox.read. */
  async read(from: ReadonlyMap<number, OutboxPosition | undefined>): Promise<OutboxPage[]> {
    const partitions = [...from.keys()];
    // From the last one on: only so it can be seen whether it is still there.
    const args = (key: string, partition: number) => {
      return [key, from.get(partition)?.entryId ?? "-", "+", "COUNT", STREAM_PAGE];
    };
    const pages = await this.#pages.pages("XRANGE", partitions, args, PAGE_CHANGES);
    return Promise.all(
      partitions.map((partition, at) =>
        this.#after(partition, from.get(partition), pages[at] as StreamPage),
      ),
    );
  }

  async #after(
    partition: number,
    position: OutboxPosition | undefined,
    page: StreamPage,
  ): Promise<OutboxPage> {
    const { entries, count, isWhole } = page;
    const hasMore = count === STREAM_PAGE || !isWhole;
    if (position === undefined) {
      if (entries.length > 0 || !hasMore) return pageOf(entries, undefined, hasMore);
      // What no server has written is passed over.
      const first = await this.#pages.first("XRANGE", partition);
      return pageOf(first === undefined ? [] : [first], undefined, first !== undefined);
    }
    if (page.firstId === position.entryId) {
      const fresh = entries.filter(({ id }) => id !== position.entryId);
      // What no server has written is passed over.
      const passed = fresh.length === 0 && count > 1 ? { entryId: page.endId } : {};
      return pageOf(fresh, { ...position, ...passed }, hasMore);
    }

    return this.#afterLost(partition, position);
  }

  /** The entry that was read last is no longer there. */
  async #afterLost(partition: number, position: OutboxPosition): Promise<OutboxPage> {
    const oldest = await this.#pages.first("XRANGE", partition);
    if (oldest === undefined) {
      // All has expired, is damaged, or a failover has lost it.
      const [end = position] = await this.#emptyEnds([partition]);
      return this.#undoneAfter(partition, position, end, false);
    }
    // It was trimmed, with all before the oldest one.
    if (oldest.first >= position.next) return pageOf([oldest], position, true);
    // A failover lost it. What came after the failover is of a later epoch.
    const last = await lastBefore(this.#pages, partition, (entry) => {
      return entry.epochMs <= position.epochMs && positionAfter(entry).next <= position.next;
    });
    const goesOnAt = last === undefined ? before(oldest) : positionAfter(last);
    return this.#undoneAfter(partition, position, goesOnAt, true);
  }

  /** Goes on at an earlier position: what was read after it is undone. */
  async #undoneAfter(
    partition: number,
    position: OutboxPosition,
    goesOnAt: OutboxPosition,
    hasMore: boolean,
  ): Promise<OutboxPage> {
    const count = position.next - goesOnAt.next;
    if (count <= 0) return { items: [], position: hasMore ? goesOnAt : position, hasMore };
    const gap: OutboxGap = {
      ...{ gap: "undone", partition, epochMs: position.epochMs, from: goesOnAt.next, count },
      afterMs: timeOf(goesOnAt),
      untilMs: timeOf(position) || (await this.#withRedis(storeNowMs)),
    };
    return { items: [gap], position: goesOnAt, hasMore };
  }

  /** As Outbox.ends. */
  async ends(partitions: readonly number[]): Promise<OutboxPosition[]> {
    return (await this.checkedEnds(partitions)).map(({ position }) => position);
  }

  /** As `ends`, and why a partition's outbox is no stream. */
  async checkedEnds(partitions: readonly number[]): Promise<OutboxEnd[]> {
    // Read first: if the outbox is empty after that, it has not moved.
    const emptyEnds = await this.#emptyEnds(partitions);
    const args = (key: string) => [key, "+", "-", "COUNT", 1];
    const pages = await this.#pages.pages("XREVRANGE", partitions, args);
    return Promise.all(
      pages.map(async ({ entries, count, damage }, at) => {
        const partition = partitions[at] as number;
        const last =
          entries[0] ?? (count > 0 ? await this.#pages.first("XREVRANGE", partition) : undefined);
        const position = last === undefined ? emptyEnds[at] : positionAfter(last);
        return { position: position ?? OUTBOX_START, damage };
      }),
    );
  }

  /** Where outboxes end if they are empty, because they are new or their changes have expired. Undefined: that is damaged. */
  async #emptyEnds(partitions: readonly number[]): Promise<(OutboxPosition | undefined)[]> {
    const replies = await this.#withRedis((redis) => {
      const reading = redis.pipeline();
      for (const partition of partitions)
        reading.getBuffer(partitionKeys(this.#prefix, partition).outboxEnd);
      return reading.exec();
    });
    return (replies ?? []).map((reply) => {
      const [error, bytes] = reply;
      if (isOfWrongType(reply)) return undefined;
      if (error) throw error;
      return emptyEnd(bytes as Buffer | null);
    });
  }

  /** Where to begin to read changes since an instant. */
  async since(partition: number, atMs: number): Promise<OutboxBeginning> {
    const [end = OUTBOX_START] = await this.#emptyEnds([partition]);
    const oldest = await this.#pages.first("XRANGE", partition);
    if (oldest === undefined) {
      // All changes have expired: they were older than that.
      const agedMs = (await this.#withRedis(storeNowMs)) - CONSTANTS.LIMIT.OUTBOX_AGE_MS;
      return beginning(end, end.next > 0 && atMs < agedMs ? agedMs : undefined);
    }
    const last = await lastBefore(this.#pages, partition, (entry) => timeOfEntry(entry) < atMs);
    if (last !== undefined) return beginning(positionAfter(last));
    const isRemoved = oldest.first > 0 && timeOfEntry(oldest) > atMs;
    return beginning(before(oldest), isRemoved ? timeOfEntry(oldest) : undefined);
  }

  /** Returns the last `count` changes of a partition that `isWanted` accepts, in order, and the end. */
  async latest(
    partition: number,
    count: number,
    isWanted: (change: OutboxChange) => boolean,
  ): Promise<{ changes: readonly OutboxChange[]; position: OutboxPosition | undefined }> {
    let found: readonly OutboxChange[] = [];
    let position: OutboxPosition | undefined;
    for await (const entries of this.#pages.walk("XREVRANGE", partition)) {
      if (position === undefined && entries[0] !== undefined) position = positionAfter(entries[0]);
      const changes = entries.toReversed().flatMap((entry) => entry.changes);
      found = [...changes.filter(isWanted), ...found];
      if (found.length >= count) break;
    }
    return { changes: found, position };
  }
}

function emptyEnd(bytes: Buffer | null): OutboxPosition | undefined {
  if (bytes === null) return OUTBOX_START;
  try {
    const { count, epoch } = new Reader(bytes).read(LAYOUTS.outboxEnd);
    return { ...OUTBOX_START, next: count, epochMs: epoch };
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

const timeOfEntry = ({ id }: OutboxEntry): number => timeOf({ ...OUTBOX_START, entryId: id });

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
