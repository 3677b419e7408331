// Every kind of fault, by the world in which it can happen.

import type { AllowLoss } from "../checker/rollbacks.ts";
import { type EmbeddedWorld, openEmbeddedWorld } from "../rig/embedded.ts";
import { type ExternalWorld, openExternalWorld } from "../rig/external.ts";
import { openSentinelWorld, type SentinelWorld } from "../rig/sentinel.ts";
import type { World, WorldName } from "../rig/world.ts";
import {
  diskLow,
  killEmbeddedRedis,
  killServerAndRedis,
  orphanedRedis,
  secondServer,
} from "./embedded.ts";
import type { FaultKind } from "./kind.ts";
import {
  cutAnswers,
  cutReplies,
  halfOpenClients,
  halfOpenStore,
  partStore,
  resetLinks,
  slowClients,
  slowStore,
} from "./links.ts";
import {
  killBoth,
  killServer,
  killStore,
  killWorker,
  longOutage,
  rollingRestart,
  stopServer,
  stopStore,
  stopWorker,
} from "./processes.ts";
import { failover, failoverWithLag } from "./sentinel.ts";
import { flushScripts, killStoreClients, storeFull } from "./store.ts";
import { resetStorm } from "./streams.ts";

/** A world and what can go wrong in it. */
export interface Scene<W extends World = World> {
  readonly world: WorldName;
  readonly open: () => Promise<W>;
  readonly kinds: readonly FaultKind<W>[];
  /** What may be lost here, by which kinds; it is counted. Default: nothing. */
  readonly allowLoss?: AllowLoss;
}

export const EXTERNAL: Scene<ExternalWorld> = {
  world: "external",
  open: () => openExternalWorld(),
  kinds: [
    killServer,
    killStore,
    killBoth,
    stopServer,
    stopStore,
    stopWorker,
    killWorker,
    rollingRestart,
    cutReplies,
    cutAnswers,
    slowStore,
    slowClients,
    partStore,
    halfOpenStore,
    halfOpenClients,
    resetLinks,
    resetStorm,
    storeFull,
    flushScripts,
    killStoreClients,
    longOutage,
  ],
};

export const EVERYSEC: Scene<ExternalWorld> = {
  world: "everysec",
  open: () => openExternalWorld("everysec"),
  kinds: [killServer, killStore, killBoth],
  // Redis may put a write off by 2 s while it waits for the disk.
  allowLoss: { kinds: ["kill-redis", "kill-both"], withinMs: 2_500 },
};

export const EMBEDDED: Scene<EmbeddedWorld> = {
  world: "embedded",
  open: openEmbeddedWorld,
  kinds: [
    orphanedRedis,
    killEmbeddedRedis,
    killServerAndRedis,
    secondServer,
    diskLow,
    rollingRestart,
    stopServer,
    storeFull,
    resetLinks,
  ],
};

export const SENTINEL: Scene<SentinelWorld> = {
  world: "sentinel",
  open: () => openSentinelWorld(),
  kinds: [failover, failoverWithLag, cutAnswers, halfOpenClients, resetLinks],
  // A failover begins when the replica has all that was written before. Clocks are rounded.
  allowLoss: { kinds: ["failover", "failover-with-lag"], withinMs: 100 },
};

export const REPLICAS: Scene<SentinelWorld> = {
  world: "replicas",
  open: () => openSentinelWorld(1),
  kinds: [failover, failoverWithLag],
  allowLoss: { kinds: ["failover", "failover-with-lag"], withinMs: 100, keepsSends: true },
};
