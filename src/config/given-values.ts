import type { ConfigError } from "./config-error.ts";
import { QUEUE_SETTINGS } from "./queue-settings.ts";
import type { Given, Setting } from "./setting.ts";
import { SETTINGS } from "./settings.ts";

/** All settings with a flag and a variable, in the order of help. */
export const ALL_SETTINGS: readonly Setting[] = [
  ...Object.values<Setting>(SETTINGS),
  ...Object.values<Setting>(QUEUE_SETTINGS),
];

/**
 * The values from one source (flags, environment, file), by setting name, and the errors in them.
 */
export interface GivenValues {
  readonly values: ReadonlyMap<string, Given>;
  readonly errors: readonly ConfigError[];
}
