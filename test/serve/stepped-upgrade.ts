// A server that upgrades data of layout 3 and is killed before a step that the test chooses.

import type { Redis } from "ioredis";
import { expect } from "vitest";
import { queuesBeforePartitions } from "../../src/store/redis/upgrades/keys-by-partition.ts";
import { childrenOf } from "../bench/meter.ts";
import type { TestRedis } from "../support/redis.ts";
import { startTestServer, type TestServer } from "../support/server.ts";
import { type Command, openStepLink } from "../support/step-link.ts";

export const PREFIX = "dlq";

const isScript = (part: RegExp) => (words: Command) =>
  words[0] === "eval" && part.test(words[1] ?? "");

/** The steps of the upgrade, by what only their commands have. */
export const STEPS = {
  announcement: isScript(/'PX', ARGV/),
  "begin in the version": (words: Command) => words.at(-1) === "3>4",
  "page of keys": (words: Command) => words[0] === "scan",
  "list of queues": isScript(/'ZADD', ARGV\[1\], 0/),
  renaming: isScript(/'RENAMENX'/),
  "removal of the old list": (words: Command) => words.at(-1) === queuesBeforePartitions(PREFIX),
  "end in the version": (words: Command) => words.at(-2) === "3>4" && words.at(-1) === "4",
  "end of the announcement": isScript(/'DEL', KEYS\[1\]\)/),
} as const;

export type Step = keyof typeof STEPS;

export interface SteppedUpgrade {
  /** The only child of this process besides the server. */
  readonly machine: TestRedis;
  readonly redis: Redis;
  /** It is killed before the nth such step, which Redis never gets. Default: never. */
  readonly killed?: { readonly before: Step; readonly n: number };
  /** Called when the upgrade is done and the server has not used the data. */
  atEnd(): Promise<void>;
  whenServing(server: TestServer): Promise<void>;
}

export async function runUpgrade(upgrade: SteppedUpgrade): Promise<"killed" | "finished"> {
  const { machine, redis, killed, atEnd, whenServing } = upgrade;
  let left = killed?.n ?? 0;
  let failed: unknown;
  const link = await openStepLink(machine.socketPath, async (words) => {
    if (STEPS["end of the announcement"](words)) {
      await atEnd().catch((error: unknown) => {
        failed = error;
      });
    }
    if (killed === undefined || !STEPS[killed.before](words) || --left !== 0) return;
    for (const pid of childrenOf(process.pid)) {
      if (pid !== machine.pid) process.kill(pid, "SIGKILL");
    }
    return new Promise(() => {});
  });
  try {
    const env = { DLQ_REDIS_TIMEOUT: "60s" };
    const server = await startTestServer({ redisUrl: link.url, env }).catch((error: unknown) => {
      if (killed === undefined || left > 0) throw error;
      expect(String(error)).toMatch(/ended at its start with SIGKILL/);
    });
    if (failed !== undefined) throw failed;
    if (server === undefined) {
      await redis.pexpire(`${PREFIX}:upgrade`, 1); // as after ten seconds
      return "killed";
    }
    try {
      await whenServing(server);
    } finally {
      await server.stop();
    }
    return "finished";
  } finally {
    await link.close();
  }
}
