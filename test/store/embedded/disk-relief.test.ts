// What was deleted frees disk space while the disk is low.

import { randomBytes } from "node:crypto";
import { realpath } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { diskSpace } from "../../../src/store/embedded/disk-watch.ts";
import { ask } from "../../../src/store/embedded/reply.ts";
import {
  type FileSizes,
  fits,
  hasGrown,
  isWorthRewriting,
} from "../../../src/store/embedded/rewrite-rules.ts";
import { leaveFree, makeSmallDisk, maySmallDisk } from "../../faults/rig/small-disk.ts";
import { afterwards, recordedLog, start, until } from "./data-folder.ts";

const MIB = 2 ** 20;
const sizes = (fileMib: number, dataMib: number, baseMib = 0): FileSizes => ({
  fileBytes: fileMib * MIB,
  dataBytes: dataMib * MIB,
  baseBytes: baseMib * MIB,
});

test.each<[string, { fileMib: number; dataMib: number; freeMib: number }, boolean]>([
  ["the file is mostly what was deleted", { fileMib: 60, dataMib: 1, freeMib: 3 }, true],
  ["half of it is in use", { fileMib: 60, dataMib: 30, freeMib: 100 }, true],
  ["more than half of it is in use", { fileMib: 60, dataMib: 31, freeMib: 100 }, false],
  ["the rewritten file would not fit", { fileMib: 900, dataMib: 100, freeMib: 110 }, false],
  ["there is little to free", { fileMib: 0.9, dataMib: 0, freeMib: 100 }, false],
])("a rewrite while the disk is low: %s", (_, { fileMib, dataMib, freeMib }, expected) => {
  expect(isWorthRewriting(sizes(fileMib, dataMib), freeMib * MIB)).toBe(expected);
});

test("a rewritten file fits if the memory of the data does, or the old file as it is", () => {
  expect(fits(sizes(500, 100), 112 * MIB)).toBe(true);
  expect(fits(sizes(100, 500), 112 * MIB)).toBe(true); // compressed
  expect(fits(sizes(100, 100), 110 * MIB)).toBe(false);
});

test("a file has grown at 64 MiB, if it has grown by half", () => {
  expect(hasGrown(sizes(63, 0, 0))).toBe(false);
  expect(hasGrown(sizes(64, 0, 0))).toBe(true);
  expect(hasGrown(sizes(149, 0, 100))).toBe(false);
  expect(hasGrown(sizes(150, 0, 100))).toBe(true);
});

async function usedDisk(values: number, mib = 48) {
  const disk = makeSmallDisk(mib);
  afterwards(async () => disk.remove());
  const dataDir = await realpath(disk.path);
  const log = recordedLog();
  const redis = await start(dataDir, {
    log,
    diskLowBytes: 12 * MIB,
    maxMemoryBytes: 256 * MIB,
  });
  await redis.ready;
  const command = (...words: string[]) => ask(redis.socketPath, words, 30_000);
  const value = () => randomBytes((MIB * 3) / 4).toString("base64"); // no compression makes it fit
  for (let n = 0; n < values; n++) await command("SET", `key${n}`, value());
  const rewrites = async () =>
    Number(/^aof_rewrites:(\d+)/m.exec(String(await command("INFO", "persistence")))?.[1]);
  const doesNotFit = () => log.lines.some(({ message }) => /does not fit/.test(message));
  return { dataDir, log, redis, command, rewrites, doesNotFit };
}

test.runIf(maySmallDisk())("a low disk is freed of what was deleted, by one rewrite", async () => {
  const { dataDir, log, redis, command, rewrites } = await usedDisk(38);
  await until(() => redis.diskIsLow());
  const before = await rewrites();
  const keys = Array.from({ length: 37 }, (_, n) => `key${n}`);
  await command("DEL", ...keys);
  await until(() => !redis.diskIsLow());
  expect(await rewrites()).toBe(before + 1);
  expect((await diskSpace(dataDir)).freeBytes).toBeGreaterThan(40 * MIB);
  expect(await command("STRLEN", "key37")).toBe(MIB);
  expect(log.lines.map(({ message }) => message)).toContain(
    "the disk is low and the append-only file holds mostly what was deleted: it is rewritten",
  );
});

test.runIf(maySmallDisk())("a rewrite after a deletion waits until it fits", async () => {
  const { dataDir, redis, command, rewrites, doesNotFit } = await usedDisk(16);
  const before = await rewrites();
  leaveFree(join(dataDir, "filler"), 14 * MIB);
  redis.forgetDeleted();
  await until(doesNotFit);
  expect(await rewrites()).toBe(before);
  expect(await command("PING")).toBe("PONG");
});

test.runIf(maySmallDisk())("a file that has grown is rewritten only if that fits", async () => {
  const { redis, command, rewrites, doesNotFit } = await usedDisk(75, 110);
  const { pid } = redis;
  await until(doesNotFit);
  for (let n = 0; n < 100; n++) await command("SET", "small", "x".repeat(1_000));
  expect(redis.pid).toBe(pid); // it would have ended on a full disk
  const before = await rewrites();
  await command("DEL", ...Array.from({ length: 60 }, (_, n) => `key${n}`));
  await until(async () => (await rewrites()) === before + 1, 120_000);
});
