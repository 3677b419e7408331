import { reconcile } from "../app/delivery/reconcile.ts";
import type { SessionRegistry } from "../app/delivery/session-registry.ts";
import type { Store } from "../store/contract.ts";
import { type Loop, startLoop } from "./interval.ts";

const EVERY_MS = 1_000;

/**
 * Gives streams the room back that they have gained elsewhere: leases that ended on another node.
 * Only full streams are asked about; a hint makes it sooner than the next turn.
 */
export function startReconciler(
  store: Pick<Store, "leases" | "hints">,
  registry: SessionRegistry,
): Loop {
  store.hints.onCredit((sessionId) => {
    const session = registry.get(sessionId);
    if (session?.full) reconcile(store, session).catch(() => {});
  });
  store.hints.onTakeover((sessionId) => registry.get(sessionId)?.end());
  return startLoop(EVERY_MS, async () => {
    const full = [...registry.all()].filter((session) => session.full);
    await Promise.all(full.map((session) => reconcile(store, session)));
  });
}
