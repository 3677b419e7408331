import { QUARANTINE_REASONS } from "../../src/core/reason.ts";
import type { QueueDump } from "../support/store-dump.ts";

/** All kinds of changes in the outbox. */
const KINDS = [
  ...["sent", "joined", "claimed", "succeeded", "failed", "released", "returned"],
  ...["expired_lease", "quarantined", "discarded", "expired_ttl", "retried", "undeleted"],
  ...["expired_retention", "breaker_opened", "breaker_half_opened", "breaker_closed"],
  ...["order_released"],
];

/** The kinds of records that runs have reached: the model proves nothing about others. */
export class Reached {
  readonly #kinds = new Set<string>();
  readonly #quarantines = new Set<number>();

  add({ changes }: QueueDump): void {
    for (const { kind, quarantineReason } of changes) {
      this.#kinds.add(kind);
      this.#quarantines.add(quarantineReason);
    }
  }

  get missing(): string[] {
    // There are no routing rules in the model.
    const reasons = Object.entries(QUARANTINE_REASONS).filter(([name]) => name !== "RULE");
    return [
      ...KINDS.filter((kind) => !this.#kinds.has(kind)),
      ...reasons.filter(([, n]) => !this.#quarantines.has(n)).map(([name]) => name),
    ];
  }
}
