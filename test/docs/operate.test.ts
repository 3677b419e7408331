// The commands of docs/guides/operate.md that repair the append-only file of an own Redis.

import { execFile } from "node:child_process";
import { readFileSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { startTestRedis } from "../support/redis.ts";
import { fence, readDocument } from "./markdown.ts";

const REPAIR = fence(readDocument("docs/guides/operate.md"), "sh repair");

test.each([
  ["within a command", "c\r\n$1\r\n1"],
  ["behind a command", "*3\r\n$3\r\nSET\r\n$1\r\nc\r\n"],
])("a script's effects that were cut %s are removed as a whole", async (_, cutAt) => {
  const repair = (dir: string) => promisify(execFile)("sh", ["-euc", REPAIR], { cwd: dir });
  const redis = await startTestRedis({ beforeRestart: repair });
  onTestFinished(() => redis.stop());
  const set = (...keys: string[]) =>
    redis.cli("EVAL", keys.map((key) => `redis.call('SET', '${key}', '1')`).join(" "), "0");
  await redis.cli("SET", "before", "1");
  await set("a", "b", "c");
  await redis.kill9();
  const file = join(redis.dir, "appendonlydir/appendonly.aof.1.incr.aof");
  truncateSync(file, readFileSync(file).indexOf(cutAt));
  for (const keys of [
    ["d", "e"],
    ["f", "g"],
  ]) {
    await redis.restart();
    expect(await redis.cli("MGET", "a", "b", "c", "before")).toBe("\n\n\n1");
    await set(...keys);
    await redis.kill9();
  }
});
