import { reconcile } from "../app/delivery/reconcile.ts";
import type { Session } from "../app/delivery/session.ts";
import type { SessionRegistry } from "../app/delivery/session-registry.ts";
import type { Store } from "../store/contract.ts";
import { type Loop, startLoop } from "./interval.ts";

const EVERY_MS = 1_000;
/** A session of many leases costs the store some work to count, one that still moves is less
 * likely to be wrong: these are looked at in every so many turns. */
const SELDOM_TURNS = 10;
const MANY_LEASES = 1_000;

/**
 * Gives streams the room back that they have gained elsewhere: leases that ended on another node.
 * Hints tell of most of them at once; the store's own account tells of the rest.
 */
export function startReconciler(
  store: Pick<Store, "leases" | "hints">,
  registry: SessionRegistry,
): Loop {
  store.hints.onCredit((sessionId, ended) => registry.hearEnded(sessionId, ended));
  store.hints.onTakeover((sessionId) => registry.get(sessionId)?.end());
  let turn = 0;
  const isDue = (session: Session) =>
    turn % SELDOM_TURNS === 0 ? session.held > 0 : session.stuck && session.held < MANY_LEASES;
  return startLoop(EVERY_MS, async () => {
    turn++;
    for (const session of [...registry.all()].filter(isDue)) await reconcile(store, session);
  });
}
