import { DlqError } from "../../core/errors.ts";
import type { HeldLease, Store } from "../../store/contract.ts";
import { resultOrDamage } from "../damage.ts";
import type { Session } from "./session.ts";

/**
 * Removes leases from a session's count that have ended on another server. Only leases held before
 * the question can be missing from the answer, so new claims are safe. Unknown leases are not
 * added.
 */
export async function reconcile(store: Pick<Store, "leases">, session: Session): Promise<void> {
  session.reconcileStarted();
  await Promise.all(
    [...session.heldByQueue()].map(async ([queue, before]) => {
      const live = await readLeases(store, queue, session.options.id);
      if (live instanceof DlqError) return;
      const alive = new Set(live.map((lease) => key(lease.id, lease.deliveryNumber)));
      for (const { messageId, deliveryNumber } of before) {
        if (!alive.has(key(messageId, deliveryNumber))) {
          session.release(queue, messageId, deliveryNumber);
        }
      }
    }),
  );
}

/** Returns the live leases of a session in one queue; the error if the data of the queue is damaged. */
export function readLeases(
  store: Pick<Store, "leases">,
  queue: string,
  sessionId: Uint8Array,
): Promise<HeldLease[] | DlqError> {
  return resultOrDamage(store.leases(queue, sessionId));
}

function key(messageId: Uint8Array, deliveryNumber: number): string {
  return `${Buffer.from(messageId).toString("hex")}/${deliveryNumber}`;
}
