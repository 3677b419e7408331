import { randomBytes } from "node:crypto";
import { globalKeys, partitionKeys } from "../keys.ts";
import { partitionOf } from "../partitions.ts";
import { versionKey, WHILE_IT_RUNS } from "./steps-to-layout-4.ts";
import type { UpgradeSteps } from "./upgrade.ts";

/** The settings of all queues up to layout 3. */
export const settingsBeforePartitions = (prefix: string): string => `${prefix}:configs`;

/** ARGV: the hash; fields and their values. */
const STORE = `${WHILE_IT_RUNS}
for at = 2, #ARGV, 2 do redis.call('HSETNX', ARGV[1], ARGV[at], ARGV[at + 1]) end`;

/** Layout 4 has the last change in a field of its own. ARGV: the hash of the deployment. */
const NOTE_LATEST = `${WHILE_IT_RUNS}
local changes = redis.call('HGET', ARGV[1], '')
if changes then redis.call('HSET', ARGV[1], '/', string.match(changes, '[^\\n]*$')) end`;

/** ARGV: the hash of all settings. */
const REMOVE = `${WHILE_IT_RUNS}
redis.call('UNLINK', ARGV[1])`;

/** Part of the upgrade to layout 4: copies the settings of each queue into the hash of its partition. */
export async function settingsByPartition(steps: UpgradeSteps): Promise<void> {
  const from = settingsBeforePartitions(steps.prefix);
  let cursor = "0";
  do {
    const { next, fields } = await steps.fields(from, cursor);
    const records = Array.from({ length: fields.length / 2 }, (_, n) => ({
      queue: String(fields[2 * n]),
      record: fields[2 * n + 1] as Buffer,
    })).filter(({ queue }) => queue !== "");
    for (const [partition, own] of Map.groupBy(records, ({ queue }) => partitionOf(queue))) {
      const { settings } = partitionKeys(steps.prefix, partition);
      // Servers read only hashes with a change; its revision is random.
      const change = randomBytes(8).toString("hex");
      const args = own.flatMap(({ queue, record }) => [queue, record]);
      await steps.run(STORE, versionKey(steps), settings, ...args, "", change, "/", change);
    }
    cursor = next;
  } while (cursor !== "0");
  await steps.run(NOTE_LATEST, versionKey(steps), globalKeys(steps.prefix).deployment);
  await steps.run(REMOVE, versionKey(steps), from);
}
