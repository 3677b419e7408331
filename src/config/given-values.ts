import type { ConfigError } from "./config-error.ts";
import { QUEUE_SETTINGS } from "./queue-settings.ts";
import type { Given, Setting } from "./setting.ts";
import { SETTINGS } from "./settings.ts";

/** Every row that has a flag and a variable, in the order of help. */
export const ALL_SETTINGS: readonly Setting[] = [
  ...Object.values<Setting>(SETTINGS),
  ...Object.values<Setting>(QUEUE_SETTINGS),
];

/** What one place (flags, environment, file) gave, by the setting's name, and what was wrong. */
export interface GivenValues {
  readonly values: ReadonlyMap<string, Given>;
  readonly errors: readonly ConfigError[];
}
