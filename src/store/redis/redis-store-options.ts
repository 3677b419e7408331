import type { DeliveryRules } from "../../core/delivery-rules.ts";
import type { ConnectionOptions } from "./connection.ts";
import type { Layout } from "./layout.ts";

export interface RedisStoreOptions extends ConnectionOptions {
  prefix: string;
  nodeId: string;
  /** Entries of a queue's journal; each packs up to 64 transitions. */
  journalMax: number;
  /** Messages with payloads of at least this size are stored compressed where it helps; 0: none. */
  compressMinBytes: number;
  /** Longest wait of lease expiry after an outage, in milliseconds. */
  expiryGraceMs: number;
  /** Queues that the deployment may have. */
  maxQueues: number;
  /** Whether a message may make this queue. Default: any. */
  mayCreate?: (queue: string) => boolean;
  /** Replicas that must have a send before it is answered. Default 0: none is waited for. */
  waitReplicas?: number;
  /** What holds deliveries of a queue back now. Default: nothing. */
  rulesOf?: (queue: string) => DeliveryRules;
  /** Whether the disk below an embedded store is nearly full. */
  diskIsLow?: () => boolean;
  /** Default: this version's own. */
  layout?: Layout;
  /** How often the connection of hints is asked whether it is alive, in milliseconds. */
  pingMs?: number;
  /** A monotonic clock, in milliseconds. Default: the process's. */
  now?: () => number;
}
