import type { Store } from "../../store/contract.ts";
import type { DecisionLog } from "../observer.ts";

export type { OpenBreaker } from "../../store/contract.ts";

/**
 * Operator actions on breakers and ordering keys. Each rejects only with a DlqError and is safe to
 * repeat.
 */
export type DeliveryBlockAdmin = Store["deliveryBlocks"];

export function createDeliveryBlockAdmin(
  { deliveryBlocks }: Pick<Store, "deliveryBlocks">,
  log: DecisionLog,
): DeliveryBlockAdmin {
  return {
    breakers: (queue) => deliveryBlocks.breakers(queue),

    async resetBreaker(queue, key) {
      const wasOpen = await deliveryBlocks.resetBreaker(queue, key);
      if (wasOpen) log.info({ queue, key }, "breaker closed by hand");
      return wasOpen;
    },

    async releaseOrder(queue, orderingKey) {
      const heldBy = await deliveryBlocks.releaseOrder(queue, orderingKey);
      if (heldBy !== undefined) log.info({ queue, orderingKey }, "ordering key released by hand");
      return heldBy;
    },
  };
}
