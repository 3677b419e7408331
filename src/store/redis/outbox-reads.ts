import type {
  OutboxBeginning,
  OutboxChange,
  OutboxGap,
  OutboxPage,
  OutboxPosition,
} from "../contract/outbox.ts";
import { OUTBOX_START } from "../contract/outbox.ts";
import { partitionKeys } from "./keys.ts";
import { bytesBefore, type OutboxEntry, positionAfter } from "./outbox-entries.ts";
import { PAGE_CHANGES, pageOf } from "./outbox-page.ts";
import { CONSTANTS } from "./packed/constants.ts";
import { LAYOUTS } from "./packed/layouts.ts";
import { Reader } from "./packed/reader.ts";
import { isOfWrongType } from "./pipeline-results.ts";
import { storeNowMs } from "./store-now.ts";
import {
  orThrow,
  STREAM_PAGE,
  type StreamPage,
  StreamPages,
  type WithRedis,
} from "./stream-pages.ts";

/** What is left to look through, when an instant is looked for. */
const HALVED_BYTES = 8 * 1024;

/** Reads outboxes from positions on. It remembers nothing. */
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
    if (position === undefined) return pageOf(entries, undefined, hasMore);
    if (page.firstId === position.entryId) {
      const fresh = entries.filter(({ id }) => id !== position.entryId);
      // What no server has written is passed over.
      const passed = fresh.length === 0 && count > 1 ? { entryId: page.endId } : {};
      return pageOf(fresh, { ...position, ...passed }, hasMore);
    }

    const oldest = (await this.#pages.page("XRANGE", partition, "-", "+", 1)).entries[0];
    // It has expired, or there is none yet.
    if (oldest === undefined) return { items: [], position, hasMore: false };
    if (
      bytesBefore(oldest) >= bytesBefore({ id: position.entryId }) &&
      oldest.first >= position.next
    )
      return this.#afterTrimmed(partition, position, oldest);
    // A failover lost the last one. What came after the failover is of a later epoch.
    const last = await this.#lastUntilEpoch(partition, position.epochMs);
    const goesOnAt = last === undefined ? before(oldest) : positionAfter(last);
    const gap: OutboxGap = {
      ...{ gap: "undone", partition, epochMs: position.epochMs, from: goesOnAt.next },
      count: Math.max(0, position.next - goesOnAt.next),
      ...{ afterMs: timeOf(goesOnAt), untilMs: timeOf(position) },
    };
    return {
      items: [gap],
      position: goesOnAt,
      hasMore: true,
    };
  }

  /** Goes on with the oldest entry: those before it were removed. */
  async #afterTrimmed(
    partition: number,
    position: OutboxPosition,
    oldest: OutboxEntry,
  ): Promise<OutboxPage> {
    const { epochMs, next: from } = position;
    const count = oldest.first - from;
    const between = { afterMs: timeOf(position), untilMs: timeOfEntry(oldest) };
    const gap: OutboxGap = { gap: "missed", partition, epochMs, from, count, ...between };
    return pageOf([oldest], position, true, count > 0 ? [gap] : []);
  }

  /** Returns the last entry of this or an earlier epoch. Undefined: there is none. */
  async #lastUntilEpoch(partition: number, epochMs: number): Promise<OutboxEntry | undefined> {
    let last: OutboxEntry | undefined;
    for await (const entries of this.#pages.walk("XRANGE", partition)) {
      const earlier = entries.filter((entry) => entry.epochMs <= epochMs);
      last = earlier.at(-1) ?? last;
      if (earlier.length < entries.length) break;
    }
    return last;
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
    const pages = await this.#pages.pagesOrErrors("XREVRANGE", partitions, args);
    return Promise.all(
      partitions.map(async (partition, at) => {
        const page = pages[at] as StreamPage | Error;
        if (page instanceof Error) return page;
        const { entries, count } = page;
        const last =
          entries[0] ?? (count > 0 ? await this.#pages.first("XREVRANGE", partition) : undefined);
        return last === undefined ? (emptyEnds[at] as OutboxPosition) : positionAfter(last);
      }),
    );
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

  /** Where to begin to read changes since an instant. By halves, because ids are bytes and times. */
  async since(partition: number, atMs: number): Promise<OutboxBeginning> {
    const [end = OUTBOX_START] = await this.#emptyEnds([partition]);
    const [first, last] = [
      await this.#pages.first("XRANGE", partition),
      await this.#pages.first("XREVRANGE", partition),
    ];
    if (first === undefined || last === undefined) {
      // All changes have expired: they were older than that.
      const agedMs = (await this.#withRedis(storeNowMs)) - CONSTANTS.LIMIT.OUTBOX_AGE_MS;
      return beginning(end, end.next > 0 && atMs < agedMs ? agedMs : undefined);
    }
    if (timeOfEntry(first) >= atMs) {
      const isRemoved = first.first > 0 && timeOfEntry(first) > atMs;
      return beginning(before(first), isRemoved ? timeOfEntry(first) : undefined);
    }
    if (timeOfEntry(last) < atMs) return beginning(positionAfter(last));
    // The entry at `earlier` is older than the instant, and that at `later` is not.
    let [earlier, later] = [bytesBefore(first), bytesBefore(last)];
    while (later - earlier > HALVED_BYTES) {
      const middle = Math.floor((earlier + later) / 2);
      const found = (await this.#pages.page("XRANGE", partition, `${middle}-0`, "+", 1)).entries[0];
      if (found === undefined || timeOfEntry(found) >= atMs) later = middle;
      else earlier = bytesBefore(found);
    }
    return beginning(await this.#lastBefore(partition, earlier, atMs, first));
  }

  /** The position after the last entry from `bytes` on that is older than an instant. */
  async #lastBefore(partition: number, bytes: number, atMs: number, otherwise: OutboxEntry) {
    let found: OutboxEntry | undefined;
    for await (const entries of this.#pages.walk("XRANGE", partition, `${bytes}-0`)) {
      const later = entries.findIndex((entry) => timeOfEntry(entry) >= atMs);
      found = (later < 0 ? entries.at(-1) : entries[later - 1]) ?? found;
      if (later >= 0) break;
    }
    return found === undefined ? before(otherwise) : positionAfter(found);
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

/** When the last entry that was read happened. 0: none was. */
const timeOf = ({ entryId }: OutboxPosition): number => Number(entryId.split("-")[1]);

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
