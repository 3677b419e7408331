import { applyQuiet } from "../app/delivery/apply-quiet.ts";
import { reconcile } from "../app/delivery/reconcile.ts";
import type { Session } from "../app/delivery/session.ts";
import type { SessionRegistry } from "../app/delivery/session-registry.ts";
import type { DecisionLog } from "../app/observer.ts";
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
 * Frees room of sessions whose leases ended on another server, and makes sessions quiet that an operator has made so on another
 * one. Hints report most of it at once; reads of the store find the rest. `everyMs`: the time between two turns.
 */
export function startReconciler(
  store: Pick<Store, "leases" | "hints" | "quietSessions">,
  registry: SessionRegistry,
  log: Pick<DecisionLog, "info">,
  everyMs = EVERY_MS,
): Loop {
  store.hints.onCredit((sessionId, ended) => registry.leasesEndedElsewhere(sessionId, ended));
  store.hints.onTakeover((sessionId) => registry.get(sessionId)?.end());
  // A later turn repeats a read that fails.
  const readQuiet = async (sessions: Iterable<Session>) => {
    const changed = await applyQuiet(store, [...sessions]).catch(() => []);
    for (const { quiet, options } of changed) {
      const facts = { session: options.idText.slice(0, 8), worker: options.workerId };
      log.info(facts, quiet ? "worker is quiet" : "worker is no longer quiet");
    }
  };
  store.hints.onQuiet((sessionId) => {
    const session = registry.get(sessionId);
    if (session !== undefined) void readQuiet([session]);
  });
  store.hints.onReconnect(() => void readQuiet(registry.all()));
  let turn = 0;
  const isDue = (session: Session) =>
    turn % SELDOM_TURNS === 0
      ? session.held > 0
      : session.needsReconcile && session.held < MANY_LEASES;
  return startLoop(everyMs, async () => {
    turn++;
    if (turn % SELDOM_TURNS === 0) await readQuiet(registry.all());
    for (const session of [...registry.all()].filter(isDue)) await reconcile(store, session);
  });
}
