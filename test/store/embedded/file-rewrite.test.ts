import { dirname } from "node:path";
import { expect, test } from "vitest";
import { diskSpace } from "../../../src/store/embedded/disk-watch.ts";
import type { EmbeddedLog } from "../../../src/store/embedded/embedded-log.ts";
import { FileRewrite } from "../../../src/store/embedded/file-rewrite.ts";
import { ask } from "../../../src/store/embedded/reply.ts";
import { dataFolder, recordedLog, start, until } from "./data-folder.ts";

const rewritten = async (socketPath: string) => {
  const info = String(await ask(socketPath, ["INFO", "persistence"], 5_000));
  return Number(/^aof_rewrites:(\d+)/m.exec(info)?.[1]);
};

const rewriteOf = (socketPath: string, log: EmbeddedLog) =>
  new FileRewrite({
    socketPath,
    log,
    readSpace: () => diskSpace(dirname(socketPath)),
    againMs: 10,
  });

test("requests share one, and the next one waits", async () => {
  const redis = await start(await dataFolder());
  await redis.ready;
  const rewrite = rewriteOf(redis.socketPath, recordedLog());
  const before = await rewritten(redis.socketPath);
  for (let n = 0; n < 100; n++) rewrite.request();
  await until(async () => (await rewritten(redis.socketPath)) === before + 1);
  rewrite.request();
  rewrite.stop();
  expect(await rewritten(redis.socketPath)).toBe(before + 1);
});

test("a deletion during a rewrite is followed by another one", async () => {
  const redis = await start(await dataFolder());
  await redis.ready;
  const { socketPath } = redis;
  // Each key delays the child, so that the first rewrite is still running.
  await ask(socketPath, ["CONFIG", "SET", "rdb-key-save-delay", "20000"], 5_000);
  for (let n = 0; n < 50; n++) await ask(socketPath, ["SET", `k${n}`, "v"], 5_000);
  const before = await rewritten(socketPath);
  await ask(socketPath, ["BGREWRITEAOF"], 5_000);
  const log = recordedLog();
  const rewrite = rewriteOf(socketPath, log);
  rewrite.request();
  await until(() => log.lines.length > 0);
  await ask(socketPath, ["CONFIG", "SET", "rdb-key-save-delay", "0"], 5_000);
  await until(async () => (await rewritten(socketPath)) === before + 2);
  rewrite.stop();
});
