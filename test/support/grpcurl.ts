// The program grpcurl: the tests' example of a client that is not ours.

import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { resolve } from "node:path";

const INSTALLED = resolve(import.meta.dirname, "../../.runtime/bin/grpcurl");
const DEADLINE_MS = 120_000;

/** DLQ_GRPCURL, else the one that `npm test` has set up. */
export function findGrpcurl(): string {
  const grpcurl = process.env.DLQ_GRPCURL ?? INSTALLED;
  if (!existsSync(grpcurl)) {
    throw new Error(`no grpcurl at ${grpcurl}: run \`npm test\` once, or set DLQ_GRPCURL to one`);
  }
  return grpcurl;
}

/** Never rejects: `code` is the exit code, `out` both outputs. */
export function grpcurl(...args: string[]): Promise<{ code: number; out: string }> {
  return new Promise((done) => {
    execFile(findGrpcurl(), args, { timeout: DEADLINE_MS }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === "number" ? error.code : -1;
      done({ code, out: stdout + stderr });
    });
  });
}
