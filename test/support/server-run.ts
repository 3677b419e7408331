// A run of `dlq-server serve` that ends by itself.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { text } from "node:stream/consumers";
import { findRedisServer } from "./redis.ts";

const ENTRY = resolve(import.meta.dirname, "../../src/main.mjs");

export interface ServerRun {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Resolves when it has ended. `node` is the program that runs it. */
export async function runServer(
  args: readonly string[],
  { node = process.execPath }: { readonly node?: string } = {},
): Promise<ServerRun> {
  const child = spawn(node, [ENTRY, "serve", ...args], {
    env: { PATH: process.env.PATH, DLQ_REDIS_SERVER: findRedisServer(), DLQ_LOG_FORMAT: "json" },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: 60_000,
  });
  const closed = once(child, "close");
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const [code] = await closed;
  return { code, stdout, stderr };
}
