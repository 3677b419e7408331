import { timestampMs } from "@bufbuild/protobuf/wkt";
import { durationText } from "../output/times.ts";
import type { Run } from "../run.ts";
import type { Finding } from "./finding.ts";

/** More is shown as a warning: ages in tables are wrong by this. */
const WARN_MS = 2_000;

/** Compares the store's clock with that of this machine. */
export async function clockFindings(run: Run): Promise<Finding[]> {
  const beforeMs = Date.now();
  const { storeTime } = await run.dlq.stats({ queues: ["doctor"] }, run.call);
  const afterMs = Date.now();
  if (storeTime === undefined) return [];
  // The store read its clock between the two.
  const offMs = clockDifferenceMs(timestampMs(storeTime), beforeMs, afterMs);
  if (Math.abs(offMs) < WARN_MS) {
    return [
      {
        level: "ok",
        check: "clock",
        what: "the clocks of the store and of this machine agree",
        advice: "",
      },
    ];
  }
  const direction = offMs > 0 ? "ahead of" : "behind";
  return [
    {
      level: "warning",
      check: "clock",
      what: `the store's clock is ${durationText(Math.abs(offMs))} ${direction} this machine's`,
      advice:
        "set up time synchronization on both; the ages that this program shows are wrong by this",
    },
  ];
}

/** Returns by how much the store is ahead; 0 if its time lies within the call. */
export function clockDifferenceMs(storeMs: number, beforeMs: number, afterMs: number): number {
  if (storeMs < beforeMs) return storeMs - beforeMs;
  return storeMs > afterMs ? storeMs - afterMs : 0;
}
