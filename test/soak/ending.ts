// Judges the end of a soak, after all messages have ended.

import type { Verdict } from "./judge.ts";
import type { Ending } from "./soak.ts";

const MIB = 2 ** 20;
/** Share of Redis' memory that its figures for keys and overhead may leave out, for example by rounding. */
const UNACCOUNTED_SHARE = 0.1;
/** Share of the lateness measurements that may fail, because the machine is busy. */
const FAILED_SHARE = 0.05;
const UNACCOUNTED_BYTES = 4 * MIB;

export function judgeEnding(ending: Ending): Verdict[] {
  const { totals, accepted, succeeded, lateness, redisUsedBytes: used } = ending;
  const known = ending.redisDataBytes + ending.redisOverheadBytes + ending.redisAnswersBytes;
  const most = used * UNACCOUNTED_SHARE + UNACCOUNTED_BYTES;
  return [
    atMost(
      "lateness, failed measurements",
      "",
      lateness.failures,
      Math.ceil(lateness.measurements * FAILED_SHARE),
      lateness.lastError,
    ),
    atMost("sends dropped", "", totals.dropped, 0),
    atMost("sends held back", "", totals.heldBack, 0),
    atMost("worker's errors", "", totals.errors, 0, totals.lastError),
    atMost("sent, not accepted", "", Math.abs(totals.sent - accepted), 0),
    atMost("accepted, not succeeded", "", Math.abs(accepted - succeeded), 0),
    atMost("Redis memory, unaccounted", "MiB", Math.max(0, used - known) / MIB, most / MIB),
  ];
}

/** Returns the parts of the load that did not happen, so the run proves less. */
export function missingParts({ totals }: Ending, minutes: number): string[] {
  const parts = ["failed", "released", "quarantined", "retried", "lost"] as const;
  const missing: string[] = parts.filter((part) => totals[part] === 0);
  // Connections end every 20 s.
  return minutes >= 1 && totals.streams < 2 ? [...missing, "reconnected"] : missing;
}

function atMost(figure: string, unit: string, end: number, allowed: number, why = ""): Verdict {
  const wrong = end <= allowed ? undefined : why === "" ? "too much" : `too much: ${why}`;
  return { figure, unit, start: 0, end, allowed, wrong };
}
