import { LONGEST_DELAY_MS } from "./backoff.ts";

/**
 * When a message expires, as a delay from its arrival. 0: never.
 *
 * The time to live runs from the arrival. A message whose due time lies at or beyond that end
 * would expire before its first try, so it then runs from the due time.
 */
export function expireDelayMs(ttlMs: number, dueDelayMs: number): number {
  if (!(ttlMs > 0)) return 0;
  const delayMs = dueDelayMs >= ttlMs ? dueDelayMs + ttlMs : ttlMs;
  return Math.min(Math.round(delayMs), 2 * LONGEST_DELAY_MS);
}

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

/** Leases expired in a row after which the message is delivered with nothing else in flight. */
export const ISOLATE_AFTER_EXPIRIES = 2;
/** Leases expired in a row after which the message is quarantined as a crash loop. */
export const CRASH_LOOP_EXPIRIES = 5;

/**
 * After a lease expired. `expiries` counts them in a row, this one included. Isolation comes
 * first so that a message which crashes its worker does not take its neighbours along, and so
 * that the crash loop convicts the right one.
 */
export function expiryVerdict(expiries: number): "redeliver" | "isolate" | "crash_loop" {
  if (expiries >= CRASH_LOOP_EXPIRIES) return "crash_loop";
  return expiries >= ISOLATE_AFTER_EXPIRIES ? "isolate" : "redeliver";
}
