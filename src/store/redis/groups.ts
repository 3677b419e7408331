import type { GroupDetails, GroupStatus, Groups, StoredGroup, TrendTimes } from "../contract.ts";
import type { Connection, ScriptPart } from "./connection.ts";
import { GroupReader, type GroupReaderParts, type GroupsRead } from "./group-reader.ts";
import { partitionBase, partitionKeys } from "./keys.ts";
import { CONSTANTS } from "./packed/constants.ts";
import { LAYOUTS } from "./packed/layouts.ts";
import { Reader } from "./packed/reader.ts";
import { PARTITIONS, partitionOf } from "./partitions.ts";
import { pagesOf, runAll } from "./script-runner.ts";
import { type ScriptHeader, type ScriptItem, type ScriptName, scriptArgs } from "./scripts.ts";

const { GROUP } = CONSTANTS;
/** Digests that are remembered; a page of states has at most a thousand. */
const REMEMBERED = 50_000;

/** Groups of a partition above which some are forgotten, and how many are left. */
const [TRIM_ABOVE, TRIM_TO] = [1_800, 1_500];
const TRIM_EACH_MS = 60_000;
const TRIM_AT_ONCE = 100;

const TIME_MS = { FIVE_MINUTES: GROUP.MINUTES_MS, HOUR: GROUP.HOUR_MS };

export interface GroupsParts extends GroupReaderParts {
  connection: Pick<Connection, "run" | "runMany" | "read" | "command">;
  /** When Redis last restarted or failed over; 0: never. */
  historyChangedAtMs(): number;
}

/** Groups are kept in each partition: equal digests are one group for people. */
export class RedisGroups implements Groups {
  readonly #parts: GroupsParts;
  /** By partition and number. */
  readonly #digests = new Map<string, string>();
  #historyChangedAtMs = 0;
  readonly #reader: GroupReader;
  readonly #trimmedAtMs = new Map<number, number>();

  constructor(parts: GroupsParts) {
    this.#parts = parts;
    this.#reader = new GroupReader(parts);
  }

  list(): Promise<GroupsRead> {
    return this.#reader.all();
  }

  async details(
    groups: readonly Pick<StoredGroup, "partition" | "digest">[],
    { size, count, nowMs }: TrendTimes,
  ): Promise<GroupDetails[]> {
    const to = Math.floor(nowMs / TIME_MS[size]);
    const header = { from: to - count + 1, to, byHour: size === "HOUR" ? 1 : 0 };
    const details = new Map<(typeof groups)[number], GroupDetails>();
    const byPartition = [...Map.groupBy(groups, ({ partition }) => partition)];
    const parts = byPartition.map(([partition, own]) =>
      this.#part(
        "group_details",
        partition,
        header,
        own.map(({ digest }) => ({ digest: Buffer.from(digest, "hex") })),
      ),
    );
    const replies = (await this.#run("group_details", parts)) as Buffer[][];
    byPartition.forEach(([, own], index) => {
      const values = replies[index] as Buffer[];
      own.forEach((group, at) => {
        const [description, note, trend] = values.slice(3 * at, 3 * at + 3) as [
          Buffer,
          Buffer,
          Buffer,
        ];
        details.set(group, { description, note, trend: String(trend).split(" ").map(Number) });
      });
    });
    return groups.map((group) => details.get(group) as GroupDetails);
  }

