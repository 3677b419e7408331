import type { QueueSettings } from "../core/settings.ts";
import type { QueueLayer } from "./queue-layer.ts";
import type { ServerSettings } from "./settings.ts";
import type { Source } from "./source.ts";

/** What is in force, checked and typed. Immutable. */
export interface Config extends ServerSettings {
  /** What is allowed but probably not meant; to be logged once at the start. */
  readonly warnings: readonly string[];
  /** Queues that the file names; others exist with the deployment's settings. */
  readonly configuredQueues: readonly string[];
  /** A queue's own settings over the deployment's over the defaults. Any name is answered. */
  queueSettings(queue: string): QueueSettings;
}

/** Where it all came from: for `dlq config`. */
export interface Origins {
  /** By setting name; absent: the default. */
  readonly settings: ReadonlyMap<string, Source>;
  readonly defaults: QueueLayer;
  /** `defaults` resolved: what a queue gets that the file does not name. */
  readonly deployment: QueueSettings;
  readonly queues: ReadonlyMap<string, QueueLayer>;
}
