// Faults of a server with an embedded Redis: of its child process, its folder and its disk.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { findRedisServer } from "../../support/redis.ts";
import { until } from "../../support/until.ts";
import { DISK_LOW_MIB, type EmbeddedEnvironment } from "../rig/embedded.ts";
import { leaveFree, maySmallDisk } from "../rig/small-disk.ts";
import type { FaultKind } from "./kind.ts";
import { mustBeAnother, mustRun, untilGone } from "./process-state.ts";
import { keepFull } from "./refusals.ts";

const MAIN = resolve(import.meta.dirname, "../../../src/main.ts");
const SECOND_DEADLINE_MS = 120_000;
const FULL_MS = 4_000;
/** A server that is restarted starts its Redis again. */
const REDIS_DEADLINE_MS = 120_000;

/** Waits for a Redis, because another fault may have just ended it. */
function redisOf(environment: EmbeddedEnvironment): Promise<number> {
  return until("a Redis of the server", () => environment.redisPid(), REDIS_DEADLINE_MS);
}

export const orphanedRedis: FaultKind<EmbeddedEnvironment> = {
  name: "orphaned-redis",
  words: "kill -9 of the server; its Redis keeps running, and the next start takes it over",
  touches: ["servers", "store"],
  async run({ environment }) {
    const before = await redisOf(environment);
    mustRun("the server", environment.server.pid);
    await environment.server.kill9();
    mustRun("the orphaned Redis", before);
    await environment.server.restart();
    const after = environment.redisPid();
    if (before !== after) throw new Error(`Redis was ${before}, then ${after}: not taken over`);
    return `Redis is process ${after} as before`;
  },
};

export const killEmbeddedRedis: FaultKind<EmbeddedEnvironment> = {
  name: "kill-embedded-redis",
  words: "kill -9 of the embedded Redis; the server starts it again",
  touches: ["store"],
  async run({ environment }) {
    const before = await redisOf(environment);
    process.kill(before, "SIGKILL");
    await untilGone("Redis", before);
    return undefined; // the restart of Redis is the recovery, which is timed
  },
};

export const killServerAndRedis: FaultKind<EmbeddedEnvironment> = {
  name: "kill-server-and-redis",
  words: "kill -9 of the server and its Redis at the same moment",
  touches: ["servers", "store"],
  async run({ environment }) {
    const before = await redisOf(environment);
    mustRun("the server", environment.server.pid);
    process.kill(before, "SIGKILL");
    await environment.server.kill9();
    await untilGone("Redis", before);
    await environment.server.restart();
    mustBeAnother("Redis", before, await redisOf(environment));
    return undefined;
  },
};

export const secondServer: FaultKind<EmbeddedEnvironment> = {
  name: "second-server",
  words: "a second server on the same data folder refuses to start; the first one continues",
  touches: ["servers"],
  async run({ environment }) {
    const env = { ...process.env, ...environment.env, DLQ_REDIS_SERVER: findRedisServer() };
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
      throw new Error(`a second server on the folder did not exit: ${words}`);
    })) as [number | null];
    if (code === 0 || !words.includes("Another server"))
      throw new Error(`a second server exited with ${code}: ${words}`);
    return `it exited with ${code}`;
  },
};

export const diskLow: FaultKind<EmbeddedEnvironment> = {
  name: "disk-nearly-full",
  words:
    "a small disk, which only root may mount, is filled until sends are refused; then there is room again",
  touches: ["store"],
  missing: () => (maySmallDisk() ? undefined : "the right to mount a small disk, which needs root"),
  async run({ environment, crew }) {
    const filler = join(environment.disk, "filler");
    const freeBytes = (DISK_LOW_MIB / 2) * 1024 ** 2;
    try {
      // Repeatedly, because Redis may rewrite its files and then delete the old ones.
      return await keepFull(crew.seen, FULL_MS, () => leaveFree(filler, freeBytes));
    } finally {
      rmSync(filler, { force: true });
    }
  },
};
