import type {
  GroupBeginning,
  GroupChange,
  GroupDetails,
  Groups,
  StoredGroup,
  TrendTimes,
} from "../contract.ts";
import type { Connection } from "./connection.ts";
import { GroupNumbers } from "./group-numbers.ts";
import { GroupReader, type GroupReaderParts, type GroupsRead } from "./group-reader.ts";
import { GroupScripts } from "./group-scripts.ts";
import { GroupTrim } from "./group-trim.ts";
import { allPartitionKeys } from "./keys.ts";
import { CONSTANTS } from "./packed/constants.ts";
import { LAYOUTS } from "./packed/layouts.ts";
import { optionalMs, Reader } from "./packed/reader.ts";
import { PARTITIONS, partitionOf } from "./partitions.ts";

const { GROUP } = CONSTANTS;

const TIME_MS = { FIVE_MINUTES: GROUP.FIVE_MINUTES_MS, HOUR: GROUP.HOUR_MS };
/** Groups that one step looks for, in all partitions. */
const ASKED = 64;
/** Values of the reply of `group_details` for each group. */
const VALUES = 4;

interface GroupsParts extends GroupReaderParts {
  connection: Pick<Connection, "run" | "runMany" | "read" | "command">;
  /** When Redis last restarted or failed over; 0: never. */
  historyChangedAtMs(): number;
}

/** Groups are kept in each partition: equal digests are one group for people. */
export class RedisGroups implements Groups {
  readonly numbers: GroupNumbers;
  readonly scripts: GroupScripts;
  readonly #parts: GroupsParts;
  readonly #reader: GroupReader;
  readonly #trim: GroupTrim;

  constructor(parts: GroupsParts) {
    this.#parts = parts;
    this.scripts = new GroupScripts(parts);
    this.#reader = new GroupReader(parts);
    this.numbers = new GroupNumbers({ ...parts, scripts: this.scripts });
    this.#trim = new GroupTrim({ ...parts, scripts: this.scripts, reader: this.#reader });
  }

  list(): Promise<GroupsRead> {
    return this.#reader.all();
  }

  async details<Group extends Pick<StoredGroup, "partition" | "digest">>(
    groups: readonly Group[],
    { size, count, nowMs }: TrendTimes,
  ): Promise<ReadonlyMap<Group, GroupDetails>> {
    const to = Math.floor(nowMs / TIME_MS[size]);
    const header = { from: to - count + 1, to, byHour: size === "HOUR" ? 1 : 0 };
    const byPartition = [...Map.groupBy(groups, ({ partition }) => partition)];
    const parts = byPartition.map(([partition, own]) => {
      const items = own.map(({ digest }) => ({ digest: Buffer.from(digest, "hex") }));
      return this.scripts.part("group_details", partition, header, items);
    });
    const replies = (await this.scripts.run("group_details", parts)) as Buffer[][];
    return new Map(
      byPartition.flatMap(([, own], index) => {
        const values = replies[index] ?? [];
        return own.map((group, at) => [group, detailsOf(values.slice(VALUES * at))] as const);
      }),
    );
  }

  async beginnings(
    digests: readonly string[],
  ): Promise<ReadonlyMap<string, readonly GroupBeginning[]>> {
    const { connection, prefix, enter } = this.#parts;
    await enter();
    const found = new Map<string, GroupBeginning[]>(digests.map((digest) => [digest, []]));
    for (let from = 0; from < digests.length; from += ASKED) {
      const some = digests.slice(from, from + ASKED);
      const fields = some.map((digest) => Buffer.from(digest, "hex"));
      const records = await connection.read<(Buffer | null)[]>((reading) => {
        for (const key of allPartitionKeys(prefix, "groups")) reading.hmgetBuffer(key, ...fields);
      });
      for (const [partition, own] of records.entries()) {
        for (const [at, record] of own.entries()) {
          const beginning = beginningOf(partition, record);
          if (beginning !== undefined) found.get(some[at] as string)?.push(beginning);
        }
      }
    }
    return found;
  }

  async set(digest: string, { status, note, archiveEnd, link }: GroupChange): Promise<number> {
    this.#reader.forget();
    const header = {
      ...{ status: GROUP[status], digest: Buffer.from(digest, "hex"), note },
      untilTime: archiveEnd?.untilAtMs ?? 0,
      untilCount: archiveEnd?.untilCount ?? 0,
      keepLink: link === undefined ? 1 : 0,
      link: link ?? "",
    };
    const parts = Array.from({ length: PARTITIONS }, (_, partition) =>
      this.scripts.part("set_group", partition, header, []),
    );
    const replies = (await this.scripts.run("set_group", parts)) as number[];
    this.#reader.forget();
    return replies.filter((done) => done === 1).length;
  }

  /** See `GroupTrim.trim`. */
  trim(partition: number): Promise<void> {
    return this.#trim.trim(partition);
  }

  /** See `GroupTrim.forgetQueue`. */
  forgetQueue(queue: string): Promise<void> {
    return this.#trim.forgetQueue(queue);
  }

  /** The numbers of groups that have messages in a queue, as their counts say. */
  async numbersIn(queue: string): Promise<number[]> {
    const counts = await this.#reader.countsOf(partitionOf(queue));
    return [...counts].flatMap(([number, queues]) =>
      queues.some((one) => one.queue === queue) ? [number] : [],
    );
  }
}

/** Undefined: the partition does not have the group, or it is damaged. */
function beginningOf(partition: number, record: Buffer | null): GroupBeginning | undefined {
  if (record === null || record.length < GROUP.BYTES) return undefined;
  const { first, regressed } = new Reader(record).read(LAYOUTS.group);
  return { partition, firstFailureAtMs: first, regressedAtMs: optionalMs(regressed) };
}

const NOTHING = Buffer.alloc(0);

function detailsOf(values: readonly Buffer[]): GroupDetails {
  const [description = NOTHING, note = NOTHING, link = NOTHING, trend = NOTHING] = values;
  return { description, note, link: String(link), trend: String(trend).split(" ").map(Number) };
}
