import type { DeliveryBlockAdmin, OpenBreaker } from "../../src/app/queues/delivery-block-admin.ts";

/** A scripted DeliveryBlockAdmin that records its calls. */
export class ScriptedDeliveryBlocks implements DeliveryBlockAdmin {
  open: OpenBreaker[] = [];
  heldBy: Uint8Array | undefined;
  readonly asked: { queue: string; key: string }[] = [];

  async breakers(queue: string) {
    this.asked.push({ queue, key: "" });
    return this.open;
  }

  async resetBreaker(queue: string, key: string) {
    this.asked.push({ queue, key });
    return this.open.some((one) => one.key === key);
  }

  async releaseOrder(queue: string, key: string) {
    this.asked.push({ queue, key });
    return this.heldBy;
  }
}
