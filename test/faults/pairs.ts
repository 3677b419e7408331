import type { FaultKind } from "./kinds/kind.ts";
import type { Environment } from "./rig/environment.ts";

/**
 * Kinds that touch the same part, each of the first beside each of the second, and yet only their own
 * state of it: none ends or undoes what the other has begun, and none fails because of it.
 */
export const INDEPENDENT: readonly (readonly [readonly string[], readonly string[]])[] = [
  // resets hold nothing; replies are cut by a count of their own, beside a link's faults
  [["connection-resets"], ["cut-answers", "slow-client-links", "half-open-client-links"]],
  [["cut-answers"], ["slow-client-links", "half-open-client-links"]],
  [["cut-replies"], ["slow-store-link", "parted-from-store", "half-open-store-links"]],
  // what is done through a connection to the store waits for it; a restart brings settings back
  [
    ["stop-redis", "kill-redis", "kill-embedded-redis"],
    ["redis-full", "script-flush", "client-kill"],
  ],
  [["redis-full"], ["script-flush", "client-kill"]],
  [["script-flush"], ["client-kill"]],
  // it touches servers since none can start meanwhile; one that hangs goes on by itself
  [["long-outage"], ["stop-server"]],
];

/** Whether two faults may be there at the same time. */
export function mayMeet<W extends Environment>(a: FaultKind<W>, b: FaultKind<W>): boolean {
  if (a.name === b.name) return false;
  if (!a.touches.some((part) => b.touches.includes(part))) return true;
  return INDEPENDENT.some(
    ([some, others]) =>
      (some.includes(a.name) && others.includes(b.name)) ||
      (some.includes(b.name) && others.includes(a.name)),
  );
}
