import { LONGEST_DELAY_MS } from "./backoff.ts";
import { MINUTE_MS } from "./time-units.ts";

/** The shortest delay of a release: a worker that always releases must not spin. */
export const RELEASE_MIN_DELAY_MS = 1_000;
/** The delay grows up to this. A longer requested delay still counts. */
export const RELEASE_GROWTH_CAP_MS = 5 * MINUTE_MS;

/**
 * Returns the delay of a release. A release is not an attempt. `releases` counts consecutive
 * releases, this one included: 1 s, 2 s, 4 s, ... 5 min. A longer requested delay wins.
 */
export function releaseDelayMs(requestedMs: number, releases: number): number {
  const floorMs = Math.min(
    RELEASE_MIN_DELAY_MS * 2 ** Math.max(0, releases - 1),
    RELEASE_GROWTH_CAP_MS,
  );
  const wantedMs = Number.isNaN(requestedMs) ? 0 : requestedMs;
  return Math.min(Math.max(Math.round(wantedMs), floorMs), LONGEST_DELAY_MS);
}

/** A move to another queue that takes longer was left behind by a server that died, or by an outage. */
export const MOVE_LATE_MS = 3_000;

/**
 * After this many expired leases in a row a message gets isolated delivery: if it crashes its
 * worker, no other message is affected.
 */
export const ISOLATE_AFTER_EXPIRIES = 2;
/** After this many expired leases in a row the message is quarantined as a crash loop. */
export const CRASH_LOOP_EXPIRIES = 5;