  async digests(queue: string, numbers: readonly number[]): Promise<ReadonlyMap<number, string>> {
    const partition = partitionOf(queue);
    const keyOf = (number: number) => `${partition} ${number}`;
    this.#forgetAfterLoss();
    const found = new Map(
      numbers.map((number) => [number, this.#digests.get(keyOf(number)) ?? ""]),
    );
    const unknown = numbers.filter((number) => found.get(number) === "");
    if (unknown.length === 0) return found;
    const items = unknown.map((number) => ({ number }));
    const part = this.#part("group_digests", partition, {}, items);
    const [reply] = (await this.#run("group_digests", [part])) as [Buffer[]];
    if (this.#digests.size + unknown.length > REMEMBERED) this.#digests.clear();
    unknown.forEach((number, index) => {
      const digest = (reply[index] as Buffer).toString("hex");
      found.set(number, digest);
      if (digest !== "") this.#digests.set(keyOf(number), digest);
    });
    return found;
  }

  /** After a failover that lost writes, a number may have been given again. */
  #forgetAfterLoss(): void {
    const changedAtMs = this.#parts.historyChangedAtMs();
    if (changedAtMs !== this.#historyChangedAtMs) this.#digests.clear();
    this.#historyChangedAtMs = changedAtMs;
  }

  /** The numbers of groups of a queue's partition by the first 16 digits of their digests. */
  async numbers(queue: string, ids: readonly string[]): Promise<number[]> {
    const items = ids
      .filter((id) => /^[0-9a-f]{16}$/.test(id))
      .map((id) => ({ prefix: Buffer.from(id, "hex") }));
    if (items.length === 0) return [];
    const part = this.#part("group_numbers", partitionOf(queue), {}, items);
    const [reply] = (await this.#run("group_numbers", [part])) as [Buffer];
    const reader = new Reader(reply);
    const numbers: number[] = [];
    while (!reader.done) numbers.push(reader.read(LAYOUTS.groupCount).number);
    return numbers;
  }

  async setStatus(digest: string, status: GroupStatus, note: Uint8Array): Promise<number> {
    this.#reader.forget();
    const header = { status: GROUP[status], digest: Buffer.from(digest, "hex"), note };
    const parts = Array.from({ length: PARTITIONS }, (_, partition) =>
      this.#part("set_group", partition, header, []),
    );
    const replies = (await this.#run("set_group", parts)) as number[];
    this.#reader.forget();
    return replies.filter((done) => done === 1).length;
  }

  /**
   * Forgets groups without messages if the partition has nearly as many groups as it may: those whose last failure is the
   * oldest. Looks once a minute at most.
   */
  async trim(partition: number): Promise<void> {
    const nowMs = this.#parts.now();
    if (nowMs < (this.#trimmedAtMs.get(partition) ?? Number.NEGATIVE_INFINITY) + TRIM_EACH_MS)
      return;
    this.#trimmedAtMs.set(partition, nowMs);
    const { prefix, connection } = this.#parts;
    const key = partitionKeys(prefix, partition).groups;
    const count = await connection.command((redis) => redis.hlen(key));
    if (count <= TRIM_ABOVE) return;
    const oldest = (await this.#reader.of(partition))
      .filter(({ group }) => group.stored.length === 0)
      .toSorted((a, b) => rankOf(a.group) - rankOf(b.group))
      .slice(0, count - TRIM_TO);
    for (const some of pagesOf(oldest, TRIM_AT_ONCE)) {
      const items = some.map(({ digest, record }) => ({ digest, group: record }));
      await this.#run("drop_groups", [this.#part("drop_groups", partition, {}, items)]);
    }
  }

  #part<N extends ScriptName>(
    name: N,
    partition: number,
    header: ScriptHeader<N>,
    items: readonly ScriptItem<N>[],
  ): ScriptPart {
    return {
      base: partitionBase(this.#parts.prefix, partition),
      args: scriptArgs(name, header, items),
    };
  }

  async #run(name: ScriptName, parts: readonly ScriptPart[]): Promise<unknown[]> {
    await this.#parts.enter();
    const replies = await runAll(this.#parts.connection, name, parts);
    const error = replies.find((reply) => reply instanceof Error);
    if (error !== undefined) throw error;
    return replies;
  }
}

/** Those that nobody has set a status of go first, then the oldest. */
function rankOf({ status, lastFailureAtMs }: StoredGroup): number {
  return status === "OPEN" ? lastFailureAtMs : lastFailureAtMs + Number.MAX_SAFE_INTEGER / 2;
}
