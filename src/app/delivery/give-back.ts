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

/**
 * Returns messages that were claimed but never written to a stream. They are due at once, and the
 * delivery is not counted.
 */
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
    // Their leases expire; the outcome then counts as unknown.
    const kind = error instanceof DlqError ? error.kind : String(error);
    log.warn(
      { queue, messages: claims.length, error: kind },
      "returning undelivered messages failed; their leases will expire",
    );
    return;
  }
  claims.forEach((claim, index) => {
    // A new stream of the session may already count them.
    const sessionId = results[index]?.sessionId;
    if (sessionId !== undefined) registry.leasesEnded(sessionId, [returned(claim).token]);
  });
}

function returned(claim: Claimed) {
  const { queue, id: messageId, deliveryNumber, nonce } = claim;
  return { kind: "return" as const, token: { queue, messageId, deliveryNumber, nonce } };
}
