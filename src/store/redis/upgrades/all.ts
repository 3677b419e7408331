import { keyQueues } from "./key-queues.ts";
import { keysByPartition } from "./keys-by-partition.ts";
import { livesByChunk } from "./lives-by-chunk.ts";
import type { Upgrade } from "./upgrade.ts";

/** In order. An upgrade stays in this list for ever: there may be data that was not opened for long. */
export const UPGRADES: readonly Upgrade[] = [livesByChunk, keyQueues, keysByPartition];
