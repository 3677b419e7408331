import type { GateAdmin, OpenBreaker } from "../../src/app/queues/gate-admin.ts";

/** Gates without a store: what a test says they are, and what was asked of them. */
export class ScriptedGates implements GateAdmin {
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
