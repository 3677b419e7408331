import type { GroupDetails, GroupStatus, Groups, StoredGroup } from "../contract.ts";
import type { ScriptPart } from "./connection.ts";
import { partitionBase } from "./keys.ts";
import { CONSTANTS } from "./packed/constants.ts";
import { LAYOUTS } from "./packed/layouts.ts";
import { optionalMs, Reader } from "./packed/reader.ts";
import { PARTITIONS, partitionOf } from "./partitions.ts";
import { runAll, type ScriptRunnerParts } from "./script-runner.ts";
import { type ScriptHeader, type ScriptItem, type ScriptName, scriptArgs } from "./scripts.ts";

const { GROUP } = CONSTANTS;
const STATUSES: readonly GroupStatus[] = ["OPEN", "RESOLVED", "ARCHIVED"];

/** Digests that are remembered; a page of states has at most a thousand. */
const REMEMBERED = 50_000;

/** Digests of groups, and counts of their messages by queue. */
type GroupsReply = [groups: Buffer[], counts: Buffer[]];

/** Groups are kept in each partition: equal digests are one group for people. */
export class RedisGroups implements Groups {
  readonly #parts: ScriptRunnerParts;
  /** By partition and number, which is never given again. */
  readonly #digests = new Map<string, string>();

  constructor(parts: ScriptRunnerParts) {
    this.#parts = parts;
  }

  async list(): Promise<{ groups: StoredGroup[]; otherCount: number }> {
    const partitions = Array.from({ length: PARTITIONS }, (_, partition) => partition);
    const replies = await this.#run(
      "groups",
      partitions.map((partition) => this.#part("groups", partition, {}, [])),
    );
    const found = partitions.map((partition) =>
      readGroups(partition, replies[partition] as GroupsReply),
    );
    return {
      groups: found.flatMap(({ groups }) => groups),
      otherCount: found.reduce((sum, { otherCount }) => sum + otherCount, 0),
    };
  }

  async details(
    groups: readonly Pick<StoredGroup, "partition" | "digest">[],
    fromMs: number,
    toMs: number,
  ): Promise<GroupDetails[]> {
    const header = { from: timeOf(fromMs), to: timeOf(toMs) };
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
    const unknown = numbers.filter((number) => !this.#digests.has(keyOf(number)));
    if (unknown.length > 0) {
      if (this.#digests.size + unknown.length > REMEMBERED) this.#digests.clear();
      const items = unknown.map((number) => ({ number }));
      const part = this.#part("group_digests", partition, {}, items);
      const [reply] = (await this.#run("group_digests", [part])) as [Buffer[]];
      unknown.forEach((number, index) => {
        const digest = (reply[index] as Buffer).toString("hex");
        if (digest !== "") this.#digests.set(keyOf(number), digest);
      });
    }
    return new Map(numbers.map((number) => [number, this.#digests.get(keyOf(number)) ?? ""]));
  }

  async setStatus(digest: string, status: GroupStatus, note: Uint8Array): Promise<number> {
    const header = { status: GROUP[status], digest: Buffer.from(digest, "hex"), note };
    const parts = Array.from({ length: PARTITIONS }, (_, partition) =>
      this.#part("set_group", partition, header, []),
    );
    const replies = (await this.#run("set_group", parts)) as number[];
    return replies.filter((done) => done === 1).length;
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

/** Of the layout `group`, without the queue. */
const RECORD_BYTES = LAYOUTS.group.pack({
  ...{ number: 0, status: 0, first: 0, last: 0, total: 0, changed: 0, regressed: 0 },
  ...{ latest: new Uint8Array(16), queue: new Uint8Array() },
}).length;

const timeOf = (ms: number): number => Math.floor(ms / GROUP.TREND_MS);

function readGroups(partition: number, [records, counts]: GroupsReply) {
  const stored = new Map<number, Map<string, number>>();
  let otherCount = 0;
  for (let at = 0; at < counts.length; at += 2) {
    const reader = new Reader(counts[at] as Buffer);
    const { number } = reader.read(LAYOUTS.groupCount);
    const count = Number(String(counts[at + 1]));
    if (number === GROUP.OTHER) otherCount += count;
    else {
      const queues = stored.get(number) ?? new Map<string, number>();
      stored.set(number, queues.set(Buffer.from(reader.rest()).toString(), count));
    }
  }
  const groups: StoredGroup[] = [];
  for (let at = 0; at < records.length; at += 2) {
    const record = records[at + 1] as Buffer;
    // One that a person has damaged is left out, as scripts do.
    if (record.length < RECORD_BYTES) continue;
    const group = new Reader(record).read(LAYOUTS.group);
    groups.push({
      partition,
      digest: (records[at] as Buffer).toString("hex"),
      status: STATUSES[group.status] ?? "OPEN",
      changedAtMs: optionalMs(group.changed),
      regressedAtMs: optionalMs(group.regressed),
      firstFailureAtMs: group.first,
      lastFailureAtMs: group.last,
      failureCount: group.total,
      latest: { id: Uint8Array.from(group.latest), queue: Buffer.from(group.queue).toString() },
      stored: stored.get(group.number) ?? new Map(),
    });
  }
  return { groups, otherCount };
}
