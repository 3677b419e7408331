// What only a server with its own Redis has: its child, its folder, its disk.

import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync, statfsSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { findRedisServer } from "../../support/redis.ts";
import { until } from "../../support/until.ts";
import { DISK_LOW_MIB, type EmbeddedWorld } from "../rig/embedded.ts";
import type { FaultKind } from "./kind.ts";

const MIB = 1024 ** 2;
const MAIN = resolve(import.meta.dirname, "../../../src/main.ts");
const SECOND_DEADLINE_MS = 20_000;
const FULL_MS = 4_000;

export const orphanedRedis: FaultKind<EmbeddedWorld> = {
  name: "orphaned-redis",
  words: "kill -9 of the server leaves its Redis; the next start takes it over",
  touches: ["servers", "store"],
  async run({ world }) {
    const before = world.redisPid();
    await world.server.kill9();
    await world.server.restart();
    const after = world.redisPid();
    if (before !== after) throw new Error(`Redis was ${before}, then ${after}: not taken over`);
    return undefined;
  },
};

export const killEmbeddedRedis: FaultKind<EmbeddedWorld> = {
  name: "kill-embedded-redis",
  words: "kill -9 of the embedded Redis; the server starts it again",
  touches: ["store"],
  async run({ world }) {
    const pid = world.redisPid();
    if (pid === undefined) throw new Error("no Redis runs");
    process.kill(pid, "SIGKILL");
    return undefined;
  },
};

export const killServerAndRedis: FaultKind<EmbeddedWorld> = {
  name: "kill-server-and-redis",
  words: "kill -9 of the server and of its Redis at the same moment, as in a power cut",
  touches: ["servers", "store"],
  async run({ world }) {
    const pid = world.redisPid();
    if (pid !== undefined) process.kill(pid, "SIGKILL");
    await world.server.kill9();
    await world.server.restart();
    return undefined;
  },
};

export const secondServer: FaultKind<EmbeddedWorld> = {
  name: "second-server",
  words: "a second server on the same data folder: it refuses to start, the first goes on",
  touches: ["servers"],
  async run({ world }) {
    const env = { ...process.env, ...world.env, DLQ_REDIS_SERVER: findRedisServer() };
    const listen = ["--listen-grpc", "127.0.0.1:0", "--listen-http", "127.0.0.1:0"];
    const second = spawn(process.execPath, [MAIN, "serve", ...listen], { env });
    let words = "";
    for (const stream of [second.stdout, second.stderr]) {
      stream.on("data", (data: Buffer) => {
        words += data.toString();
      });
    }
    const signal = AbortSignal.timeout(SECOND_DEADLINE_MS);
    const [code] = (await once(second, "close", { signal }).catch(() => {
      second.kill("SIGKILL");
      throw new Error(`a second server on the folder did not end: ${words}`);
    })) as [number | null];
    if (code === 0 || !words.includes("Another server"))
      throw new Error(`a second server ended with ${code}: ${words}`);
    return `it ended with ${code}`;
  },
};

export const diskLow: FaultKind<EmbeddedWorld> = {
  name: "disk-nearly-full",
  words: "the disk is filled until sends are refused; then there is room again",
  touches: ["store"],
  async run({ world }) {
    const filler = join(world.disk, "filler");
    const { bavail, bsize } = statfsSync(world.disk);
    const spare = (DISK_LOW_MIB / 2) * MIB;
    const isLow = () =>
      world.server.logs.filter(({ msg }) => /disk space is low/.test(String(msg)));
    const before = isLow().length;
    try {
      execFileSync("fallocate", ["--length", String(bavail * bsize - spare), filler]);
      const seen = () => isLow().length > before || undefined;
      await until("the server to see that its disk is low", seen, 30_000);
      await sleep(FULL_MS);
    } finally {
      rmSync(filler, { force: true });
    }
    return undefined;
  },
};
