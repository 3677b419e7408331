import { partitionKeys } from "../keys.ts";
import { partitionOf, partitionTag } from "../partitions.ts";
import { settingsByPartition } from "./settings-by-partition.ts";
import { versionKey, WHILE_IT_RUNS } from "./steps-to-layout-4.ts";
import type { StepArg, Upgrade, UpgradeSteps } from "./upgrade.ts";

/**
 * Renames each key that still exists. ARGV: for each, the old and the new name, and the kind of key. Of `meta` the times of the last
 * tick and outage are the partition's in layout 4. What a late write of an older server has made again goes: it must not replace
 * what was renamed before.
 */
const RENAME = `${WHILE_IT_RUNS}
for at = 1, #ARGV, 3 do
  local from, to, kind = ARGV[at], ARGV[at + 1], ARGV[at + 2]
  if redis.call('EXISTS', from) == 1 then
    if kind == 'dropped' or redis.call('RENAMENX', from, to) == 0 then redis.call('UNLINK', from) end
  end
  if kind == 'meta' then redis.call('HDEL', to, 'tended', 'resumed', 'shortened') end
end`;

/** The base of a queue's keys up to layout 3. */
export const baseBeforePartitions = (prefix: string, queue: string): string =>
  `${prefix}:{${queue}}`;

/** The set of names of all queues up to layout 3. */
export const queuesBeforePartitions = (prefix: string): string => `${prefix}:queues`;

/** Lists queues. Each needs a tick, which knows when it needs the next one. ARGV: the list, the three wake-up indexes; names. */
const LIST = `${WHILE_IT_RUNS}
for at = 5, #ARGV do
  redis.call('ZADD', ARGV[1], 0, ARGV[at])
  for index = 2, 4 do redis.call('ZADD', ARGV[index], 0, ARGV[at]) end
end`;

/** ARGV: the list of all queues. */
const UNLIST = `${WHILE_IT_RUNS}
redis.call('UNLINK', ARGV[1])`;

/** Names of one step. */
const NAMES = 1_000;

/**
 * Layout 3 has the keys of a queue in a slot of its own and one list of queues; layout 4 has the keys in the slot of the
 * queue's partition, and a list there. Values and times to live stay. No key of layout 4 looks like one of layout 3, because
 * no queue may have the name of a partition.
 */
export const keysByPartition: Upgrade = {
  from: 3,
  to: 4,
  what: "the keys of a queue are in one of 256 partitions",
  async run(steps) {
    await renameKeys(steps);
    await listQueues(steps, await steps.queues());
    await settingsByPartition(steps);
    await steps.run(UNLIST, versionKey(steps), queuesBeforePartitions(steps.prefix));
  },
};

async function renameKeys(steps: UpgradeSteps): Promise<void> {
  let cursor = "0";
  do {
    const { next, keys } = await steps.scan(cursor, `${steps.prefix}:{`);
    const found = keys.flatMap((key) => readKey(steps.prefix, key));
    // Before their keys are renamed: a server that was killed may not have listed its last queue.
    await listQueues(
      steps,
      found.filter(({ suffix }) => suffix === ":counters").map(({ queue }) => queue),
    );
    const names = found.flatMap(({ key, queue, suffix }) =>
      renamed(steps.prefix, key, queue, suffix),
    );
    if (names.length > 0) await steps.run(RENAME, versionKey(steps), ...names);
    cursor = next;
  } while (cursor !== "0");
}

async function listQueues(steps: UpgradeSteps, all: readonly string[]): Promise<void> {
  for (const [partition, queues] of Map.groupBy(all, partitionOf)) {
    const { queues: key, ready, isolated, tend } = partitionKeys(steps.prefix, partition);
    for (let at = 0; at < queues.length; at += NAMES) {
      const names = queues.slice(at, at + NAMES);
      await steps.run(LIST, versionKey(steps), key, ready, isolated, tend, ...names);
    }
  }
}

/** Layout 4 has an outbox in place of the journal; the workers are those of servers that have ended. */
export const DROPPED: ReadonlySet<string> = new Set([":journal", ":workers"]);

interface QueueKey {
  key: Buffer;
  queue: string;
  /** One character a byte. */
  suffix: string;
}

/** The queue of a key of layout 3. Empty: it is none. Names end with any bytes. */
function readKey(prefix: string, key: Buffer): QueueKey[] {
  const text = key.toString("latin1");
  const begin = `${Buffer.from(prefix).toString("latin1")}:{`;
  const found = text.startsWith(begin)
    ? /^([A-Za-z0-9._-]+)\}(:.*)$/s.exec(text.slice(begin.length))
    : null;
  const [, queue, suffix] = found ?? [];
  return queue === undefined || suffix === undefined ? [] : [{ key, queue, suffix }];
}

/** The arguments of RENAME. */
function renamed(prefix: string, key: Buffer, queue: string, suffix: string): StepArg[] {
  const begin = `${Buffer.from(prefix).toString("latin1")}:{`;
  const to = `${begin}${partitionTag(partitionOf(queue))}}:${queue}${suffix}`;
  const kind = suffix === ":meta" ? "meta" : DROPPED.has(suffix) ? "dropped" : "";
  return [key, Buffer.from(to, "latin1"), kind];
}
