import { keyQueues } from "./key-queues.ts";
import { livesByChunk } from "./lives-by-chunk.ts";
import type { Upgrade } from "./upgrade.ts";

/** In order. What is here stays, for data that has not been opened for long. */
export const UPGRADES: readonly Upgrade[] = [livesByChunk, keyQueues];
