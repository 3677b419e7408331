import { DlqError } from "../../core/errors.ts";
import type { Claimed, Settled, Store } from "../../store/contract.ts";
import type { DecisionLog } from "../observer.ts";
import type { SessionRegistry } from "./session-registry.ts";

export interface GiveBackParts {
  store: Pick<Store, "settle">;
  registry: Pick<SessionRegistry, "leasesEnded">;
  log: DecisionLog;
}

const NO_REQUEST = new Uint8Array();

/** Claimed and never written to a stream: due again at once, and not counted. */
export async function giveBack(parts: GiveBackParts, claims: readonly Claimed[]): Promise<void> {
  const byQueue = Map.groupBy(claims, ({ queue }) => queue);
  await Promise.all([...byQueue].map(([queue, own]) => giveBackTo(parts, queue, own)));
}

async function giveBackTo(
  { store, registry, log }: GiveBackParts,
  queue: string,
  claims: readonly Claimed[],
): Promise<void> {
  let results: readonly Settled[];
  try {
    results = (await store.settle(queue, NO_REQUEST, claims.map(returned)))?.results ?? [];
  } catch (error) {
    // Their leases expire by themselves; the outcome will count as unknown.
    const kind = error instanceof DlqError ? error.kind : String(error);
    log.warn({ queue, messages: claims.length, error: kind }, "not given back");
    return;
  }
  claims.forEach((claim, index) => {
    // The session may already count them on a new stream.
    const sessionId = results[index]?.sessionId;
    if (sessionId !== undefined) registry.leasesEnded(sessionId, [returned(claim).token]);
  });
}

function returned(claim: Claimed) {
  const { queue, id: messageId, deliveryNumber, nonce } = claim;
  return { kind: "return" as const, token: { queue, messageId, deliveryNumber, nonce } };
}
