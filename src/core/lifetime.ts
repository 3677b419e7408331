import { LONGEST_DELAY_MS } from "./backoff.ts";

/** No released message comes back sooner: a worker that always releases must not spin. */
export const RELEASE_MIN_DELAY_MS = 1_000;
/** Where the growth stops; a longer requested delay still counts. */
export const RELEASE_GROWTH_CAP_MS = 5 * 60_000;

/**
 * The delay of a release, which costs no attempt. `releases` counts consecutive releases, this one
 * included: 1 s, 2 s, 4 s, ... 5 min. The requested delay wins where it is longer.
 */
export function releaseDelayMs(requestedMs: number, releases: number): number {
  const floorMs = Math.min(
    RELEASE_MIN_DELAY_MS * 2 ** Math.max(0, releases - 1),
    RELEASE_GROWTH_CAP_MS,
  );
  const wantedMs = Number.isNaN(requestedMs) ? 0 : requestedMs;
  return Math.min(Math.max(Math.round(wantedMs), floorMs), LONGEST_DELAY_MS);
}

/**
 * Leases expired in a row after which the message is delivered with nothing else in flight, so
 * that one which crashes its worker does not take its neighbours along.
 */
export const ISOLATE_AFTER_EXPIRIES = 2;
/** Leases expired in a row after which the message is quarantined as a crash loop. */
export const CRASH_LOOP_EXPIRIES = 5;
