import type { Store } from "../../store/contract.ts";
import type { Session } from "./session.ts";

/**
 * Corrects a session's count by the store's: leases that ended on another node, by an outcome or
 * by expiry, give their room back. Only leases held before the question was asked can be missing
 * from the answer, so one claimed meanwhile is safe. Leases that it does not know are not added.
 */
export async function reconcile(store: Pick<Store, "leases">, session: Session): Promise<void> {
  session.doubtful = false;
  await Promise.all(
    [...session.heldByQueue()].map(async ([queue, before]) => {
      const live = await store.leases(queue, session.options.id);
      const alive = new Set(live.map((lease) => key(lease.id, lease.deliveryNumber)));
      for (const { messageId, deliveryNumber } of before) {
        if (!alive.has(key(messageId, deliveryNumber))) {
          session.release(queue, messageId, deliveryNumber);
        }
      }
    }),
  );
}

function key(messageId: Uint8Array, deliveryNumber: number): string {
  return `${Buffer.from(messageId).toString("hex")}/${deliveryNumber}`;
}
