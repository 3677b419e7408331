import type { DeliverySettings } from "../../core/delivery-settings.ts";
import type { ConnectionOptions } from "./connection.ts";
import type { Layout } from "./storage-version.ts";

export interface RedisStoreOptions extends ConnectionOptions {
  prefix: string;
  nodeId: string;
  /** Bytes of a partition's outbox. */
  outboxMaxBytes: number;
  /** Messages with payloads of at least this size are compressed, if that makes them smaller; 0: none. */
  compressMinBytes: number;
  /** Longest wait of lease expiry after an outage, in milliseconds. */
  expiryGraceMs: number;
  /** Most queues of the deployment. */
  maxQueues: number;
  /** Reports whether a message may create this queue. Default: any. */
  mayCreate?: (queue: string) => boolean;
  /**
   * Until when the record of a queue is needed, by the store's clock. Infinity, the default: it has settings, and counts for the
   * limits.
   */
  neededUntilMs?: (record: Uint8Array) => number;
  /** Replicas that must have a send before it is answered. Default 0. */
  waitReplicas?: number;
  /** Accepts a Redis that drops keys when its memory is full. Default: it is refused at the start, and a warning later. */
  allowEviction?: boolean;
  /** Accepts a Redis Cluster, for tests of one node. Default: it is refused. */
  allowCluster?: boolean;
  /** The delivery settings of a queue now. Default: none. */
  deliverySettingsOf?: (queue: string) => DeliverySettings;
  /** Reports whether the disk of an embedded store is nearly full. */
  diskIsLow?: () => boolean;
  /** Called when sends begin to be refused because Redis' memory is nearly used, and when they are accepted again. */
  onMemoryFull?: (full: boolean) => void;
  /** Called when Redis begins to drop keys when its memory is full, with advice, and when it no longer does. */
  onEviction?: (warning: string | undefined) => void;
  /** Called when an upgrade of older data begins, or goes on, with both layouts. */
  onUpgrade?: (from: number, to: number) => void;
  /** Default: the layout of this version. */
  layout?: Layout;
  /** How often the connection of hints is pinged, in milliseconds. */
  pingMs?: number;
  /** Called when the store's clock has stepped forward, with the size of the step in milliseconds. */
  onClockStep?: (ms: number) => void;
  /** A monotonic clock, in milliseconds. Default: the process's. */
  now?: () => number;
}
