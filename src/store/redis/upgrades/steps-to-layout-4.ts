import { globalKeys } from "../keys.ts";
import type { UpgradeSteps } from "./upgrade.ts";

/** Each step begins with it. KEYS: `version`. A server that was suspended may send a step after the end of the upgrade. */
export const WHILE_IT_RUNS = `#!lua flags=allow-oom
if redis.call('GET', KEYS[1]) ~= '3>4' then return end`;

export const versionKey = ({ prefix }: UpgradeSteps): string => globalKeys(prefix).version;
