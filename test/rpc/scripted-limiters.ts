import type { LimiterAdmin, OpenBreaker } from "../../src/app/queues/limiter-admin.ts";

/** Scripted limiters that record their calls. */
export class ScriptedLimiters implements LimiterAdmin {
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
