// Many messages: servers are killed in the upgrade from layout 3, and the last one finishes it. How long Redis is blocked, and how
// much memory it takes. `npm run test:slow` takes a million messages.

import { Redis } from "ioredis";
import { expect, onTestFinished, test } from "vitest";
import { queueBase } from "../../src/store/redis/keys.ts";
import {
  baseBeforePartitions,
  DROPPED,
  queuesBeforePartitions,
} from "../../src/store/redis/upgrades/keys-by-partition.ts";
import { readFixture, restore } from "../store/redis/layouts/fixture.ts";
import { connectTo } from "../support/grpc.ts";
import { startTestRedis } from "../support/redis.ts";
import { measureStalls } from "../support/stalls.ts";
import { PREFIX, runUpgrade } from "./stepped-upgrade.ts";

const MESSAGES = Number(process.env.DLQ_TEST_UPGRADE_MESSAGES ?? 20_000);
/** In the fixture, each with a dedup key, which is a key of Redis. */
const A_QUEUE = 1_000;
const QUEUES = Array.from({ length: MESSAGES / A_QUEUE }, (_, n) => `queue-${n}`);
/** The fixture under another prefix, to compare with. */
const REFERENCE = "reference";
/** Other clients wait for no command longer, if the machine has time. */
const BLOCKED_MS = 100;
const KILLS = 4;
const DEADLINE_MS = 1_500_000;

/** ARGV: base of the copies, suffixes. KEYS: base of the originals. */
const COPY = `
for at = 2, #ARGV do redis.call('COPY', KEYS[1] .. ARGV[at], ARGV[1] .. ARGV[at]) end`;
/** As COPY: returns the suffixes whose copies have another value or end. */
const DIFFERENT = `
local found = {}
for at = 2, #ARGV do
  local one, other = KEYS[1] .. ARGV[at], ARGV[1] .. ARGV[at]
  local is_same = redis.call('DUMP', one) == redis.call('DUMP', other)
  if not is_same or redis.call('PEXPIRETIME', one) ~= redis.call('PEXPIRETIME', other) then found[#found + 1] = ARGV[at] end
end
return found`;

test(
  "of many messages nothing is lost, and Redis is never blocked for long",
  async () => {
    const machine = await startTestRedis({ appendfsync: "everysec" });
    onTestFinished(() => machine.stop());
    const redis = new Redis({ path: machine.socketPath, protocol: 2 });
    onTestFinished(() => redis.disconnect());
    await restore(readFixture("layout-3-bulk"), redis, REFERENCE);
    const original = `${REFERENCE}:{bulk}`;
    for (const suffix of DROPPED) await redis.del(original + suffix);
    const suffixes = (await redis.keysBuffer(`${original}:*`)).map((key) =>
      key.subarray(original.length),
    );
    for (const queue of QUEUES) {
      await redis.eval(COPY, 1, original, baseBeforePartitions(PREFIX, queue), ...suffixes);
    }
    await redis.sadd(queuesBeforePartitions(PREFIX), ...QUEUES);
    await redis.set(`${PREFIX}:version`, "3");
    const usedBytes = await memory(redis, "used_memory");
    await redis.config("SET", "slowlog-log-slower-than", "10000", "slowlog-max-len", "1000");
    await redis.slowlog("RESET");

    const stopStalls = measureStalls();
    const beganAt = performance.now();
    const seconds: number[] = [];
    let kills = 0;
    let [peakBytes, blockedMs, stalledMs, different] = [0, 0, 0, -1];
    const pages = (QUEUES.length * suffixes.length) / A_QUEUE;
    const upgrade = (n: number | undefined) =>
      runUpgrade({
        ...{ machine, redis },
        ...(n === undefined ? {} : { killed: { before: "renaming", n } }),
        async atEnd() {
          seconds.push(Math.round(performance.now() - beganAt) / 1_000);
          peakBytes = await memory(redis, "used_memory_peak");
          blockedMs = await slowest(redis);
          stalledMs = stopStalls();
          different = 0;
          for (const queue of QUEUES) {
            const base = queueBase(PREFIX, queue);
            const found = (await redis.eval(
              DIFFERENT,
              1,
              original,
              base,
              ...suffixes,
            )) as unknown[];
            different += found.length;
          }
        },
        async whenServing({ grpcAddress }) {
          const client = connectTo(grpcAddress);
          const { queues } = await client.dlq.stats({});
          client.close();
          expect(queues).toHaveLength(QUEUES.length);
          for (const { counts } of queues)
            expect(counts).toMatchObject([{ count: BigInt(A_QUEUE) }]);
        },
      });
    for (; kills < KILLS; kills++) {
      expect(await upgrade(Math.max(1, Math.floor(pages / (KILLS + 1))))).toBe("killed");
      seconds.push(Math.round(performance.now() - beganAt) / 1_000);
      expect(await redis.get(`${PREFIX}:version`)).toBe("3>4");
    }
    expect(await upgrade(undefined)).toBe("finished");
    console.info(
      `${MESSAGES} messages, ${suffixes.length * QUEUES.length} keys: ${kills} kills and the end after ${seconds} s; the longest command took ${blockedMs} ms; memory ${mib(usedBytes)} MiB before, ${mib(peakBytes)} MiB at its peak; this process was stalled for ${Math.round(stalledMs)} ms`,
    );
    expect(different).toBe(0);
    expect(blockedMs).toBeLessThan(BLOCKED_MS + stalledMs);
    expect(peakBytes).toBeLessThan(usedBytes * 1.5);
    expect((await redis.keys(`${PREFIX}:{queue-*`)).length).toBe(0);
  },
  DEADLINE_MS,
);

const mib = (bytes: number) => Math.round(bytes / 2 ** 20);

async function memory(redis: Redis, field: string): Promise<number> {
  const found = new RegExp(`^${field}:(\\d+)`, "m").exec(await redis.info("memory"));
  return Number(found?.[1]);
}

/** The longest command since the slow log was reset, in milliseconds. */
async function slowest(redis: Redis): Promise<number> {
  const entries = (await redis.slowlog("GET", 1_000)) as [number, number, number][];
  return Math.max(0, ...entries.map(([, , micros]) => micros / 1_000));
}
