import type { StoredGroup } from "../contract.ts";
import type { Connection } from "./connection.ts";
import { DESCRIBED_AGAIN_MS } from "./group-descriptions.ts";
import type { GroupReader } from "./group-reader.ts";
import type { GroupScripts } from "./group-scripts.ts";
import { partitionKeys } from "./keys.ts";
import type { PackedGroup } from "./packed-groups.ts";
import { partitionOf } from "./partitions.ts";
import { pagesOf } from "./script-runner.ts";

/** Groups of a partition above which some are forgotten, and how many are left. */
const [TRIM_ABOVE, TRIM_TO] = [1_800, 1_500];
const TRIM_EACH_MS = 60_000;
const TRIM_AT_ONCE = 100;
/** Groups with later failures stay: servers would not describe those soon again that they have just described. */
const IDLE_MS = 2 * DESCRIBED_AGAIN_MS;

interface GroupTrimParts {
  scripts: Pick<GroupScripts, "part" | "run">;
  reader: Pick<GroupReader, "of">;
  connection: Pick<Connection, "command">;
  prefix: string;
  /** The clock of this process, in milliseconds. */
  now(): number;
}

/** Forgets groups without messages. */
export class GroupTrim {
  readonly #parts: GroupTrimParts;
  readonly #lookedAtMs = new Map<number, number>();

  constructor(parts: GroupTrimParts) {
    this.#parts = parts;
  }

  /**
   * Forgets groups without messages if the partition has nearly as many groups as it may: those whose last failure is the
   * oldest. Looks once a minute at most.
   */
  async trim(partition: number): Promise<void> {
    const { now, prefix, connection, reader } = this.#parts;
    const nowMs = now();
    const lookedAtMs = this.#lookedAtMs.get(partition) ?? Number.NEGATIVE_INFINITY;
    if (nowMs < lookedAtMs + TRIM_EACH_MS) return;
    this.#lookedAtMs.set(partition, nowMs);
    const key = partitionKeys(prefix, partition).groups;
    const count = await connection.command((redis) => redis.hlen(key));
    if (count <= TRIM_ABOVE) return;
    const oldest = (await reader.of(partition))
      .filter(({ group }) => group.stored.length === 0)
      .toSorted((a, b) => rankOf(a.group) - rankOf(b.group))
      .slice(0, count - TRIM_TO);
    await this.#drop(partition, oldest, IDLE_MS);
  }

  /** Forgets groups without messages whose last failure was in this queue. */
  async forgetQueue(queue: string): Promise<void> {
    const partition = partitionOf(queue);
    const found = await this.#parts.reader.of(partition);
    const own = found.filter(
      ({ group }) => group.stored.length === 0 && group.latest().queue === queue,
    );
    await this.#drop(partition, own, 0);
  }

  async #drop(partition: number, groups: readonly PackedGroup[], idle: number): Promise<void> {
    const { scripts } = this.#parts;
    for (const some of pagesOf(groups, TRIM_AT_ONCE)) {
      const items = some.map(({ digest, record }) => ({ digest, group: record }));
      await scripts.run("drop_groups", [scripts.part("drop_groups", partition, { idle }, items)]);
    }
  }
}

/** Those that nobody has set a status of go first, then the oldest. */
function rankOf({ status, lastFailureAtMs }: StoredGroup): number {
  return status === "OPEN" ? lastFailureAtMs : lastFailureAtMs + Number.MAX_SAFE_INTEGER / 2;
}
