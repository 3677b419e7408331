import { Turns } from "../../core/turns.ts";
import type { QueueCount, StoredGroup } from "../contract.ts";
import type { Connection, ScriptPart } from "./connection.ts";
import { partitionBase, partitionKeys } from "./keys.ts";
import { type PackedGroup, readCounts, readGroupsOf } from "./packed-groups.ts";
import { PARTITIONS } from "./partitions.ts";
import { runAll, type ScriptRunnerParts } from "./script-runner.ts";
import { scriptArgs } from "./scripts.ts";

/** Groups, and counts, of a partition in one page: they take Redis about two milliseconds. */
const PAGE = 2_000;
/** Both together, of all partitions of one call: other calls wait for it. */
const PAGE_OF_CALL = 4_000;
/** What was read is reused for so many times as long as it took, at most so long. Quick reads are never reused. */
const [REUSED_TIMES, REUSED_MAX_MS, QUICK_MS] = [5, 5_000, 100];

export interface GroupReaderParts extends ScriptRunnerParts {
  connection: Pick<Connection, "run" | "runMany" | "read">;
  /** The monotonic clock of this process, in milliseconds. */
  now(): number;
}

export interface GroupsRead {
  /** The time of the store. */
  nowMs: number;
  groups: StoredGroup[];
  /** Messages whose groups find no place. */
  otherCount: number;
}

const NO_BYTES = Buffer.alloc(0);

interface Open {
  partition: number;
  groupCursor: string;
  countCursor: string;
  weight: number;
  records: Buffer[];
  counts: Buffer[];
  archives: Buffer;
}

/** Reads groups of all partitions, for one caller at a time: they may be hundreds of thousands. */
export class GroupReader {
  readonly #parts: GroupReaderParts;
  readonly #turns = new Turns(1);
  #latest: GroupsRead | undefined;
  #changes = 0;
  #next: Promise<GroupsRead> | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(parts: GroupReaderParts) {
    this.#parts = parts;
  }

  /** A change is to be seen by the next read of this server. */
  forget(): void {
    this.#changes++;
    clearTimeout(this.#timer);
    this.#latest = undefined;
  }

  /** Callers that wait for the same turn share a read. */
  all(): Promise<GroupsRead> {
    this.#next ??= Promise.resolve().then(() => this.#turns.run(() => this.#readOrReuse()));
    return this.#next;
  }

  async #readOrReuse(): Promise<GroupsRead> {
    this.#next = undefined;
    if (this.#latest !== undefined) return this.#latest;
    const { now } = this.#parts;
    const [startedAtMs, changes] = [now(), this.#changes];
    const read = await this.#readAll();
    const tookMs = now() - startedAtMs;
    const reusedMs = tookMs < QUICK_MS ? 0 : Math.min(REUSED_MAX_MS, tookMs * REUSED_TIMES);
    if (reusedMs > 0 && this.#changes === changes) {
      this.#latest = read;
      // They may be many: they are not kept for longer.
      this.#timer = setTimeout(() => this.forget(), reusedMs).unref();
    }
    return read;
  }

  async of(partition: number): Promise<PackedGroup[]> {
    const open: Open = { ...this.#start(partition), weight: PAGE_OF_CALL };
    return this.#turns.run(async () => {
      await this.#readPages([open], () => {});
      return readGroupsOf(open).groups;
    });
  }

  /** Messages by number of their group and by queue. */
  async countsOf(partition: number): Promise<ReadonlyMap<number, readonly QueueCount[]>> {
    const open: Open = { ...this.#start(partition), groupCursor: "", weight: PAGE_OF_CALL };
    return this.#turns.run(async () => {
      await this.#readPages([open], () => {});
      return readCounts(open.counts).byNumber;
    });
  }

  async #readAll(): Promise<GroupsRead> {
    const { prefix, connection, enter } = this.#parts;
    await enter();
    const [time, ...lengths] = await connection.read<number | string[]>((reading) => {
      reading.time();
      for (let partition = 0; partition < PARTITIONS; partition++) {
        const { groups, groupCounts } = partitionKeys(prefix, partition);
        reading.hlen(groups);
        reading.hlen(groupCounts);
      }
    });
    const [seconds, microseconds] = (time as string[]).map(Number) as [number, number];
    const all = Array.from({ length: PARTITIONS }, (_, partition) => {
      const weight = [0, 1].map((kind) => Math.min(PAGE, Number(lengths[2 * partition + kind])));
      return { ...this.#start(partition), weight: (weight[0] ?? 0) + (weight[1] ?? 0) };
    }).filter(({ weight }) => weight > 0);
    const groups: StoredGroup[] = [];
    let otherCount = 0;
    await this.#readPages(all, (one) => {
      const found = readGroupsOf(one);
      for (const { group } of found.groups) groups.push(group);
      otherCount += found.others;
    });
    return { nowMs: seconds * 1_000 + Math.floor(microseconds / 1_000), groups, otherCount };
  }

  #start(partition: number): Omit<Open, "weight"> {
    return {
      partition,
      groupCursor: "0",
      countCursor: "0",
      records: [],
      counts: [],
      archives: NO_BYTES,
    };
  }

  /** Reads all pages of some partitions, few of them in each call. `done` gets each one when its last page is there. */
  async #readPages(all: readonly Open[], done: (one: Open) => void): Promise<void> {
    const { prefix, connection } = this.#parts;
    const left = [...all];
    while (left.length > 0) {
      const some: Open[] = [];
      for (let weight = 0; left.length > 0 && weight < PAGE_OF_CALL; ) {
        const one = left.shift() as Open;
        some.push(one);
        weight += one.weight;
      }
      const parts = some.map(({ partition, groupCursor, countCursor }): ScriptPart => {
        const args = scriptArgs("groups", { most: PAGE, groupCursor, countCursor }, []);
        return { base: partitionBase(prefix, partition), args };
      });
      const replies = await runAll(connection, "groups", parts);
      some.forEach((one, index) => {
        const reply = replies[index];
        // The groups of a partition that a person has damaged are left out.
        if (reply instanceof Error) return;
        const [groupCursor, records, countCursor, counts, archives] = reply as [
          Buffer,
          Buffer,
          Buffer,
          Buffer,
          Buffer,
        ];
        if (archives.length > 0) one.archives = archives;
        one.records.push(records);
        one.counts.push(counts);
        one.groupCursor = String(groupCursor);
        one.countCursor = String(countCursor);
        if (one.groupCursor !== "" || one.countCursor !== "") left.push(one);
        else done(one);
      });
    }
  }
}
