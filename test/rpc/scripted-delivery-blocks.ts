import type { DeliveryBlockAdmin, OpenBreaker } from "../../src/app/queues/delivery-block-admin.ts";

/** A scripted DeliveryBlockAdmin that records its calls. */
export class ScriptedDeliveryBlocks implements DeliveryBlockAdmin {
  open: OpenBreaker[] = [];
  heldBy: Uint8Array | undefined;
  readonly asked: object[] = [];

  async breakers(queue: string) {
    this.asked.push({ queue, key: "" });
    return this.open;
  }

  async resetBreaker(reset: Parameters<DeliveryBlockAdmin["resetBreaker"]>[0]) {
    this.asked.push(reset);
    return this.open.some((one) => one.key === reset.key);
  }

  async releaseOrder(release: Parameters<DeliveryBlockAdmin["releaseOrder"]>[0]) {
    this.asked.push(release);
    return this.heldBy;
  }
}
