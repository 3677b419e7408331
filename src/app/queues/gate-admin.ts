import type { Store } from "../../store/contract.ts";
import type { DecisionLog } from "../observer.ts";

export type { OpenBreaker } from "../../store/contract.ts";

/** What holds deliveries back, by hand. Each rejects with a DlqError only, and is safe to repeat. */
export type GateAdmin = Store["gates"];

export function createGateAdmin({ gates }: Pick<Store, "gates">, log: DecisionLog): GateAdmin {
  return {
    breakers: (queue) => gates.breakers(queue),

    async resetBreaker(queue, key) {
      const wasOpen = await gates.resetBreaker(queue, key);
      if (wasOpen) log.info({ queue, key }, "breaker closed by hand");
      return wasOpen;
    },

    async releaseOrder(queue, orderingKey) {
      const heldBy = await gates.releaseOrder(queue, orderingKey);
      if (heldBy !== undefined) log.info({ queue, orderingKey }, "ordering key released by hand");
      return heldBy;
    },
  };
}
