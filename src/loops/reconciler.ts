import { reconcile } from "../app/delivery/reconcile.ts";
import type { Session } from "../app/delivery/session.ts";
import type { SessionRegistry } from "../app/delivery/session-registry.ts";
import type { Store } from "../store/contract.ts";
import { type Loop, startLoop } from "./interval.ts";

const EVERY_MS = 1_000;
/**
 * Sessions with many leases are costly to count, and active ones are rarely wrong. They are
 * reconciled every SELDOM_TURNS turns.
 */
const SELDOM_TURNS = 10;
const MANY_LEASES = 1_000;

/**
 * Frees room of sessions whose leases ended on another server. Hints report most of them at once;
 * the store's count finds the rest.
 */
export function startReconciler(
  store: Pick<Store, "leases" | "hints">,
  registry: SessionRegistry,
): Loop {
  store.hints.onCredit((sessionId, ended) => registry.leasesEndedElsewhere(sessionId, ended));
  store.hints.onTakeover((sessionId) => registry.get(sessionId)?.end());
  let turn = 0;
  const isDue = (session: Session) =>
    turn % SELDOM_TURNS === 0
      ? session.held > 0
      : session.needsReconcile && session.held < MANY_LEASES;
  return startLoop(EVERY_MS, async () => {
    turn++;
    for (const session of [...registry.all()].filter(isDue)) await reconcile(store, session);
  });
}
