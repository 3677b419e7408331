import { partitionKeys } from "../keys.ts";
import { partitionOf, partitionTag } from "../partitions.ts";
import type { Upgrade, UpgradeSteps } from "./upgrade.ts";

/** Renames each key that still exists. ARGV: the old and the new name of each. Facts of the last tick are the partition's now. */
const RENAME = `#!lua flags=allow-oom
for at = 1, #ARGV, 2 do
  local from, to = ARGV[at], ARGV[at + 1]
  if redis.call('EXISTS', from) == 1 then redis.call('RENAME', from, to) end
  if string.find(to, '}:[^:]+:meta$') then redis.call('HDEL', to, 'tended', 'resumed', 'shortened') end
end`;

/** The base of a queue's keys up to layout 3. */
export const baseBeforePartitions = (prefix: string, queue: string): string =>
  `${prefix}:{${queue}}`;

/** The set of names of all queues up to layout 3. */
export const queuesBeforePartitions = (prefix: string): string => `${prefix}:queues`;

/** Lists queues. Each needs a tick, which knows when it needs the next one. ARGV: the three wake-up indexes; names. */
const LIST = `#!lua flags=allow-oom
for at = 4, #ARGV do
  redis.call('SADD', KEYS[1], ARGV[at])
  for index = 1, 3 do redis.call('ZADD', ARGV[index], 0, ARGV[at]) end
end`;

const UNLIST = `#!lua flags=allow-oom
redis.call('DEL', KEYS[1])`;

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
    let cursor = "0";
    do {
      const { next, keys } = await steps.scan(cursor, `${steps.prefix}:{`);
      const names = keys.flatMap((key) => renamed(steps.prefix, key));
      if (names.length > 0) await steps.run(RENAME, `${steps.prefix}:version`, ...names);
      cursor = next;
    } while (cursor !== "0");
    await moveList(steps);
  },
};

async function moveList(steps: UpgradeSteps): Promise<void> {
  for (const [partition, queues] of Map.groupBy(await steps.queues(), partitionOf)) {
    const { queues: list, ready, isolated, tend } = partitionKeys(steps.prefix, partition);
    for (let at = 0; at < queues.length; at += NAMES) {
      await steps.run(LIST, list, ready, isolated, tend, ...queues.slice(at, at + NAMES));
    }
  }
  await steps.run(UNLIST, queuesBeforePartitions(steps.prefix));
}

/** The old and the new name of a key of layout 3. Empty: it is none. Names end with any bytes. */
function renamed(prefix: string, key: Buffer): Buffer[] {
  const text = key.toString("latin1");
  const begin = `${Buffer.from(prefix).toString("latin1")}:{`;
  const found = text.startsWith(begin)
    ? /^([A-Za-z0-9._-]+)\}(:.*)$/s.exec(text.slice(begin.length))
    : null;
  const [, queue, suffix] = found ?? [];
  if (queue === undefined || suffix === undefined) return [];
  const to = `${begin}${partitionTag(partitionOf(queue))}}:${queue}${suffix}`;
  return [key, Buffer.from(to, "latin1")];
}
