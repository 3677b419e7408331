import type { Bodies } from "./bodies.ts";
import type { GroupDescriptions } from "./group-descriptions.ts";
import type { Replication } from "./replication.ts";
import type { RunScript } from "./script-runner.ts";

/** What the verbs of the store share. */
export interface StoreContext {
  readonly run: RunScript;
  readonly bodies: Bodies;
  readonly groupDescriptions: GroupDescriptions;
  /** Bytes of a partition's outbox. */
  readonly outboxMaxBytes: number;
  /** The delivery settings of a queue now, packed. */
  deliverySettingsOf(queue: string): Uint8Array;
  /** When Redis last restarted or failed over, so that it may lack writes from before; 0: never. */
  historyChangedAtMs(): number;
  /** Undefined: sends are answered without waiting for replicas. */
  readonly replication: Pick<Replication, "confirm"> | undefined;
}
