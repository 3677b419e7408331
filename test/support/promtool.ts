// The program promtool, of Prometheus.

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { resolve } from "node:path";

const INSTALLED = resolve(import.meta.dirname, "../../.runtime/bin/promtool");

/** Runs DLQ_PROMTOOL, else the one that `npm test` has set up. */
export function promtool(args: readonly string[], input = ""): { ok: boolean; output: string } {
  const program = process.env.DLQ_PROMTOOL ?? INSTALLED;
  if (!existsSync(program)) {
    throw new Error(`no promtool at ${program}: run \`npm test\` once, or set DLQ_PROMTOOL to one`);
  }
  const { status, stdout, stderr } = spawnSync(program, args, { input, encoding: "utf8" });
  return { ok: status === 0, output: stdout + stderr };
}
