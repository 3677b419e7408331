import type { Redis } from "ioredis";
import { partitionKeys } from "./keys.ts";
import { decodeEntry, type OutboxEntry, type StreamEntry } from "./outbox-entries.ts";
import { isOfWrongType } from "./pipeline-results.ts";

/** Entries of one partition that a call read. */
export interface StreamPage {
  /** Without those after the changes that were asked for. */
  readonly entries: readonly OutboxEntry[];
  /** With those that no server has written. */
  readonly count: number;
  /** Whether all of it is decoded. */
  readonly isWhole: boolean;
  readonly firstId: string;
  /** Of the last one that was read. */
  readonly endId: string;
  /** Why it has no entries, if the outbox is no stream: the next change begins it again. */
  readonly damage: Error | undefined;
}

export type Command = "XRANGE" | "XREVRANGE";

/** `args`: of the command, for each partition. `mostChanges`: if a page has more, not all of it is decoded. */
type PagesReading = [
  command: Command,
  partitions: readonly number[],
  args: (key: string, partition: number) => (string | number)[],
  mostChanges?: number,
];

/** Entries of a partition that one step reads. */
export const STREAM_PAGE = 100;
const NO_PAGE: StreamPage = {
  ...{ entries: [], count: 0, isWhole: true, firstId: "", endId: "" },
  damage: undefined,
};

/** Runs commands on a connection. */
export type WithRedis = <T>(work: (redis: Redis) => Promise<T>) => Promise<T>;

/** Reads entries of outboxes. It remembers nothing. */
export class StreamPages {
  readonly #withRedis: WithRedis;
  readonly #prefix: string;

  constructor(withRedis: WithRedis, prefix: string) {
    this.#withRedis = withRedis;
    this.#prefix = prefix;
  }

  /** Returns the oldest entry of a partition, or with `XREVRANGE` the newest. Undefined: there is none. */
  async first(command: Command, partition: number): Promise<OutboxEntry | undefined> {
    for await (const [entry] of this.walk(command, partition))
      if (entry !== undefined) return entry;
    return undefined;
  }

  /** Yields the entries of a partition from the oldest on, or with `XREVRANGE` from the newest on. */
  async *walk(
    command: Command,
    partition: number,
    start = command === "XRANGE" ? "-" : "+",
  ): AsyncGenerator<readonly OutboxEntry[]> {
    const end = command === "XRANGE" ? "+" : "-";
    for (let from = start; ; ) {
      const page = await this.page(command, partition, from, end, STREAM_PAGE);
      yield page.entries;
      if (page.count < STREAM_PAGE) return;
      from = `(${page.endId}`;
    }
  }

  /** Returns at most so many entries of one partition. */
  async page(
    command: Command,
    partition: number,
    from: string,
    to: string,
    most: number,
  ): Promise<StreamPage> {
    const args = (key: string) => [key, from, to, "COUNT", most];
    return (await this.pages(command, [partition], args))[0] ?? NO_PAGE;
  }

  /** Returns a page of each partition, in order. */
  async pages(
    ...[command, partitions, args, mostChanges = Number.POSITIVE_INFINITY]: PagesReading
  ): Promise<StreamPage[]> {
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
      if (error && isOfWrongType(reply)) return { ...NO_PAGE, damage: error };
      if (error) throw error;
      const found = reply[1] as StreamEntry[];
      const entries: OutboxEntry[] = [];
      let [decoded, changes] = [0, 0];
      for (; decoded < found.length && changes <= mostChanges; decoded++) {
        const entry = decodeEntry(found[decoded] as StreamEntry, partitions[at] as number);
        if (entry === undefined) continue;
        entries.push(entry);
        changes += entry.changes.length;
      }
      const [firstId, endId] = [String(found[0]?.[0]), String(found.at(-1)?.[0])];
      const isWhole = decoded === found.length;
      return { entries, count: found.length, isWhole, firstId, endId, damage: undefined };
    });
  }
}
