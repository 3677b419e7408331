import type { OpenBreaker, Store } from "../../store/contract.ts";
import type { Caller } from "../commands.ts";
import type { DecisionLog } from "../observer.ts";

export type { OpenBreaker } from "../../store/contract.ts";

/**
 * Operator actions on breakers and ordering keys. Each rejects only with a DlqError and is safe to
 * repeat.
 */
export interface DeliveryBlockAdmin {
  breakers(queue: string): Promise<readonly OpenBreaker[]>;
  /** Returns whether the breaker was open. */
  resetBreaker(reset: { queue: string; key: string; caller?: Caller }): Promise<boolean>;
  /** Returns the message that held the key; undefined if none did. */
  releaseOrder(release: {
    queue: string;
    orderingKey: string;
    caller?: Caller;
  }): Promise<Uint8Array | undefined>;
}

export function createDeliveryBlockAdmin(
  { deliveryBlocks }: Pick<Store, "deliveryBlocks">,
  log: DecisionLog,
): DeliveryBlockAdmin {
  return {
    breakers: (queue) => deliveryBlocks.breakers(queue),

    async resetBreaker({ queue, key, caller }) {
      const wasOpen = await deliveryBlocks.resetBreaker(queue, key);
      if (wasOpen) log.info({ queue, key, caller }, "breaker closed by hand");
      return wasOpen;
    },

    async releaseOrder({ queue, orderingKey, caller }) {
      const heldBy = await deliveryBlocks.releaseOrder(queue, orderingKey);
      if (heldBy !== undefined) {
        log.info({ queue, orderingKey, caller }, "ordering key released by hand");
      }
      return heldBy;
    },
  };
}
