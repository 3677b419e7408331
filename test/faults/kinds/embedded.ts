// What only a server with its own Redis has: its child, its folder, its disk.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { findRedisServer } from "../../support/redis.ts";
import { until } from "../../support/until.ts";
import { DISK_LOW_MIB, type EmbeddedWorld } from "../rig/embedded.ts";
import { leaveFree, maySmallDisk } from "../rig/small-disk.ts";
import type { FaultKind } from "./kind.ts";
import { mustBeAnother, mustRun, untilGone } from "./process-state.ts";
import { keepFull } from "./refusals.ts";

const MAIN = resolve(import.meta.dirname, "../../../src/main.ts");
const SECOND_DEADLINE_MS = 20_000;
const FULL_MS = 4_000;
/** A server that is restarted starts its Redis again. */
const REDIS_DEADLINE_MS = 30_000;

/** @throws Error if there is none for so long: another fault may have just ended it */
function redisOf(world: EmbeddedWorld): Promise<number> {
  return until("a Redis of the server", () => world.redisPid(), REDIS_DEADLINE_MS);
}

export const orphanedRedis: FaultKind<EmbeddedWorld> = {
  name: "orphaned-redis",
  words: "kill -9 of the server leaves its Redis; the next start takes it over",
  touches: ["servers", "store"],
  async run({ world }) {
    const before = await redisOf(world);
    mustRun("the server", world.server.pid);
    await world.server.kill9();
    mustRun("the orphaned Redis", before);
    await world.server.restart();
    const after = world.redisPid();
    if (before !== after) throw new Error(`Redis was ${before}, then ${after}: not taken over`);
    return `Redis is process ${after} as before`;
  },
};

export const killEmbeddedRedis: FaultKind<EmbeddedWorld> = {
  name: "kill-embedded-redis",
  words: "kill -9 of the embedded Redis; the server starts it again",
  touches: ["store"],
  async run({ world }) {
    const before = await redisOf(world);
    process.kill(before, "SIGKILL");
    await untilGone("Redis", before);
    return undefined; // that there is another again is the recovery, which is timed
  },
};

export const killServerAndRedis: FaultKind<EmbeddedWorld> = {
  name: "kill-server-and-redis",
  words: "kill -9 of the server and of its Redis at the same moment, which the files outlive",
  touches: ["servers", "store"],
  async run({ world }) {
    const before = await redisOf(world);
    mustRun("the server", world.server.pid);
    process.kill(before, "SIGKILL");
    await world.server.kill9();
    await untilGone("Redis", before);
    await world.server.restart();
    mustBeAnother("Redis", before, await redisOf(world));
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
  words:
    "a small disk, which only root may mount, is filled until sends are refused; then there is room again",
  touches: ["store"],
  missing: () => (maySmallDisk() ? undefined : "the right to mount a small disk, which root has"),
  async run({ world, crew }) {
    const filler = join(world.disk, "filler");
    const spareBytes = (DISK_LOW_MIB / 2) * 1024 ** 2;
    try {
      // Again and again: Redis may be rewriting its files, whose old ones it then deletes.
      return await keepFull(crew.tail, FULL_MS, () => leaveFree(filler, spareBytes));
    } finally {
      rmSync(filler, { force: true });
    }
  },
};
