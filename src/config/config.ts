import type { QueueSettings } from "../core/settings.ts";
import type { QueueLayer } from "./queue-layer.ts";
import type { ServerSettings } from "./settings.ts";
import type { Source } from "./source.ts";

/** The checked configuration in force. Immutable. */
export interface Config extends ServerSettings {
  /** Warnings about risky settings, logged at the start. */
  readonly warnings: readonly string[];
  /** Queues in the file. Others use the deployment's settings. */
  readonly configuredQueues: readonly string[];
  /** Returns the settings of any queue: its own over the deployment's over the defaults. */
  queueSettings(queue: string): QueueSettings;
}

/** Where each value came from, for `dlq-server config`. */
export interface Origins {
  /** By setting name. Absent: the default. */
  readonly settings: ReadonlyMap<string, Source>;
  readonly defaults: QueueLayer;
  /** The resolved `defaults`: the settings of queues that the file does not name. */
  readonly deployment: QueueSettings;
  readonly queues: ReadonlyMap<string, QueueLayer>;
}
