// Temporary data folders and embedded servers on them, removed after each test.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach } from "vitest";
import {
  type EmbeddedOptions,
  type EmbeddedRedis,
  startEmbeddedRedis,
} from "../../../src/store/embedded/embedded.ts";
import { findRedisServer } from "../../support/redis.ts";

const undo: (() => Promise<unknown>)[] = [];

/** In reverse order. */
export function afterwards(step: () => Promise<unknown>): void {
  undo.push(step);
}

afterEach(async () => {
  for (let step = undo.pop(); step !== undefined; step = undo.pop()) await step();
});

export async function dataFolder(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "dlq-data-"));
  afterwards(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

export interface LogLine {
  readonly level: "info" | "warn" | "error";
  readonly message: string;
}

export function recordedLog() {
  const lines: LogLine[] = [];
  const at = (level: LogLine["level"]) => (_: object, message: string) => {
    lines.push({ level, message });
  };
  return { lines, info: at("info"), warn: at("warn"), error: at("error") };
}

export async function start(
  dataDir: string,
  options: Partial<EmbeddedOptions> = {},
): Promise<EmbeddedRedis> {
  const redis = await startEmbeddedRedis({
    dataDir,
    serverPath: findRedisServer(),
    maxMemoryBytes: 64 * 2 ** 20,
    log: recordedLog(),
    ...options,
  });
  afterwards(() => redis.stop());
  return redis;
}

/** Polls until a deadline, which only a failing test reaches. */
export async function until(condition: () => boolean | Promise<boolean>, deadlineMs = 60_000) {
  const deadline = performance.now() + deadlineMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`still not so: ${condition}`);
    await delay(5);
  }
}
