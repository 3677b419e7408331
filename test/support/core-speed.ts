// How slow the cores of this machine are. Limits in ms hold for a core of ordinary speed.

import { createHash } from "node:crypto";

/** What the work below takes on a core of ordinary speed, ms; an estimate. A slow machine took 50 to 90. */
const ORDINARY_MS = 30;
/** Slower cores raise the limits by up to this factor. */
const MAX_FACTOR = 4;
const TRIES = 5;

const TEXT = JSON.stringify(
  Array.from({ length: 20_000 }, (_, n) => ({ n, text: `item ${n}`, ok: n % 2 === 0 })),
);

/** Work like that of a server: reads, writes and hashes JSON, here 4 MB. */
function workMs(): number {
  const startedAtMs = performance.now();
  for (let round = 0; round < 5; round++) {
    createHash("sha256")
      .update(JSON.stringify(JSON.parse(TEXT)))
      .digest();
  }
  return performance.now() - startedAtMs;
}

/** Returns 1 for a core of ordinary speed, more for a slower one. Blocks for about 0.2 s; call it without other load. */
export function coreSlowness(): number {
  const fastestMs = Math.min(...Array.from({ length: TRIES }, workMs));
  return Math.min(MAX_FACTOR, Math.max(1, fastestMs / ORDINARY_MS));
}
