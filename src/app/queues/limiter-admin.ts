import type { Store } from "../../store/contract.ts";
import type { DecisionLog } from "../observer.ts";

export type { OpenBreaker } from "../../store/contract.ts";

/**
 * Operator actions on breakers and ordering keys. Each rejects only with a DlqError and is safe to
 * repeat.
 */
export type LimiterAdmin = Store["limiters"];

export function createLimiterAdmin(
  { limiters }: Pick<Store, "limiters">,
  log: DecisionLog,
): LimiterAdmin {
  return {
    breakers: (queue) => limiters.breakers(queue),

    async resetBreaker(queue, key) {
      const wasOpen = await limiters.resetBreaker(queue, key);
      if (wasOpen) log.info({ queue, key }, "breaker closed by hand");
      return wasOpen;
    },

    async releaseOrder(queue, orderingKey) {
      const heldBy = await limiters.releaseOrder(queue, orderingKey);
      if (heldBy !== undefined) log.info({ queue, orderingKey }, "ordering key released by hand");
      return heldBy;
    },
  };
}
