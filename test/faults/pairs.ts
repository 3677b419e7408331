import type { FaultKind } from "./kinds/kind.ts";
import type { Environment } from "./rig/environment.ts";

/**
 * Pairs of kinds that affect the same part but different state of it: each of the first list may meet each of the second.
 * Neither ends, undoes or fails the other.
 */
export const INDEPENDENT: readonly (readonly [readonly string[], readonly string[]])[] = [
  // resets keep no state, and replies are cut by a separate counter
  [["connection-resets"], ["cut-answers", "slow-client-links", "half-open-client-links"]],
  [["cut-answers"], ["slow-client-links", "half-open-client-links"]],
  [["cut-replies"], ["slow-store-link", "parted-from-store", "half-open-store-links"]],
  // calls to the store wait for it, and settings survive a restart
  [
    ["stop-redis", "kill-redis", "kill-embedded-redis"],
    ["redis-full", "script-flush", "client-kill"],
  ],
  [["redis-full"], ["script-flush", "client-kill"]],
  [["script-flush"], ["client-kill"]],
  // an outage affects servers only because none can start; a stopped server continues by itself
  [["long-outage"], ["stop-server"]],
];

/** Reports whether two kinds may happen at the same time. */
export function mayMeet<W extends Environment>(a: FaultKind<W>, b: FaultKind<W>): boolean {
  if (a.name === b.name) return false;
  if (!a.touches.some((part) => b.touches.includes(part))) return true;
  return INDEPENDENT.some(
    ([some, others]) =>
      (some.includes(a.name) && others.includes(b.name)) ||
      (some.includes(b.name) && others.includes(a.name)),
  );
}
