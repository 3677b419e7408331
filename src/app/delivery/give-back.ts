import { DlqError } from "../../core/errors.ts";
import type { Claimed, Store } from "../../store/contract.ts";
import type { DecisionLog } from "../observer.ts";

const NO_REQUEST = new Uint8Array();

/** Claimed and never written to a stream: due again at once, and not counted. */
export async function giveBack(
  store: Pick<Store, "settle">,
  claims: readonly Claimed[],
  log: DecisionLog,
): Promise<void> {
  const byQueue = Map.groupBy(claims, ({ queue }) => queue);
  await Promise.all(
    [...byQueue].map(async ([queue, own]) => {
      try {
        await store.settle(queue, NO_REQUEST, own.map(returned));
      } catch (error) {
        // Their leases expire by themselves; the outcome will count as unknown.
        const kind = error instanceof DlqError ? error.kind : String(error);
        log.warn({ queue, messages: own.length, error: kind }, "not given back");
      }
    }),
  );
}

function returned(claim: Claimed) {
  const { queue, id: messageId, deliveryNumber, nonce } = claim;
  return { kind: "return" as const, token: { queue, messageId, deliveryNumber, nonce } };
}
